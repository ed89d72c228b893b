#include "documents.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#include "dormouse/value.hpp"
#include "nlu/mapped_file.h"
#include "support/temp_folder.h"

namespace dormouse::text_search {
namespace {

const CheckCancelled kGoOn = [] {};

Document document(const std::string& id, const std::string& text, const std::string& title = "") {
  return {{true, 0, id}, title, text, {}};
}

class Fixture {
 public:
  Fixture() { open(); }
  void open(TokenOptions tokens = {}) {
    documents.reset();
    DocumentsOptions options;
    options.tokens = tokens;
    options.sync = false;
    options.warn = [this](const std::string& line) { warnings.push_back(line); };
    documents = std::make_unique<Documents>(folder.path(), options, kGoOn);
  }
  AddResult add(const std::vector<Document>& added, const std::string& name = "default") {
    return documents->add(name, added, kGoOn);
  }
  std::vector<std::string> ids(const std::string& question, const Selection& among = {}) const {
    std::vector<std::string> out;
    for (const Hit& hit : hits(question, among)) out.push_back(hit.document.id.text);
    return out;
  }
  std::vector<Hit> hits(const std::string& question, const Selection& among = {}) const {
    Question asked;
    asked.text = question;
    asked.among = among;
    return documents->search("default", asked, kGoOn);
  }
  size_t remove(const std::string& id) {
    Selection selection;
    selection.ids = {{true, 0, id}};
    return documents->remove("default", selection, kGoOn);
  }

  TempFolder folder;
  search::StoreLibrary library;
  std::vector<std::string> warnings;
  std::unique_ptr<Documents> documents;
};

using Ids = std::vector<std::string>;

void fill(Fixture& fixture) {
  fixture.add({document("rain", "It rains in Bergen and the rain is cold", "Weather"),
               document("sun", "The sun shines in Cairo", "Weather"),
               document("cook", "Boil the pasta in salted water")});
}

std::string refusal_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Failure& failure) {
    return std::to_string(failure.status()) + " " + failure.what();
  }
  return "";
}

// Documents drawn from a small vocabulary, so that words are shared.
Document drawn(std::mt19937& random, int id) {
  std::string text;
  for (unsigned i = 0; i < 3 + random() % 20; ++i) text += "word" + std::to_string(random() % 50) + " ";
  return document("d" + std::to_string(id), text, random() % 3 == 0 ? "word" + std::to_string(random() % 50) : "");
}

}  // namespace

TEST_CASE("documents are found by their words and come with their texts") {
  Fixture fixture;
  fill(fixture);
  CHECK(fixture.ids("raining") == Ids{"rain"});
  CHECK(fixture.ids("weather") == Ids{"sun", "rain"});  // the title of both; the shorter text first
  CHECK(fixture.ids("nothing of that") == Ids{});
  const std::vector<Hit> hits = fixture.hits("pasta");
  REQUIRE(hits.size() == 1);
  CHECK(hits[0].document.text == "Boil the pasta in salted water");
  CHECK(hits[0].document.title.empty());
}

TEST_CASE("an id that is added again means the new text") {
  Fixture fixture;
  fill(fixture);
  const AddResult result = fixture.add({document("rain", "Snow falls in Oslo"), document("new", "Wind")});
  CHECK(result.added == 1);
  CHECK(result.replaced == 1);
  CHECK(result.count == 4);
  CHECK(fixture.ids("bergen") == Ids{});
  CHECK(fixture.ids("oslo") == Ids{"rain"});
}

TEST_CASE("what was added and removed is so after opening again with and without a snapshot") {
  for (const bool saved : {false, true}) {
    INFO(saved);
    Fixture fixture;
    fill(fixture);
    if (saved) fixture.documents->save("default", false, kGoOn);
    fixture.add({document("wind", "Wind in Bergen")});
    fixture.open();
    CHECK(fixture.ids("bergen").size() == 2);
    CHECK(fixture.remove("rain") == 1);
    CHECK(fixture.remove("rain") == 0);
    fixture.open();
    CHECK(fixture.ids("bergen") == Ids{"wind"});
    CHECK(fixture.documents->stats("default").count == 3);
  }
}

TEST_CASE("scores depend on what is there and not on how it came there") {
  Fixture wandering, straight;
  std::mt19937 random(7);
  std::map<std::string, Document> there;
  for (int turn = 0; turn < 60; ++turn) {
    std::vector<Document> some;
    for (int i = 0; i < 5; ++i) some.push_back(drawn(random, turn * 5 + i));
    if (turn % 3 == 0 && turn > 0) {
      some[0].id.text = "d" + std::to_string(random() % static_cast<unsigned>(turn * 5));
    }
    wandering.add(some);
    for (const Document& each : some) there[each.id.text] = each;
    const std::string gone = "d" + std::to_string(random() % static_cast<unsigned>(turn * 5 + 5));
    wandering.remove(gone);
    there.erase(gone);
    if (turn % 20 == 7) wandering.documents->save("default", turn == 27, kGoOn);
    if (turn % 20 == 13) wandering.open();
  }
  std::vector<Document> all;
  for (const auto& [id, each] : there) all.push_back(each);
  straight.add(all);
  for (int word = 0; word < 50; ++word) {
    const std::string question = "word" + std::to_string(word) + " word" + std::to_string(word * 7 % 50);
    std::map<std::string, float> a, b;
    Question asked;
    asked.text = question;
    asked.k = 1000;
    for (const Hit& hit : wandering.documents->search("default", asked, kGoOn)) a[hit.document.id.text] = hit.score;
    for (const Hit& hit : straight.documents->search("default", asked, kGoOn)) b[hit.document.id.text] = hit.score;
    REQUIRE(a == b);
  }
}

TEST_CASE("a question may be asked of some documents only") {
  Fixture fixture;
  fill(fixture);
  Selection among;
  among.ids = {{true, 0, "sun"}, {true, 0, "unheard"}};
  CHECK(fixture.ids("weather", among) == Ids{"sun"});
  CHECK(fixture.ids("pasta", among) == Ids{});
}

TEST_CASE("documents by id come in the order asked for and unknown ones are left out") {
  Fixture fixture;
  fill(fixture);
  const std::vector<Document> found =
      fixture.documents->get("default", {{true, 0, "cook"}, {true, 0, "none"}, {true, 0, "sun"}});
  REQUIRE(found.size() == 2);
  CHECK(found[0].id.text == "cook");
  CHECK(found[1].text == "The sun shines in Cairo");
}

TEST_CASE("a damaged snapshot is left aside and everything is found") {
  for (const bool cut : {false, true}) {
    Fixture fixture;
    fill(fixture);
    fixture.documents->save("default", false, kGoOn);
    fixture.documents.reset();
    const std::string path = fixture.folder.path() + "/1.index";
    REQUIRE(std::filesystem::exists(path));
    if (cut) {
      std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
    } else {
      std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
      file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(path) / 2));
      file.write("\xAA\x55\xAA\x55", 4);
    }
    fixture.open();
    CHECK(fixture.ids("raining") == Ids{"rain"});
    CHECK(fixture.documents->stats("default").note.find("built anew") != std::string::npos);
    CHECK(fixture.warnings.size() == 1);
  }
}

TEST_CASE("a snapshot made under other settings is left aside") {
  Fixture fixture;
  fill(fixture);
  fixture.documents->save("default", false, kGoOn);
  fixture.open({"none", true});
  CHECK(fixture.ids("raining") == Ids{});
  CHECK(fixture.ids("rains") == Ids{"rain"});
}

TEST_CASE("a damaged store is refused with its name and what to do") {
  Fixture fixture;
  std::vector<Document> many;
  for (int i = 0; i < 200; ++i) many.push_back(document("d" + std::to_string(i), std::string(500, 'x') + " needle"));
  fixture.add(many);
  fixture.documents.reset();
  const std::string path = fixture.folder.path() + "/documents.db";
  std::string bytes;
  {
    std::ifstream file(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
  }
  const size_t at = bytes.find("xxx needle", bytes.size() / 2);
  REQUIRE(at != std::string::npos);
  bytes[at + 4] = 'N';
  std::ofstream(path, std::ios::binary) << bytes;
  const std::string said = refusal_of([&] { fixture.open(); });
  CHECK(said.substr(0, 3) == std::to_string(DM_DATA_LOSS) + " ");
  CHECK(said.find("documents.db") != std::string::npos);
  CHECK(said.find("put a copy of it back from a backup") != std::string::npos);
  std::ofstream(path, std::ios::binary) << "this is no database, whatever its name says; it is a text of some length";
  CHECK(refusal_of([&] { fixture.open(); }).find("documents.db") != std::string::npos);
}

TEST_CASE("what cannot be is refused with the item and nothing of it is done") {
  Fixture fixture;
  fill(fixture);
  const auto refused = [&](const std::vector<Document>& added, const std::string& because) {
    const std::string said = refusal_of([&] { fixture.add(added); });
    INFO(said);
    CHECK(said.find(because) != std::string::npos);
  };
  refused({}, "needed at least one");
  refused({document("a", "x"), document("a", "y")}, "item 1: id 'a' comes twice");
  refused({document("a", std::string(kTextBytesMax + 1, 'x'))}, "cut it into passages");
  refused({{{false, 7, {}}, "", "x", {}}}, "ids that are strings, found ints");
  CHECK(refusal_of([&] { fixture.add({document("a", "x")}, "no name"); }).find("name of a collection") !=
        std::string::npos);
  CHECK(refusal_of([&] { fixture.documents->stats("none"); }).find("there are: 'default'") != std::string::npos);
  CHECK(fixture.documents->stats("default").count == 3);
}

TEST_CASE("collections know nothing of each other and a dropped one is gone") {
  Fixture fixture;
  fill(fixture);
  fixture.add({document("rain", "Regen in Hamburg")}, "german");
  fixture.open();
  CHECK(fixture.ids("hamburg") == Ids{});
  CHECK(fixture.documents->names() == Ids{"default", "german"});
  fixture.documents->drop("default");
  fixture.open();
  CHECK(fixture.documents->names() == Ids{"german"});
}

TEST_CASE("dead rows leave when everything is built anew") {
  Fixture fixture;
  fill(fixture);
  fixture.remove("sun");
  CHECK(fixture.documents->stats("default").dead_rows == 1);
  fixture.documents->save("default", true, kGoOn);
  CHECK(fixture.documents->stats("default").dead_rows == 0);
  fixture.open();
  CHECK(fixture.ids("weather") == Ids{"rain"});
  CHECK(fixture.documents->stats("default").note.empty());
}

TEST_CASE("a snapshot of texts that the store has lost is never taken, nor once the store has grown past it") {
  Fixture fixture;
  fill(fixture);
  fixture.documents.reset();
  const std::string store = fixture.folder.path() + "/documents.db", backup = store + ".backup";
  std::filesystem::copy_file(store, backup);
  fixture.open();
  fixture.add({document("lost", "Fog in Lima"), document("gone", "Haze in Quito")});
  fixture.documents->save("default", false, kGoOn);
  fixture.documents.reset();
  std::filesystem::copy_file(backup, store, std::filesystem::copy_options::overwrite_existing);
  fixture.open();
  CHECK(fixture.ids("fog haze") == Ids{});
  CHECK(fixture.documents->get("default", {{true, 0, "lost"}}).empty());
  CHECK(fixture.documents->stats("default").count == 3);
  fixture.add({document("hail", "Hail in Turin"), document("frost", "Frost in Riga"), document("dew", "Dew in Bern")});
  // As after SIGKILL: nothing is saved at closing.
  fixture.open();
  CHECK(fixture.ids("hail frost dew").size() == 3);
  CHECK(fixture.ids("fog haze") == Ids{});
  const std::vector<Document> got = fixture.documents->get("default", {{true, 0, "lost"}, {true, 0, "frost"}});
  REQUIRE(got.size() == 1);
  CHECK(got[0].id.text == "frost");
}

TEST_CASE("an index of a collection that the store does not know is taken away") {
  Fixture fixture;
  fill(fixture);
  fixture.documents->save("default", false, kGoOn);
  fixture.documents.reset();
  const std::string folder = fixture.folder.path();
  std::filesystem::copy_file(folder + "/1.index", folder + "/2.index");
  std::filesystem::copy_file(folder + "/1.index", folder + "/mine.index");
  fixture.open();
  CHECK(std::filesystem::exists(folder + "/1.index"));
  CHECK_FALSE(std::filesystem::exists(folder + "/2.index"));
  CHECK(std::filesystem::exists(folder + "/mine.index"));
}

TEST_CASE("a forged index gives no document under the name of another") {
  Fixture fixture;
  fill(fixture);
  fixture.documents.reset();
  {
    Store store(fixture.folder.path() + "/documents.db", false);
    Contents forged(true);
    Tokenizer tokenizer({});
    int64_t sequence = 1;
    for (const char* id : {"sun", "rain", "cook"})
      forged.add(sequence++, {true, 0, id}, "", terms_of(tokenizer, document(id, "needle")));
    nlu::write_file_atomically(fixture.folder.path() + "/1.index",
                               *forged.snapshot({store.identity(), store.collections().at(0), {}}));
  }
  fixture.open();
  REQUIRE(fixture.documents->stats("default").note.empty());
  const std::vector<Document> got = fixture.documents->get("default", {{true, 0, "sun"}, {true, 0, "cook"}});
  REQUIRE(got.size() == 1);
  CHECK(got[0].id.text == "cook");
  CHECK(fixture.ids("needle") == Ids{"cook"});
}

TEST_CASE("dead rows of texts that are replaced again and again never outnumber the living by far") {
  Fixture fixture;
  std::vector<Document> documents;
  for (int i = 0; i < 100; ++i) documents.push_back(document("d" + std::to_string(i), "word" + std::to_string(i)));
  for (int turn = 0; turn < 40; ++turn) fixture.add(documents);
  const Stats stats = fixture.documents->stats("default");
  CHECK(stats.count == 100);
  CHECK(stats.dead_rows <= 1100);
  CHECK(fixture.ids("word7") == Ids{"d7"});
  fixture.open();
  CHECK(fixture.ids("word7") == Ids{"d7"});
}

TEST_CASE("an empty file where documents were is damage and no new beginning") {
  for (const int bytes_left : {0, 1}) {
    Fixture fixture;
    fill(fixture);
    fixture.documents->save("default", false, kGoOn);
    fixture.documents.reset();
    std::filesystem::resize_file(fixture.folder.path() + "/documents.db", static_cast<uintmax_t>(bytes_left));
    for (int turn = 0; turn < 2; ++turn) {
      const std::string said = refusal_of([&] { fixture.open(); });
      CHECK(said.substr(0, 3) == std::to_string(DM_DATA_LOSS) + " ");
      CHECK(said.find("documents.db") != std::string::npos);
    }
  }
}

TEST_CASE("a changed byte in the log of a store that was killed is told and nothing is taken away") {
  Fixture fixture;
  const TempFolder killed;
  const std::string file = killed.path() + "/documents.db", log = file + "-wal";
  const auto kill = [&] {
    for (const char* ending : {"", "-wal"}) {
      std::filesystem::copy_file(fixture.folder.path() + "/documents.db" + ending, file + ending,
                                 std::filesystem::copy_options::overwrite_existing);
    }
  };
  std::vector<std::string> warnings;
  const auto open = [&](bool sync) {
    DocumentsOptions options;
    options.sync = sync;
    options.warn = [&](const std::string& line) { warnings.push_back(line); };
    return std::make_unique<Documents>(killed.path(), options, kGoOn);
  };
  kill();
  CHECK(std::filesystem::file_size(log) == 0);
  for (int i = 0; i < 20; ++i) fixture.add({document("d" + std::to_string(i), "needle")});
  kill();
  CHECK(open(true)->stats("default").count == 20);

  kill();
  std::string bytes;
  {
    std::ifstream stream(log, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(stream), {});
  }
  for (const size_t at : {size_t{5000}, bytes.size() / 2}) {
    std::string damaged = bytes;
    damaged[at] ^= 1;
    std::ofstream(log, std::ios::binary) << damaged;
    for (int turn = 0; turn < 2; ++turn) {
      const std::string said = refusal_of([&] { open(true); });
      CHECK(said.substr(0, 3) == std::to_string(DM_DATA_LOSS) + " ");
      CHECK(said.find("documents.db-wal' is damaged in the frame at byte ") != std::string::npos);
      CHECK(said.find("move the log aside") != std::string::npos);
      CHECK(std::filesystem::file_size(log) == bytes.size());
    }
  }
  // Without sync a power failure does the same: what was before it is served, and it is told.
  warnings.clear();
  CHECK(open(false)->stats("default").note.find("documents.db-wal' is damaged") != std::string::npos);
  CHECK(warnings.size() == 1);

  kill();
  std::filesystem::remove(file);
  CHECK(refusal_of([&] { open(false); }).find("documents.db-wal' has") != std::string::npos);
  CHECK(std::filesystem::file_size(log) == bytes.size());
}

TEST_CASE("a pipe in the place of an index is no index and nobody waits for it") {
  Fixture fixture;
  fill(fixture);
  fixture.documents.reset();
  REQUIRE(::mkfifo((fixture.folder.path() + "/1.index").c_str(), 0600) == 0);
  fixture.open();
  CHECK(fixture.documents->stats("default").count == 3);
}

TEST_CASE("searches beside adds and removes find what is there all the time") {
  Fixture fixture;
  fixture.add({document("always", "constant companion")});
  std::atomic<bool> stop{false};
  std::atomic<int> missed{0}, searches{0};
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 3; ++reader) {
    readers.emplace_back([&] {
      while (!stop) {
        Question question;
        question.text = "companion";
        question.k = 1000;
        bool found = false;
        for (const Hit& hit : fixture.documents->search("default", question, kGoOn))
          found |= hit.document.id.text == "always";
        if (!found || fixture.documents->get("default", {{true, 0, "always"}}).size() != 1) ++missed;
        ++searches;
      }
    });
  }
  for (int i = 0; i < 150 || searches < 50; ++i) {
    fixture.add({document("passing" + std::to_string(i % 10), "passing companion")});
    fixture.remove("passing" + std::to_string((i + 5) % 10));
    if (i % 40 == 0) fixture.documents->save("default", true, kGoOn);
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(missed == 0);
}

}  // namespace dormouse::text_search
