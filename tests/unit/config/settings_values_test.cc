#include "config/settings_values.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "base/file.h"

using namespace dormouse;

namespace {

struct Read {
  std::vector<ConfigError> errors;
  std::string real, shown;
  explicit Read(const std::string& yaml, const Environment& environment = {}, const std::string& folder = "/") {
    const YamlDocument document = YamlDocument::parse(yaml, "x.yaml", {}, errors);
    const SettingsValues values = settings_values(document.root(), "s", "x.yaml", folder, environment, errors);
    real = to_debug_string(values.real.view());
    shown = to_debug_string(values.shown.view());
  }
  std::string first_error() const { return errors.empty() ? "" : errors.front().to_string(); }
};

}  // namespace

TEST_CASE("scalars are typed by the YAML 1.2 core schema") {
  CHECK(Read("a: 1\nb: -7\nc: 0x1F\nd: 0o17\ne: 017").real == R"({"a":1,"b":-7,"c":31,"d":15,"e":17})");
  CHECK(Read("a: 1.5\nb: .5\nc: 1e3\nd: -2.").real == R"({"a":1.5,"b":0.5,"c":1000,"d":-2})");
  CHECK(Read("a: true\nb: FALSE\nc: yes\nd: off").real == R"({"a":true,"b":false,"c":"yes","d":"off"})");
  CHECK(Read("a: ~\nb: null\nc:\nd: nil").real == R"({"a":null,"b":null,"c":null,"d":"nil"})");
  CHECK(Read("a: \"1\"\nb: '~'\nc: !!str 1\nd: 1.2.3\ne: 12:30").real ==
        R"({"a":"1","b":"~","c":"1","d":"1.2.3","e":"12:30"})");
}

TEST_CASE("no settings are an empty map") {
  CHECK(Read("").real == "{}");
  CHECK(Read("~").real == "{}");
}

TEST_CASE("lists and maps nest") {
  CHECK(Read("a: [1, {b: [x]}]").real == R"({"a":[1,{"b":["x"]}]})");
}

TEST_CASE("numbers that do not fit are refused") {
  CHECK_THAT(Read("a: 9223372036854775808").first_error(), Catch::Contains("s.a: needed a 64-bit integer"));
  CHECK(Read("a: -9223372036854775808").errors.empty());
  CHECK_THAT(Read("a: 1e999").first_error(), Catch::Contains("finite"));
  CHECK_THAT(Read("a: .nan").first_error(), Catch::Contains("finite"));
}

TEST_CASE("settings that are no map are refused") {
  CHECK_THAT(Read("[1]").first_error(), Catch::Contains("needed a map"));
}

TEST_CASE("unknown tags are refused") {
  CHECK_THAT(Read("a: !python 1").first_error(), Catch::Contains("!python"));
}

TEST_CASE("text that is no UTF-8 is refused") {
  CHECK(!Read("b: \xff\n").errors.empty());
}

TEST_CASE("a secret comes from the environment and is not shown") {
  const Read read("key: {secret: \"env:KEY\"}", {{"KEY", "hunter2"}});
  CHECK(read.errors.empty());
  CHECK(read.real == R"({"key":"hunter2"})");
  CHECK(read.shown == R"x({"key":"(secret env:KEY)"})x");
}

TEST_CASE("a secret comes from a file beside the config without its line end") {
  char folder[] = "/tmp/dormouse-secret-XXXXXX";
  REQUIRE(::mkdtemp(folder));
  REQUIRE(write_file_atomically(std::string(folder) + "/key", "hunter2\n", 0600).ok());
  const Read read("key: {secret: \"file:key\"}", {}, folder);
  CHECK(read.real == R"({"key":"hunter2"})");
  CHECK_THAT(read.shown, !Catch::Contains("hunter2"));
  ::unlink((std::string(folder) + "/key").c_str());
  ::rmdir(folder);
}

TEST_CASE("a secret that cannot be had is an error without its value") {
  CHECK_THAT(Read("key: {secret: \"env:KEY\"}").first_error(), Catch::Contains("the environment has no KEY"));
  CHECK_THAT(Read("key: {secret: \"file:/nowhere\"}").first_error(), Catch::Contains("/nowhere"));
  CHECK_THAT(Read("key: {secret: hunter2}").first_error(), !Catch::Contains("hunter2"));
}

TEST_CASE("a setting called secret is a setting") {
  CHECK(Read("secret: x").real == R"({"secret":"x"})");
  CHECK(Read("a: {secret: x, b: 1}").real == R"({"a":{"secret":"x","b":1}})");
}
