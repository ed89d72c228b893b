#include "pipeline/script_files.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "support/temp_folder.h"

using namespace dormouse;

namespace {

struct Folder {
  TempFolder folder;
  EngineOptions options;

  Folder() { options.pipelines = {folder.path()}; }
  std::string path(const std::string& name) const { return folder.path() + "/" + name; }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }
  std::vector<ScriptFile> read() const {
    ScriptErrors errors;
    return read_scripts(options, errors);
  }
};

ScriptFile file(const std::string& name, const std::string& text) {
  return {ScriptKind::pipelines, std::make_shared<SourceText>(name, text)};
}

}  // namespace

TEST_CASE("a folder stands for its lua files in order of name") {
  Folder t;
  t.write("b.lua", "two");
  t.write("a.lua", "one");
  t.write("notes.txt", "no script");
  const std::vector<ScriptFile> files = t.read();
  REQUIRE(files.size() == 2);
  CHECK(files[0].source->name() == t.path("a.lua"));
  CHECK(files[0].source->text() == "one");
  CHECK(files[1].source->name() == t.path("b.lua"));
}

TEST_CASE("a script that cannot be read is an error with its path and the others are read") {
  Folder t;
  t.write("a.lua", "one");
  t.options.policies = {t.path("missing.lua")};
  ScriptErrors errors;
  CHECK(read_scripts(t.options, errors).size() == 1);
  const std::vector<ScriptError> found = errors.take_errors();
  REQUIRE(found.size() == 1);
  CHECK(found[0].to_string().find(t.path("missing.lua")) != std::string::npos);
}

TEST_CASE("the stamp of files moves with each file that comes or goes or changes") {
  Folder t;
  t.write("a.lua", "one");
  const uint64_t before = stamp_of_files(t.options);
  CHECK(stamp_of_files(t.options) == before);
  t.write("b.lua", "two");
  const uint64_t with_another = stamp_of_files(t.options);
  CHECK(with_another != before);
  t.write("b.lua", "longer than two");
  CHECK(stamp_of_files(t.options) != with_another);
  std::filesystem::remove(t.path("b.lua"));
  CHECK(stamp_of_files(t.options) != with_another);
}

TEST_CASE("two readings differ by what changed and what is new and what is gone") {
  const std::vector<ScriptFile> before{file("a.lua", "1"), file("b.lua", "1"), file("same.lua", "1")};
  const std::vector<ScriptFile> now{file("a.lua", "2"), file("c.lua", "1"), file("same.lua", "1")};
  CHECK(to_string(changes(before, now)) == "a.lua changed, c.lua is new, b.lua is gone");
  CHECK(to_string(changes(now, now)).empty());
}

TEST_CASE("a sentence names three changes and counts the rest") {
  std::vector<ScriptFile> now;
  for (const char* name : {"a.lua", "b.lua", "c.lua", "d.lua", "e.lua"}) now.push_back(file(name, ""));
  CHECK(to_string(changes({}, now)) == "a.lua is new, b.lua is new, c.lua is new, and 2 more");
}
