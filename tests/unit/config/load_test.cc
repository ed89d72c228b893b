#include <catch2/catch.hpp>

#include "config/config.h"

using namespace dormouse;

namespace {

ConfigReport parse(const std::string& text, const Environment& environment = {}) {
  return parse_config(text, "/etc/dormouse/x.yaml", environment);
}

std::string all_errors(const ConfigReport& report) {
  std::string lines;
  for (const ConfigError& error : report.errors) lines += error.to_string() + "\n";
  return lines;
}

}  // namespace

TEST_CASE("an empty config is the defaults") {
  const ConfigReport report = parse("");
  CHECK(all_errors(report) == "");
  CHECK(report.config.data.listen == "127.0.0.1:8080");
  CHECK(report.config.control.listen == "127.0.0.1:8081");
  CHECK(report.config.registry.unmap);
  CHECK(report.config.components.empty());
}

TEST_CASE("every section reaches the options of its module") {
  const ConfigReport report = parse(R"(
host:
  threads: 3
  stop_grace: 1.5s
  memory: {limit: 2GiB, warn_at: 0.9, sample_every: 1s, samples_kept: 60}
  data: {listen: "[::1]:9000", body_bytes_max: 64KiB, priority_max: normal}
  control:
    allowed_origins: [https://a.example]
plugins: {path: [plugins, /opt/p], parallel_loads: 2}
scripts: {pipelines: p.lua, entry_cpu_max: 20ms}
components:
  a.b: {plugin: p, version: 1.2.0, type: t, preload: true, pin: true, settings: {k: 1}}
)");
  CHECK(all_errors(report) == "");
  const Config& config = report.config;
  CHECK(config.host.threads == 3);
  CHECK(config.host.stop_grace == std::chrono::milliseconds(1500));
  CHECK(config.memory.limit_bytes == uint64_t{2} << 30);
  CHECK(config.memory.warn_at == 0.9);
  CHECK(config.memory.sample_every == std::chrono::seconds(1));
  CHECK(config.memory.samples_kept == 60);
  CHECK(config.data.listen == "[::1]:9000");
  CHECK(config.data.limits.body_bytes_max == 65536);
  CHECK(config.data.priority_max == Lane::Priority::normal);
  CHECK(config.control.allowed_origins == std::vector<std::string>{"https://a.example"});
  CHECK(config.control.limits.body_bytes_max == 1u << 20);
  CHECK(config.registry.plugins.folders == std::vector<std::string>{"/etc/dormouse/plugins", "/opt/p"});
  CHECK(config.registry.parallel_loads == 2);
  CHECK(config.scripts.pipelines == std::vector<std::string>{"/etc/dormouse/p.lua"});
  CHECK(config.scripts.limits.entry_cpu_max == std::chrono::milliseconds(20));
  REQUIRE(config.components.size() == 1);
  const ComponentSpec& spec = config.components[0].spec;
  CHECK(spec.name == "a.b");
  CHECK(spec.plugin == "p");
  CHECK(spec.version == "1.2.0");
  CHECK(spec.type == "t");
  CHECK(spec.preload);
  CHECK(spec.pinned);
  CHECK(to_debug_string(spec.settings.view()) == R"({"k":1})");
}

TEST_CASE("all errors are found at once and each says where it stands") {
  const ConfigReport report = parse(R"(
hots: {}
host:
  threads: many
  data: {body_bytes_max: 3 parsecs, listen: here}
components:
  x: {plugn: p}
)");
  CHECK(report.errors.size() == 6);
  const std::string errors = all_errors(report);
  CHECK_THAT(errors, Catch::Contains("x.yaml:2:1: unknown key 'hots' (did you mean 'host'?)"));
  CHECK_THAT(errors, Catch::Contains("x.yaml:4:12: host.threads: not understood; needed a whole number, found 'many'"));
  CHECK_THAT(errors, Catch::Contains("x.yaml:5:26: host.data.body_bytes_max: "));
  CHECK_THAT(errors, Catch::Contains("x.yaml:5:45: host.data.listen: "));
  CHECK_THAT(errors, Catch::Contains("unknown key 'components.x.plugn' (did you mean 'plugin'?)"));
  CHECK_THAT(errors, Catch::Contains("components.x.plugin: is missing"));
}

TEST_CASE("a known key in the wrong place is told its place") {
  CHECK_THAT(all_errors(parse("host: {entry_cpu_max: 1s}")), Catch::Contains("it belongs under scripts"));
}

TEST_CASE("a number outside of its bounds is refused with the bounds") {
  CHECK_THAT(all_errors(parse("host: {data: {concurrent_max: 0}}")), Catch::Contains("needed 1 to 1000000, found 0"));
}

TEST_CASE("a fraction that is none or out of its bounds is refused with what is needed") {
  const auto told = [](const std::string& text) {
    return all_errors(parse("host: {memory: {warn_at: " + text + "}}"));
  };
  CHECK_THAT(told("1.5"), Catch::Contains("needed 0.1 to 1, found 1.5"));
  CHECK_THAT(told("0"), Catch::Contains("needed 0.1 to 1"));
  for (const char* none : {"80%", "much", "0.8x", "\"\""})
    CHECK_THAT(told(none), Catch::Contains("needed a fraction such as 0.8"));
  CHECK_THAT(told("nan"), Catch::Contains("needed 0.1 to 1"));
  CHECK(told("1") == "");
}

TEST_CASE("a section that is a scalar is refused") {
  CHECK_THAT(all_errors(parse("host: 8080")), Catch::Contains("host: needed a map"));
}

TEST_CASE("a list where one value is needed is refused") {
  CHECK_THAT(all_errors(parse("host: {threads: [1, 2]}")), Catch::Contains("host.threads: needed a whole number"));
}

TEST_CASE("isolation is refused as not available yet") {
  CHECK_THAT(all_errors(parse("components: {x: {plugin: p, isolation: process}}")),
             Catch::Contains("not available yet"));
}

TEST_CASE("component names that do not fit into paths and URLs are refused") {
  for (const char* name : {"../x", ".hidden", "a b", "a/b", "\"\""})
    CHECK_THAT(all_errors(parse("components: {" + std::string(name) + ": {plugin: p}}")),
               Catch::Contains("component name"));
}

TEST_CASE("a component defined twice is refused") {
  CHECK_THAT(all_errors(parse("components:\n  x: {plugin: p}\n  x: {plugin: q}\n")), Catch::Contains("a second time"));
}

TEST_CASE("the environment overrides any key") {
  const ConfigReport report = parse("host: {threads: 3}\ncomponents: {nlu.language: {plugin: p, settings: {top_k: 1}}}",
                                    {{"DORMOUSE_HOST__THREADS", "5"},
                                     {"DORMOUSE_HOST__DATA__LISTEN", "127.0.0.1:0"},
                                     {"DORMOUSE_PLUGINS__PATH", "[a, /b]"},
                                     {"DORMOUSE_SCRIPTS__POLICIES", "/p.lua"},
                                     {"DORMOUSE_COMPONENTS__NLU_LANGUAGE__PIN", "true"},
                                     {"DORMOUSE_COMPONENTS__NLU_LANGUAGE__SETTINGS__TOP_K", "7"},
                                     {"DORMOUSE_COMPONENTS__NLU_LANGUAGE__SETTINGS__NAME", "n"}});
  CHECK(all_errors(report) == "");
  CHECK(report.config.host.threads == 5);
  CHECK(report.config.data.listen == "127.0.0.1:0");
  CHECK(report.config.registry.plugins.folders == std::vector<std::string>{"/etc/dormouse/a", "/b"});
  CHECK(report.config.scripts.policies == std::vector<std::string>{"/p.lua"});
  CHECK(report.config.components[0].spec.pinned);
  CHECK(to_debug_string(report.config.components[0].spec.settings.view()) == R"({"top_k":7,"name":"n"})");
}

TEST_CASE("a mistyped variable of the environment is an error with a suggestion") {
  CHECK_THAT(
      all_errors(parse("", {{"DORMOUSE_HOST__THREDS", "5"}})),
      Catch::StartsWith("environment: DORMOUSE_HOST__THREDS: names no setting (did you mean 'DORMOUSE_HOST__THREADS'"));
  CHECK_THAT(all_errors(parse("", {{"DORMOUSE_HOST__THREADS", "x"}})), Catch::Contains("DORMOUSE_HOST__THREADS: "));
}

TEST_CASE("a config file that is not there is one error") {
  const ConfigReport report = load_config("/nowhere/x.yaml", {});
  REQUIRE(report.errors.size() == 1);
  CHECK_THAT(report.errors[0].to_string(), Catch::StartsWith("/nowhere/x.yaml: "));
}

TEST_CASE("a listener that others could reach is refused where it is written") {
  CHECK(all_errors(parse("host:\n  control: {listen: '0.0.0.0:8081'}\n")) ==
        "/etc/dormouse/x.yaml:2:21: host.control.listen: it can be reached from other machines; needed a loopback "
        "address, or allow_remote: true; listen on 127.0.0.1, or set allow_remote: true beside it when that is what "
        "you want\n");
  CHECK(all_errors(parse("host: {control: {listen: '0.0.0.0:8081', allow_remote: true}}")) == "");
  CHECK(all_errors(parse("host: {data: {listen: 'here:1'}}")).find("x.yaml:1:23: host.data.listen: 'here' is no IP") !=
        std::string::npos);
  CHECK(all_errors(parse("", {{"DORMOUSE_HOST__CONTROL__LISTEN", "0.0.0.0:8081"}}))
            .find("environment: DORMOUSE_HOST__CONTROL__LISTEN: it can be reached") == 0);
}

TEST_CASE("two listeners on one address are refused") {
  const std::string told = ": both listeners have this address; needed one for each, found '127.0.0.1:9' twice\n";
  CHECK(all_errors(parse("host:\n  data: {listen: '127.0.0.1:9'}\n  control: {listen: '127.0.0.1:9'}\n")) ==
        "/etc/dormouse/x.yaml:3:21: host.control.listen" + told);
  CHECK(
      all_errors(parse("host: {data: {listen: '127.0.0.1:9'}}", {{"DORMOUSE_HOST__CONTROL__LISTEN", "127.0.0.1:9"}})) ==
      "environment: DORMOUSE_HOST__CONTROL__LISTEN" + told);
  CHECK_THAT(all_errors(parse("host: {data: {listen: '127.0.0.1:8081'}}")),
             Catch::Contains("x.yaml:1:23: host.data.listen: both"));
  CHECK(all_errors(parse("host: {data: {listen: '127.0.0.1:0'}, control: {listen: '127.0.0.1:0'}}")) == "");
}

TEST_CASE("a component knows where its keys stand") {
  const ConfigReport report = parse("components:\n  a:\n    plugin: p\n    settings:\n      k: 1\n      l: [2]\n");
  REQUIRE(report.config.components.size() == 1);
  const ComponentConfig& a = report.config.components[0];
  const auto place = [&](std::string_view key) {
    const ComponentConfig::Place found = a.place_of(key);
    return std::to_string(found.line) + ":" + std::to_string(found.column);
  };
  CHECK(place("plugin") == "3:13");
  CHECK(place("settings.k") == "5:10");
  CHECK(place("settings.l") == "6:7");
  CHECK(place("settings.missing") == "4:5");
  CHECK(place("version") == "2:3");
}

TEST_CASE("a renamed key works and warns") {
  const ConfigReport report = parse("host: {log_level: debug}");
  CHECK(all_errors(report) == "");
  CHECK(report.config.host.log.level == "debug");
  REQUIRE(report.warnings.size() == 1);
  CHECK(report.warnings[0].to_string() ==
        "/etc/dormouse/x.yaml:1:8: host.log_level: is called host.log.level now; write that instead");
}

TEST_CASE("of a key and its old name the new one is in force") {
  CHECK(parse("host: {log_level: debug, log: {level: error}}").config.host.log.level == "error");
  CHECK(parse("host: {log: {level: error}, log_level: debug}").config.host.log.level == "error");
  CHECK(parse("host: {log_level: loud}").errors.size() == 1);
}

TEST_CASE("a variable of a renamed key works and warns") {
  const ConfigReport report = parse("", {{"DORMOUSE_HOST__LOG_LEVEL", "warn"}});
  CHECK(all_errors(report) == "");
  CHECK(report.config.host.log.level == "warn");
  REQUIRE(report.warnings.size() == 1);
  CHECK(report.warnings[0].message.find("DORMOUSE_HOST__LOG__LEVEL") != std::string::npos);
  const Environment both{{"DORMOUSE_HOST__LOG_LEVEL", "warn"}, {"DORMOUSE_HOST__LOG__LEVEL", "error"}};
  CHECK(parse("", both).config.host.log.level == "error");
}

TEST_CASE("a key that is to come is refused by name") {
  CHECK(all_errors(parse("host: {log: {access: 0.1}}")) ==
        "/etc/dormouse/x.yaml:1:14: host.log.access: not available yet\n");
  CHECK(parse("", {{"DORMOUSE_HOST__LOG__ACCESS", "1"}}).errors.size() == 1);
}
