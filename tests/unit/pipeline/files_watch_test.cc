#include "pipeline/files_watch.h"

#include <catch2/catch.hpp>

#include "support/manual_loop.h"

using namespace dormouse;
using namespace std::chrono_literals;

namespace {

struct Watched {
  ManualClock clock;
  ManualLoop loop{clock};
  EventLog events{100};
  Metrics metrics;
  std::optional<std::string> scripts = "", config = "";
  unsigned looks = 0;
  std::optional<FilesWatch> watch;

  Watched() {
    watch.emplace(
        std::vector<FilesWatch::Source>{{"scripts",
                                         [this] {
                                           ++looks;
                                           return scripts;
                                         }},
                                        {"config", [this] { return config; }}},
        5s, [this] { return now(); }, loop, events, metrics);
    loop.run_ready();
  }
  std::chrono::system_clock::time_point now() const {
    return std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(clock.now().time_since_epoch()));
  }
  std::string told() {
    std::string text;
    for (const Event& event : events.since(0))
      if (event.kind.ends_with(".differ")) text += event.kind + ": " + event.fields.at(0).second.text() + "\n";
    return text;
  }
  double gauge(const char* kind) { return metrics.value("dormouse_files_differ", {{"kind", kind}}); }
};

}  // namespace

TEST_CASE("files that differ are known with the reason and since when and told once") {
  Watched t;
  CHECK(t.watch->differences().empty());
  CHECK(t.gauge("scripts") == 0);
  t.scripts = "a.lua changed";
  t.loop.advance(5s);
  const auto since = t.now();
  t.loop.advance(60s);
  REQUIRE(t.watch->differences().size() == 1);
  CHECK(t.watch->differences()[0].kind == "scripts");
  CHECK(t.watch->differences()[0].reason == "a.lua changed");
  CHECK(t.watch->differences()[0].since == since);
  CHECK(t.told() == "scripts.differ: a.lua changed\n");
  CHECK(t.gauge("scripts") == 1);
  CHECK(t.gauge("config") == 0);
  t.config = "host.yaml changed";
  t.scripts = "";
  t.loop.advance(5s);
  CHECK(t.watch->differences()[0].kind == "config");
  CHECK(t.gauge("scripts") == 0);
  CHECK(t.gauge("config") == 1);
}

TEST_CASE("a new reason for a difference is told and keeps its beginning") {
  Watched t;
  t.scripts = "a.lua changed";
  t.loop.advance(5s);
  const auto since = t.now();
  t.scripts = "a.lua changed (the last reload was refused with 1 error)";
  t.loop.advance(5s);
  CHECK(t.watch->differences().at(0).since == since);
  CHECK(t.told() ==
        "scripts.differ: a.lua changed\nscripts.differ: a.lua changed (the last reload was refused with 1 error)\n");
  // A load goes on: what was known stays.
  t.scripts = std::nullopt;
  t.loop.advance(5s);
  CHECK(t.watch->differences().size() == 1);
}

TEST_CASE("files are looked at after an event of scripts and after no other one") {
  Watched t;
  CHECK(t.looks == 1);
  t.events.publish("component.ready", "a");
  t.loop.run_ready();
  CHECK(t.looks == 1);
  t.events.publish("scripts.reloaded", "generation 2");
  t.loop.run_ready();
  CHECK(t.looks == 2);
}

TEST_CASE("nothing is looked at when the watch is gone") {
  Watched t;
  t.watch.reset();
  t.loop.advance(60s);
  t.events.publish("scripts.reloaded", "generation 2");
  t.loop.run_ready();
  CHECK(t.looks == 1);
}
