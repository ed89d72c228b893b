#include "training_rows.h"

#include <fstream>

#include "trainer.h"

namespace dormouse::language {

const std::vector<std::pair<std::string, std::string>>& training_rows() {
  static const std::vector<std::pair<std::string, std::string>> rows = {
      {"eng_Latn", "The small animal sleeps through the winter in the old tree."},
      {"eng_Latn", "When there is something to eat it wakes and looks around."},
      {"eng_Latn", "Nobody knows what the weather will be like tomorrow morning."},
      {"eng_Latn", "They were talking about the house which they had bought."},
      {"eng_Latn", "This is the shortest way through the wood and down the hill."},
      {"eng_Latn", "Would you like something to drink with your dinner?"},
      {"deu_Latn", "Das kleine Tier schläft den Winter über in dem alten Baum."},
      {"deu_Latn", "Wenn es etwas zu fressen gibt, wacht es auf und schaut sich um."},
      {"deu_Latn", "Niemand weiß, wie das Wetter morgen früh sein wird."},
      {"deu_Latn", "Sie sprachen über das Haus, das sie gekauft hatten."},
      {"deu_Latn", "Das ist der kürzeste Weg durch den Wald und den Hügel hinunter."},
      {"deu_Latn", "Möchten Sie etwas zu Ihrem Abendessen trinken?"},
      {"fra_Latn", "Le petit animal dort tout l'hiver dans le vieil arbre."},
      {"fra_Latn", "Quand il y a quelque chose à manger, il se réveille et regarde autour de lui."},
      {"fra_Latn", "Personne ne sait quel temps il fera demain matin."},
      {"fra_Latn", "Ils parlaient de la maison qu'ils avaient achetée."},
      {"fra_Latn", "C'est le chemin le plus court à travers la forêt."},
      {"fra_Latn", "Voulez-vous boire quelque chose avec votre dîner ?"},
      {"rus_Cyrl", "Маленький зверёк всю зиму спит в старом дереве."},
      {"rus_Cyrl", "Когда есть что поесть, он просыпается и смотрит вокруг."},
      {"rus_Cyrl", "Никто не знает, какая погода будет завтра утром."},
      {"bul_Cyrl", "Малкото животно спи цяла зима в старото дърво."},
      {"bul_Cyrl", "Когато има нещо за ядене, то се събужда и се оглежда."},
      {"bul_Cyrl", "Никой не знае какво ще бъде времето утре сутринта."},
      {"ell", "Το μικρό ζώο κοιμάται όλο τον χειμώνα στο παλιό δέντρο."},
      {"ell", "Κανείς δεν ξέρει τι καιρό θα κάνει αύριο το πρωί."},
      {"jpn_Jpan", "小さな動物は冬の間ずっと古い木の中で眠っている。"},
      {"jpn_Jpan", "明日の朝の天気がどうなるかは誰にも分からない。"},
      {"zho_Hans", "小动物整个冬天都睡在老树里。"},
      {"zho_Hans", "没有人知道明天早上的天气会怎么样。"},
      {"zho_Hant", "小動物整個冬天都睡在老樹裡。"},
      {"zho_Hant", "沒有人知道明天早上的天氣會怎麼樣。"},
  };
  return rows;
}

std::string training_tsv() {
  std::string tsv = "lang\ttext\n";
  for (const auto& [label, text] : training_rows()) tsv += label + "\t" + text + "\n";
  return tsv;
}

std::string write_text(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

Model small_model(const std::string& folder) {
  const std::string rows = write_text(folder + "/rows.tsv", training_tsv());
  train({rows}, folder + "/model", {}, [](double, const char*) {});
  return Model::open(folder + "/model");
}

}  // namespace dormouse::language
