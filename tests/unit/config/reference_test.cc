#include "config/reference.h"

#include <catch2/catch.hpp>

#include <set>

#include "base/file.h"
#include "config/settings.h"

using namespace dormouse;

TEST_CASE("the committed reference is what the table says") {
  const auto committed = read_file(DORMOUSE_SOURCE_DIR "/configs/reference.yaml", 1 << 20);
  REQUIRE(committed.ok());
  // If this fails: build/bin/dormouse check --print-reference > configs/reference.yaml
  CHECK(*committed == reference_yaml());
}

TEST_CASE("the reference is a valid config that changes nothing") {
  const ConfigReport read = parse_config(reference_yaml(), "/reference.yaml", {});
  for (const ConfigError& error : read.errors) FAIL_CHECK(error.to_string());
  CHECK(effective_yaml(read.config) == effective_yaml(Config{}));
}

TEST_CASE("every config that is shipped can be read") {
  for (const char* name : {"assistant", "minimal", "production", "reference"}) {
    const ConfigReport read = load_config(std::string(DORMOUSE_SOURCE_DIR "/configs/") + name + ".yaml", {});
    for (const ConfigError& error : read.errors) FAIL_CHECK(error.to_string());
  }
}

TEST_CASE("every setting has a meaning and a name of its own") {
  std::set<std::string> names;
  for (const auto& setting : host_settings()) {
    CHECK(setting.meaning.ends_with('.'));
    CHECK(names.insert(environment_name(setting.name)).second);
  }
  CHECK(names.size() > 30);
}

TEST_CASE("what is in force is a config that means the same") {
  const std::string text = R"(
host: {threads: 2, data: {priority_max: low, header_timeout: 1.5s, allowed_hosts: [a.example]}}
components: {x: {plugin: p, preload: true, settings: {k: [1, two, {three: 3.0}]}}}
)";
  const ConfigReport read = parse_config(text, "/x.yaml", {});
  REQUIRE(read.ok());
  const ConfigReport again = parse_config(effective_yaml(read.config), "/y.yaml", {});
  for (const ConfigError& error : again.errors) FAIL_CHECK(error.to_string());
  CHECK(effective_yaml(again.config) == effective_yaml(read.config));
}

TEST_CASE("what is in force does not show secrets") {
  const ConfigReport read =
      parse_config("components: {x: {plugin: p, settings: {k: {secret: \"env:K\"}}}}", "/x.yaml", {{"K", "hunter2"}});
  REQUIRE(read.ok());
  CHECK_THAT(effective_yaml(read.config), Catch::Contains("env:K") && !Catch::Contains("hunter2"));
}
