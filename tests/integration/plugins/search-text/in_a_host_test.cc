#include <atomic>
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <thread>

#include "integration/plugins/search-text/text_host.h"

namespace dormouse {
namespace {

using Ids = std::vector<std::string>;

void fill(TextHost& texts) {
  const Status added = texts.add({"rain", "sun", "cook"}, {"It rains in Bergen", "The sun shines in Cairo all the year",
                                                           "Boil the pasta in salted water"});
  INFO(added.to_string());
  REQUIRE(added.ok());
}

}  // namespace

TEST_CASE("documents that were added are found after unloading") {
  TextHost texts;
  fill(texts);
  CHECK(texts.search("raining") == Ids{"rain"});
  texts.unload();
  CHECK(texts.search("raining") == Ids{"rain"});
  CHECK(texts.count() == 3);
}

TEST_CASE("a reload keeps every document and closes the store before it opens it again") {
  TextHost texts;
  fill(texts);
  for (int i = 0; i < 5; ++i) {
    const VerbAnswer answer = texts.host.request(texts.component, Verb::reload);
    INFO(answer.status.to_string());
    REQUIRE(answer.status.ok());
    CHECK(answer.component.beside.empty());
    CHECK(texts.count() == 3);
  }
  for (const Event& event : texts.host.events.since(0)) CHECK(event.kind != "component.replacing");
  CHECK(texts.search("raining") == Ids{"rain"});
}

TEST_CASE("metadata and titles come back and filter") {
  TextHost texts;
  REQUIRE(texts
              .call("add", value_with([](ValueWriter& writer) {
                      write_strings(writer, "ids", {"a", "b"});
                      write_strings(writer, "texts", {"one fish", "two fish"});
                      write_strings(writer, "titles", {"First", "Second"});
                      writer.key("metadata");
                      writer.list_begin();
                      for (const int64_t year : {1990, 2000}) {
                        writer.map_begin();
                        writer.key("year");
                        writer.integer(year);
                        writer.map_end();
                      }
                      writer.list_end();
                    }))
              .ok());
  const Value question = value_with([](ValueWriter& writer) {
    write_string(writer, "text", "fish");
    writer.key("where");
    writer.map_begin();
    writer.key("year");
    writer.number(2000.0);
    writer.map_end();
  });
  REQUIRE(texts.call("search", question).ok());
  const std::string answer = to_debug_string(texts.answer().view());
  INFO(answer);
  CHECK(answer.find("Second") != std::string::npos);
  CHECK(answer.find("First") == std::string::npos);
  CHECK(answer.find("2000") != std::string::npos);
}

TEST_CASE("hits of another search become passages in their order and keep their scores") {
  TextHost texts;
  fill(texts);
  REQUIRE(texts
              .call("get", value_with([](ValueWriter& writer) {
                      writer.key("hits");
                      writer.list_begin();
                      double score = 0.9;
                      for (const char* id : {"sun", "unheard", "rain"}) {
                        writer.map_begin();
                        write_string(writer, "id", id);
                        writer.key("score");
                        writer.number(score);
                        writer.map_end();
                        score -= 0.2;
                      }
                      writer.list_end();
                    }))
              .ok());
  const dm_value documents = dm_map_get(texts.answer().view(), "documents");
  REQUIRE(dm_count(documents) == 2);
  double score = 0;
  dm_string_view text{};
  CHECK(dm_get_float(dm_map_get(dm_list_at(documents, 1), "score"), &score));
  CHECK(score == Approx(0.5));
  CHECK(dm_get_string(dm_map_get(dm_list_at(documents, 0), "text"), &text));
  CHECK(std::string(text.data, text.size) == "The sun shines in Cairo all the year");
}

TEST_CASE("documents come with the part that answers a question instead of all their text") {
  TextHost texts;
  std::string text = "The fever comes first.";
  for (int i = 0; i < 50; ++i) text += " Nothing is said here.";
  REQUIRE(texts.add({"long"}, {text + " A stiff neck follows the fever."}).ok());
  REQUIRE(texts
              .call("get", value_with([](ValueWriter& writer) {
                      write_strings(writer, "ids", {"long"});
                      write_string(writer, "question", "does a stiff neck follow fever");
                      writer.key("snippet");
                      writer.integer(60);
                      writer.key("with_text");
                      writer.boolean(false);
                    }))
              .ok());
  const dm_value document = dm_list_at(dm_map_get(texts.answer().view(), "documents"), 0);
  dm_string_view snippet{}, whole{};
  REQUIRE(dm_get_string(dm_map_get(document, "snippet"), &snippet));
  CHECK(std::string(snippet.data, snippet.size).find("stiff neck follows the fever") != std::string::npos);
  CHECK_FALSE(dm_get_string(dm_map_get(document, "text"), &whole));
}

TEST_CASE("a collection that is dropped meanwhile is no reason not to tell of all texts, and to save them") {
  TextHost texts;
  fill(texts);
  const auto in_passing = [](const auto& more) {
    return value_with([&](ValueWriter& writer) {
      write_string(writer, "collection", "passing");
      more(writer);
    });
  };
  std::atomic<bool> stop{false};
  std::thread others([&] {
    while (!stop) {
      (void)texts.host.ask(texts.component, texts.host.method_index(texts.component, "add"),
                           in_passing([](ValueWriter& writer) {
                             write_strings(writer, "ids", {"a"});
                             write_strings(writer, "texts", {"passes"});
                           }));
      (void)texts.host.ask(texts.component, texts.host.method_index(texts.component, "drop"),
                           in_passing([](ValueWriter&) {}));
    }
  });
  int failed = 0;
  for (int i = 0; i < 1500; ++i)
    for (const char* method : {"stats", "save"}) failed += !texts.call(method, value_with([](ValueWriter&) {})).ok();
  stop = true;
  others.join();
  CHECK(failed == 0);
}

TEST_CASE("what a text search cannot do is refused with the object and what is needed") {
  TextHost texts;
  fill(texts);
  const auto refused = [&](const std::string& method, const Value& in, const std::string& because) {
    const Status status = texts.call(method, in);
    INFO(status.to_string());
    CHECK_FALSE(status.ok());
    CHECK(status.to_string().find(because) != std::string::npos);
  };
  const auto question = [](const auto& more) {
    return value_with([&](ValueWriter& writer) {
      write_string(writer, "text", "sun");
      more(writer);
    });
  };
  refused("search", question([](ValueWriter& writer) { write_string(writer, "collection", "none"); }), "'default'");
  refused("search", question([](ValueWriter& writer) {
            writer.key("k");
            writer.integer(0);
          }),
          "needed 1 to 10000, found 0");
  refused("remove", value_with([](ValueWriter&) {}), "drop");
  refused("get", value_with([](ValueWriter&) {}), "either ids or hits");
  refused("add", value_with([](ValueWriter& writer) {
            write_strings(writer, "ids", {"a", "b"});
            write_strings(writer, "texts", {"only one"});
          }),
          "needed one for each of 2 ids, found 1");
  REQUIRE(texts
              .call("search", question([](ValueWriter& writer) {
                      write_string(writer, "collection", "none");
                      write_string(writer, "missing", "empty");
                    }))
              .ok());
  CHECK(dm_count(dm_map_get(texts.answer().view(), "hits")) == 0);
}

TEST_CASE("a damaged document file is refused by the host with the file and the remedy") {
  TextHost texts;
  fill(texts);
  texts.unload();
  const std::string path = texts.host.state / "data/texts/documents.db";
  std::ofstream(path, std::ios::binary) << "this is no database, whatever its name says; it is a text of some length";
  const Status status = texts.call("stats", value_with([](ValueWriter&) {}));
  INFO(status.to_string());
  CHECK(status.to_string().find("documents.db") != std::string::npos);
  CHECK(status.to_string().find("backup") != std::string::npos);
}

TEST_CASE("a storm of searches beside adds and trims and unloads loses nothing") {
  TextHost texts;
  fill(texts);
  const uint32_t search = texts.host.method_index(texts.component, "search");
  const Value question = value_with([](ValueWriter& writer) { write_string(writer, "text", "cairo"); });
  std::atomic<bool> stop{false};
  std::atomic<int> answered{0}, wrong{0};
  std::vector<std::thread> clients;
  for (int client = 0; client < 6; ++client) {
    clients.emplace_back([&] {
      while (!stop) {
        const Result<Value> answer = texts.host.ask(texts.component, search, question);
        // Asked while it unloads, a call may be turned away, never answered wrongly.
        if (!answer.ok()) continue;
        ++answered;
        const dm_value hit = dm_list_at(dm_map_get(answer->view(), "hits"), 0);
        dm_string_view id{};
        if (!dm_get_string(dm_map_get(hit, "id"), &id) || std::string(id.data, id.size) != "sun") ++wrong;
      }
    });
  }
  int acknowledged = 0;
  for (int i = 0; i < 60 || answered < 200; ++i) {
    const std::string id = std::to_string(i);
    if (texts.add({id}, {"passing " + word_of(i)}).ok()) ++acknowledged;
    if (i % 7 == 3) texts.host.request(texts.component, Verb::trim, {std::chrono::seconds(10), false});
    if (i % 10 == 9) texts.host.request(texts.component, Verb::unload, {std::chrono::seconds(10), false});
  }
  stop = true;
  for (std::thread& client : clients) client.join();
  CHECK(wrong == 0);
  CHECK(acknowledged > 0);
  CHECK(texts.count() == acknowledged + 3);
}

}  // namespace dormouse
