// What is told of plugin files, and that it is told once.
#include "components/plugin_notices.h"

#include <catch2/catch.hpp>

using namespace dormouse;

namespace {

PluginEntry usable(const std::string& name, const std::string& identity) {
  PluginEntry file;
  file.path = "/plugins/" + name + ".so";
  file.id = name;
  file.identity = identity;
  file.version = "1.0.0";
  return file;
}

PluginEntry unusable(const std::string& name, const std::string& identity, const std::string& why) {
  PluginEntry file = usable(name, identity);
  file.version.clear();
  file.problem = Error{.code = Code::data_loss,
                       .message = why,
                       .object = "plugin file " + file.path,
                       .needed = "4096 bytes",
                       .found = "100",
                       .remedy = "copy it again"};
  return file;
}

struct Told {
  EventLog events{1024};
  PluginNotices notices{events};
  void tell(const std::vector<PluginEntry>& files) { notices.tell(files, "asked to scan", {}); }
  // "KIND OBJECT" of each, in order.
  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    for (const Event& event : events.since(0)) lines.push_back(event.kind + " " + event.object);
    return lines;
  }
};

std::string field(const Event& event, const std::string& name) {
  for (const auto& [key, value] : event.fields)
    if (key == name) return value.text();
  return "none";
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a new file is told with what it is and an unusable one with its reason and remedy") {
  Told told;
  told.notices.tell({usable("echo", "1"), unusable("half", "2", "is truncated")}, "asked to scan", {"local", 0, ""});
  REQUIRE(told.lines() == Lines{"plugin.refused half", "plugin.found echo"});
  const Event refused = told.events.since(0)[0];
  CHECK(refused.cause == "asked to scan");
  CHECK(refused.actor.name == "local");
  CHECK(field(refused, "file") == "/plugins/half.so");
  CHECK(field(refused, "error") == "is truncated; needed 4096 bytes, found 100");
  CHECK(field(refused, "remedy") == "copy it again");
  CHECK(field(refused, "version") == "none");
  const Event found = told.events.since(0)[1];
  CHECK(field(found, "file") == "/plugins/echo.so");
  CHECK(field(found, "version") == "1.0.0");
  CHECK(field(found, "error") == "none");
}

TEST_CASE("files that were told are not told again until they or their reason change") {
  Told told;
  told.tell({usable("echo", "1"), unusable("half", "2", "is truncated")});
  for (int i = 0; i < 100; ++i) told.tell({usable("echo", "1"), unusable("half", "2", "is truncated")});
  CHECK(told.lines().size() == 2);
  told.tell({usable("echo", "3"), unusable("half", "2", "is truncated")});
  CHECK(told.lines().back() == "plugin.found echo");
  told.tell({usable("echo", "3"), unusable("half", "4", "is truncated")});
  CHECK(told.lines().back() == "plugin.refused half");
  told.tell({usable("echo", "3"), unusable("half", "4", "lacks a library")});
  CHECK(told.lines().size() == 5);
  told.tell({usable("echo", "3"), usable("half", "4")});  // the library came
  CHECK(told.lines().back() == "plugin.found half");
  CHECK(told.lines().size() == 6);
}

TEST_CASE("a file that was there at the start is known and an unusable one is told all the same") {
  Told told;
  const std::vector<PluginEntry> files{usable("echo", "1"), unusable("half", "2", "is truncated")};
  told.notices.know(files);
  CHECK(told.lines().empty());
  told.tell(files);
  CHECK(told.lines() == Lines{"plugin.refused half"});
}

TEST_CASE("a file that went and came again is told again") {
  Told told;
  told.tell({usable("echo", "1")});
  told.tell({});
  told.tell({usable("echo", "1")});
  CHECK(told.lines() == Lines{"plugin.found echo", "plugin.found echo"});
}

TEST_CASE("a folder that cannot be read is no plugin file") {
  Told told;
  PluginEntry folder = unusable("plugins", "", "cannot read the folder");
  folder.is_folder = true;
  told.tell({folder});
  CHECK(told.lines().empty());
}

TEST_CASE("a folder full of new files is told within a bound and unusable ones first") {
  Told told;
  std::vector<PluginEntry> files;
  files.reserve(201);
  for (int i = 0; i < 200; ++i) files.push_back(usable("echo-" + std::to_string(i), "1"));
  files.push_back(unusable("half", "2", "is truncated"));
  told.tell(files);
  const std::vector<Event> events = told.events.since(0);
  REQUIRE(events.size() == PluginNotices::kEventsMax);
  CHECK(events.front().kind == "plugin.refused");
  CHECK(field(events.front(), "untold") == "none");
  CHECK(field(events.back(), "untold") == std::to_string(files.size() - PluginNotices::kEventsMax));
  told.tell(files);
  CHECK(told.events.since(0).size() == PluginNotices::kEventsMax);
}
