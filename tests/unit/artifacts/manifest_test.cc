#include "artifacts/manifest.h"

#include <catch2/catch.hpp>
#include <string>

#include "values/json.h"

using namespace dormouse;

namespace {

constexpr const char* kGood = R"({
  "id": "nlu-language", "version": "1.2.0-rc.1", "abi": "1.0", "help": "Detects languages.",
  "needs": {"network": true, "threads": true, "data": true, "paths": ["/usr/share/lid"], "env": ["LANG"]},
  "types": [{
    "name": "nlu.language", "help": "One language per text.", "default_method": "detect", "needs_model": true,
    "memory_estimate": "12MiB",
    "methods": [
      {"name": "detect", "help": "The language of a text.", "thread": "any", "fast": true,
       "input": {"text": {"type": "string", "help": "any text"}, "hint": "string?"},
       "output": {"code": "string", "confidence": "float"}},
      {"name": "tokens", "input": {"text": "string"}, "output": "list<string>"},
      {"name": "train", "input": {"data": "string"}, "output": "any", "offline": true}],
    "settings": [
      {"name": "top_k", "type": "int", "default": 3, "minimum": 1, "maximum": 10, "help": "how many"},
      {"name": "script", "type": "string", "default": "Latn", "one_of": ["Latn", "Cyrl"]},
      {"name": "token", "type": "string", "help": "the key of the service"},
      {"name": "prior", "type": "map<float>?"}]
  }]})";

Manifest good() {
  Result<Manifest> manifest = parse_manifest(kGood, "m");
  INFO(manifest.status().to_string());
  REQUIRE(manifest.ok());
  return *manifest;
}

// What parse_manifest says about the good one with `from` replaced by `to`.
std::string fault(const std::string& from, const std::string& to) {
  std::string text = kGood;
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
  const Result<Manifest> manifest = parse_manifest(text, "m");
  if (manifest.ok()) return "(accepted)";
  CHECK(manifest.status().code() == Code::invalid_argument);
  return manifest.status().to_string();
}

std::string completed(const std::string& json) {
  const Result<Value> settings = value_from_json(json, "settings");
  REQUIRE(settings.ok());
  const Manifest manifest = good();
  const Result<Value> complete = complete_settings(manifest.types[0], settings->view(), "c");
  return complete.ok() ? to_debug_string(complete->view()) : complete.status().to_string();
}

}  // namespace

TEST_CASE("a manifest reads back with every fact it states") {
  const Manifest m = good();
  CHECK(m.id == "nlu-language");
  CHECK(m.version == "1.2.0-rc.1");
  CHECK(m.help == "Detects languages.");
  CHECK(m.abi_major == 1);
  CHECK(m.abi_minor == 0);
  CHECK((m.needs.network && m.needs.threads && m.needs.data));
  CHECK(m.needs.paths == std::vector<std::string>{"/usr/share/lid"});
  CHECK(m.needs.env == std::vector<std::string>{"LANG"});
  const TypeManifest* type = m.find_type("nlu.language");
  REQUIRE(type);
  CHECK(m.find_type("nlu.other") == nullptr);
  CHECK(type->help == "One language per text.");
  CHECK(type->default_method == "detect");
  CHECK(type->needs_model);
  CHECK(type->memory_estimate_bytes == 12u << 20);
  const MethodManifest* detect = type->find_method("detect");
  REQUIRE(detect);
  CHECK(detect->help == "The language of a text.");
  CHECK(detect->thread == ThreadRule::any);
  CHECK(detect->fast);
  CHECK_FALSE(detect->offline);
  CHECK(detect->input.to_string() == "{text: string, hint: string?}");
  CHECK(detect->input.find_field("text")->help == "any text");
  CHECK(detect->output.to_string() == "{code: string, confidence: float}");
  CHECK(type->find_method("tokens")->thread == ThreadRule::instance);
  CHECK(type->find_method("tokens")->output.to_string() == "list<string>");
  CHECK(type->find_method("train")->offline);
  REQUIRE(type->settings.size() == 4);
  CHECK(to_debug_string(type->settings[0].default_value.view()) == "3");
  CHECK(type->settings[0].minimum == 1.0);
  CHECK(type->settings[0].maximum == 10.0);
  CHECK(type->settings[1].one_of == std::vector<std::string>{"Latn", "Cyrl"});
  CHECK_FALSE(type->settings[2].default_value);
  CHECK(type->settings[3].type.is_optional());
}

TEST_CASE("the only method that serves requests is the default one") {
  const Result<Manifest> m = parse_manifest(
      R"({"id":"a","version":"1.0.0","abi":"1.0","types":[{"name":"a","methods":[
          {"name":"train","input":{},"output":"any","offline":true},
          {"name":"run","input":{},"output":"any"}]}]})",
      "m");
  REQUIRE(m.ok());
  CHECK(m->types[0].default_method == "run");
}

TEST_CASE("a type that offers the host a capability needs no method") {
  const auto parse = [](const std::string& rest) {
    return parse_manifest(R"({"id":"a","version":"1.0.0","abi":"1.0","types":[{"name":"a","methods":[])" + rest + "}]}",
                          "m");
  };
  const Result<Manifest> m = parse(R"(,"capabilities":["dormouse.cache/1"])");
  REQUIRE(m.ok());
  CHECK(m->types[0].offers("dormouse.cache/1"));
  CHECK_FALSE(m->types[0].offers("dormouse.cache/2"));
  CHECK_FALSE(parse("").ok());
  CHECK_FALSE(parse(R"(,"capabilities":["dormouse.cache"])").ok());
  CHECK_FALSE(parse(R"(,"capabilities":["dormouse.cache/1","dormouse.cache/1"])").ok());
}

TEST_CASE("each mistake in a manifest is named with its place") {
  CHECK(fault("\"id\": \"nlu-language\", ", "") == "m: missing key 'id'");
  CHECK(fault("nlu-language", "../x") == "m: id: expected lower-case letters, digits, '.', '_' and '-'");
  CHECK(fault("1.2.0-rc.1", "1.2") == "m: version: expected MAJOR.MINOR.PATCH");
  CHECK(fault("\"help\"", "\"hlep\"") == "m: unknown key 'hlep' (did you mean 'help'?)");
  CHECK(fault("\"network\": true", "\"network\": 1") == "m: needs.network: expected true or false, found number");
  CHECK(fault("/usr/share/lid", "lid") == "m: needs.paths[0]: expected an absolute path");
  CHECK(fault("\"thread\": \"any\"", "\"thread\": \"main\"") ==
        "m: types[0].methods[0].thread: expected 'instance' or 'any', found 'main'");
  CHECK(fault("string?", "strng?")
            .find("m: types[0].methods[0].input.hint: type 'strng?': column 1: unknown type "
                  "'strng' (did you mean 'string'?)") == 0);
  CHECK(fault("\"hint\"", "\"a-b\"") ==
        "m: types[0].methods[0].input.a-b: expected a field name of letters, digits and '_'");
  CHECK(fault("\"default_method\": \"detect\", ", "") ==
        "m: types[0]: missing key 'default_method': there is more than one method");
  CHECK(fault("\"default_method\": \"detect\"", "\"default_method\": \"detct\"") ==
        "m: types[0].default_method: no method 'detct' that serves requests (did you mean 'detect'?)");
  CHECK(fault("\"default_method\": \"detect\"", "\"default_method\": \"train\"") ==
        "m: types[0].default_method: no method 'train' that serves requests");
  CHECK(fault("\"offline\": true", "\"offline\": false") ==
        "m: types[0].needs_model: a type that needs a model has an offline method 'train'");
  CHECK(fault("\"tokens\"", "\"detect\"") == "m: types[0].methods[1].name: a second 'detect'");
  CHECK(fault("12MiB", "12 potatoes").find("m: types[0].memory_estimate: ") == 0);
  CHECK(fault("\"default\": 3", "\"default\": \"3\"") == "m: types[0].settings[0].default: expected int, found string");
  CHECK(fault("\"default\": 3", "\"default\": 30") == "m: types[0].settings[0].default: expected at most 10, found 30");
  CHECK(fault("\"minimum\": 1", "\"minimum\": 11") ==
        "m: 2 mistakes:\n  types[0].settings[0]: minimum is larger than maximum\n"
        "  types[0].settings[0].default: expected at least 11, found 3");
  CHECK(fault("\"default\": \"Latn\"", "\"default\": \"Latin\"") ==
        "m: types[0].settings[1].default: expected one of 'Latn', 'Cyrl', found \"Latin\" (did you mean 'Latn'?)");
  CHECK(fault("\"one_of\": [\"Latn\", \"Cyrl\"]", "\"minimum\": 1") ==
        "m: types[0].settings[1]: minimum and maximum are for int and float");
  CHECK(fault("\"name\": \"token\"", "\"name\": \"top_k\"") == "m: types[0].settings[2].name: a second 'top_k'");
}

TEST_CASE("all mistakes of a manifest are in one message") {
  const Result<Manifest> m = parse_manifest(R"({"id":"A","version":"x","abi":"1.0","types":[],"typs":1})", "m");
  REQUIRE_FALSE(m.ok());
  CHECK(m.status().error().message ==
        "4 mistakes:\n  unknown key 'typs' (did you mean 'types'?)\n"
        "  id: expected lower-case letters, digits, '.', '_' and '-'\n"
        "  version: expected MAJOR.MINOR.PATCH\n  types: expected at least one type");
}

TEST_CASE("another ABI version is refused before anything else of a manifest is judged") {
  for (const char* abi : {"2.0", "1.1", "0.9"}) {
    const std::string text = std::string(R"({"abi":")") + abi + R"(","something":"new"})";
    const Result<Manifest> m = parse_manifest(text, "m");
    REQUIRE_FALSE(m.ok());
    const Error& error = m.status().error();
    CHECK(error.code == Code::invalid_argument);
    CHECK(error.needed == "ABI 1.0");
    CHECK(error.found == abi);
    CHECK_FALSE(error.remedy.empty());
  }
  CHECK(fault("\"abi\": \"1.0\"", "\"abi\": \"1\"") == "m: abi: expected MAJOR.MINOR, like \"1.0\"");
  CHECK(fault("\"abi\": \"1.0\"", "\"abi\": \"1.0 \"") == "m: abi: expected MAJOR.MINOR, like \"1.0\"");
  CHECK(fault("\"abi\": \"1.0\", ", "") == "m: missing key 'abi'");
}

TEST_CASE("text that is no manifest is refused") {
  for (const char* text : {"", "[]", "null", "{", "{\"abi\":1}", "{\"abi\":\"1.0\",\"types\":{}}", "\xFF"})
    CHECK(parse_manifest(text, "m").status().code() == Code::invalid_argument);
}

TEST_CASE("a manifest with thousands of mistakes gives a short message") {
  std::string text = R"({"abi":"1.0")";
  for (int i = 0; i < 5000; ++i) text += ",\"unknown" + std::to_string(i) + "\":1";
  const Result<Manifest> m = parse_manifest(text + "}", "m");
  REQUIRE_FALSE(m.ok());
  CHECK(m.status().to_string().size() < 4000);
}

TEST_CASE("settings are completed with defaults in the order of the manifest") {
  CHECK(completed(R"({"token":"secret"})") == R"({"top_k":3,"script":"Latn","token":"secret"})");
  CHECK(completed(R"({"prior":{"deu":0.5},"token":"secret","top_k":10,"script":"Cyrl"})") ==
        R"({"top_k":10,"script":"Cyrl","token":"secret","prior":{"deu":0.5}})");
}

TEST_CASE("all mistakes in settings are in one message") {
  CHECK(completed(R"({"top_k":"many","token":"x"})") == "c: setting 'top_k': expected int, found string");
  CHECK(completed(R"({"top_k":0,"script":"Greek","tokn":"x"})") ==
        "c: 4 mistakes:\n  unknown setting 'tokn' (did you mean 'token'?)\n"
        "  setting 'top_k': expected at least 1, found 0\n"
        "  setting 'script': expected one of 'Latn', 'Cyrl', found \"Greek\"\n"
        "  setting 'token': required, of type string (the key of the service)");
  CHECK(completed("[]").find("expected a map of settings, found list") != std::string::npos);
}

TEST_CASE("a setting is of its type and within minimum and maximum and one_of") {
  CHECK(completed(R"({"top_k":11,"token":"x"})").find("expected at most 10, found 11") != std::string::npos);
  CHECK(completed(R"({"top_k":0,"token":"x"})").find("expected at least 1, found 0") != std::string::npos);
  CHECK(completed(R"({"script":"Greek","token":"x"})").find("expected one of 'Latn', 'Cyrl'") != std::string::npos);
  CHECK(completed(R"({"top_k":"many","token":"x"})").find("expected int, found string") != std::string::npos);
}

TEST_CASE("settings may be absent altogether when all have defaults") {
  const Result<Manifest> m = parse_manifest(
      R"({"id":"a","version":"1.0.0","abi":"1.0","types":[{"name":"a","methods":[
          {"name":"run","input":{},"output":"any"}],"settings":[{"name":"x","type":"float","default":1}]}]})",
      "m");
  REQUIRE(m.ok());
  const Result<Value> settings = complete_settings(m->types[0], dm_value_none(), "c");
  REQUIRE(settings.ok());
  CHECK(to_debug_string(settings->view()) == R"({"x":1})");
}
