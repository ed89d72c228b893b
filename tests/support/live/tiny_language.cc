#include "support/live/tiny_language.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace dormouse {
namespace {

// Columns as the training asks for; 30 rows a language come from recombining their halves.
constexpr const char* kEnglish[] = {"the museum opens at nine",   "which train goes to the harbour",
                                    "my sister likes the sea",    "we would like to book a table",
                                    "there is snow on the hills", "what is the weather like today"};
constexpr const char* kGerman[] = {"das Museum öffnet um neun",    "welcher Zug fährt zum Hafen",
                                   "meine Schwester mag das Meer", "wir möchten einen Tisch bestellen",
                                   "auf den Bergen liegt Schnee",  "wie wird heute das Wetter"};
constexpr const char* kSpanish[] = {"el museo abre a las nueve",    "qué tren va al puerto",
                                    "a mi hermana le gusta el mar", "queremos reservar una mesa",
                                    "hay nieve en las montañas",    "qué tiempo hace hoy"};

template <size_t N>
void write_rows(std::ofstream& file, const char* code, const char* const (&sentences)[N]) {
  for (const char* first : sentences)
    for (const char* second : sentences)
      if (first != second) file << code << "\t" << first << ", " << second << "\n";
}

Value train_input(const std::string& data, const std::string& output) {
  ValueWriter writer;
  writer.map_begin();
  writer.key("data");
  writer.list_begin();
  writer.string(data);
  writer.list_end();
  writer.key("output");
  writer.string(output);
  writer.map_end();
  return *writer.finish();
}

}  // namespace

void train_tiny_language(LiveRegistry& host, const Component& component) {
  const std::string data = host.state / "rows.tsv";
  {
    std::ofstream file(data);
    file << "lang\ttext\n";
    write_rows(file, "eng", kEnglish);
    write_rows(file, "deu", kGerman);
    write_rows(file, "spa", kSpanish);
  }
  const std::string folder = model_folder(host.state.path(), component.name());
  std::filesystem::create_directories(folder);
  OfflineRun run;
  run.spec = component.spec();
  run.method = "train";
  run.input = train_input(data, folder + "/tiny");
  const Result<Value> report = host.registry->run_offline(std::move(run));
  if (!report.ok()) throw std::runtime_error(report.status().to_string());
  std::filesystem::create_symlink("tiny", folder + "/current");
}

}  // namespace dormouse
