#include "graph/check.h"

#include <catch2/catch.hpp>

#include "base/file.h"
#include "unit/pipeline/script_host.h"

using namespace dormouse;

namespace {

// Errors of a script that is `local dm ...` on line 1 and `text` from line 2 on.
struct Checked_script : ScriptHostFixture {
  Checked_script() {
    components->add("nlu.language", "{text: string, top: int?}",
                    "{code: string, script: string, confidence: float, region: string?}");
    components->add("nlu.intent", "{text: string, language: string?}", "{name: string, confidence: float}");
    components->add("nlu.entities", "{text: string}", "{entities: list<{type: string}>}");
  }
  std::string errors(const std::string& text) {
    write("pipelines/t.lua",
          "local dm = require 'dormouse'; local stage, parallel, ref = dm.stage, dm.parallel, dm.ref\n" + text);
    return errors_of(start().load(true));
  }
  // The body of a pipeline `p` with input text and user.
  std::string body(const std::string& text) {
    return errors("return dm.pipeline('p', { input = { text = 'string', user = 'string?' },\n" + text + "\n})");
  }
};

const char* kLanguage = "stage('language', { component = 'nlu.language', input = { text = ref.request.text } }),";

}  // namespace

TEST_CASE("an input field the component does not take is shown with a suggestion") {
  Checked_script t;
  t.write("pipelines/t.lua", "");
  CHECK(t.errors(R"(return dm.pipeline("assistant", {
  input = { text = "string" },
  stage("language", { component = "nlu.language", input = { text = ref.request.text } }),
  parallel("understand", { on_error = "partial",
    stage("intent", { component = "nlu.intent",
      input = { text = ref.request.text, langage = ref.language.code },
      fallback = { name = "unknown", confidence = 0 } }),
  }),
  output = { intent = ref.intent },
}))") == "t.lua:7: stage assistant/understand/intent: component 'nlu.intent' has no input 'langage'; it takes text: "
         "string, language: string?\n"
         "    7 |       input = { text = ref.request.text, langage = ref.language.code },\n"
         "      |                                          ^^^^^^^ did you mean 'language'?\n");
}

TEST_CASE("an unknown component is shown with near names") {
  Checked_script t;
  CHECK(t.body("stage('language', { component = 'nlu.langage', input = { text = ref.request.text } }),\noutput = "
               "ref.language") ==
        "t.lua:3: stage p/language: unknown component 'nlu.langage'\n"
        "    3 | stage('language', { component = 'nlu.langage', input = { text = ref.request.text } }),\n"
        "      |                                 ^^^^^^^^^^^^^ did you mean 'nlu.language'?\n");
}

TEST_CASE("a wrong type is shown under its value") {
  Checked_script t;
  CHECK(
      t.body("stage('language', {\n  component = 'nlu.language',\n  input = { text = 7 } }),\noutput = ref.language") ==
      "t.lua:5: stage p/language: input 'text' of component 'nlu.language': expected string, found number\n"
      "    5 |   input = { text = 7 } }),\n"
      "      |                    ^\n");
}

TEST_CASE("an unknown key is shown with a suggestion") {
  Checked_script t;
  CHECK(t.body("stage('language', { component = 'nlu.language', timeot = '5ms', input = { text = ref.request.text } "
               "}),\noutput = ref.language") ==
        "t.lua:3: stage p/language: unknown key 'timeot' in a stage\n"
        "    3 | stage('language', { component = 'nlu.language', timeot = '5ms', input = { text = ref.request.text } "
        "}),\n"
        "      |                                                 ^^^^^^ did you mean 'timeout'?\n");
}

TEST_CASE("reading what may be absent asks for a default") {
  Checked_script t;
  CHECK(t.body(
            "stage('entities', { component = 'nlu.entities', optional = true, input = { text = ref.request.text } }),\n"
            "output = { entities = ref.entities.entities }") ==
        "t.lua:4: stage 'entities' may be absent (optional)\n"
        "    4 | output = { entities = ref.entities.entities }\n"
        "      |                           ^^^^^^^^ write ref.entities.entities:default(...)\n");
  CHECK(t.body(
            "stage('entities', { component = 'nlu.entities', optional = true, input = { text = ref.request.text } }),\n"
            "output = { entities = ref.entities.entities:default({}) }") == "");
}

TEST_CASE("a field that may be absent does not fit where a value is needed") {
  Checked_script t;
  CHECK(t.body("stage('language', { component = 'nlu.language', input = { text = ref.request.user } }),\noutput = "
               "ref.language") ==
        "t.lua:3: stage p/language: input 'text' of component 'nlu.language': expected string, found string? which may "
        "be absent\n"
        "    3 | stage('language', { component = 'nlu.language', input = { text = ref.request.user } }),\n"
        "      |                                                                  ^^^^^^^^^^^^^^^^ write "
        "ref.request.user:default(...)\n");
  CHECK(t.body("stage('i', { component = 'nlu.intent', input = { text = 'x', language = ref.request.user } }),\noutput "
               "= ref.i") == "");
}

TEST_CASE("all errors of all files are told at once") {
  Checked_script t;
  t.write("pipelines/a.lua", "local x = = 1");
  t.write("pipelines/b.lua", "io.write('x')");
  t.write("pipelines/c.lua", "");
  const std::string errors = t.body(
      "stage('a', { component = 'nlu.language' }),\nstage('b', { component = 'nope', retry = {} }),\noutput = { x = "
      "ref.c.d }");
  CHECK(errors.find("a.lua:1: unexpected symbol near '='") != std::string::npos);
  CHECK(errors.find("b.lua:1: 'io' is not available in scripts") != std::string::npos);
  CHECK(errors.find("c.lua: the script returns nothing; end it with 'return dm.pipeline(...)'") != std::string::npos);
  CHECK(errors.find("stage p/a: component 'nlu.language' needs input 'text': string") != std::string::npos);
  CHECK(errors.find("stage p/b: unknown component 'nope'") != std::string::npos);
  CHECK(errors.find("stage p/b: 'retry' is not available yet") != std::string::npos);
  CHECK(errors.find("unknown stage 'c' in ref.c.d") != std::string::npos);
}

TEST_CASE("an unknown method is shown with near names") {
  Checked_script t;
  CHECK(t.body("stage('a', { component = 'nlu.language', method = 'rum', input = { text = 'x' } }),\noutput = ref.a")
            .find("component 'nlu.language' has no method 'rum'") != std::string::npos);
}

TEST_CASE("an offline method cannot be called") {
  Checked_script t;
  static_cast<FakeComponent*>(t.components->find("nlu.intent"))->add_method("train", "{}", "any").offline = true;
  CHECK(t.body("stage('a', { component = 'nlu.intent', method = 'train' }),\noutput = ref.a")
            .find("method 'train' of component 'nlu.intent' is offline: pipelines cannot call it") !=
        std::string::npos);
}

TEST_CASE("a stage reads only what comes before it") {
  Checked_script t;
  const std::string later =
      t.body(std::string("stage('i', { component = 'nlu.intent', input = { text = ref.language.code } }),\n") +
             kLanguage + "output = ref.i");
  CHECK(later.find("stage 'i' reads 'language', which comes after it") != std::string::npos);
  CHECK(later.find("list 'language' first") != std::string::npos);
  CHECK(t.body("stage('i', { component = 'nlu.intent', input = { text = ref.i.name } }),\noutput = ref.i")
            .find("stage 'i' reads itself") != std::string::npos);
  CHECK(t.body(std::string("parallel('g', {") + kLanguage +
               "stage('i', { component = 'nlu.intent', input = { text = ref.language.code } }) }),\noutput = ref.i")
            .find("stage 'i' reads 'language', which runs beside it") != std::string::npos);
}

TEST_CASE("stage names are one flat namespace") {
  Checked_script t;
  CHECK(t.body(std::string(kLanguage) + "parallel('g', {" + kLanguage + "}),\noutput = ref.language")
            .find("stage p/g/language: a second stage named 'language' in this pipeline") != std::string::npos);
}

TEST_CASE("a stage in no pipeline is an error") {
  Checked_script t;
  CHECK(t.errors("local lost = stage('lost', { component = 'nlu.language' })\nreturn dm.pipeline('p', { output = {} })")
            .find("stage lost: stage 'lost' is in no pipeline") != std::string::npos);
}

TEST_CASE("a field a stage does not answer is shown with those it does") {
  Checked_script t;
  const std::string error = t.body(std::string(kLanguage) + "\noutput = { x = ref.language.cod }");
  CHECK(error.find("ref.language has no field 'cod'; it has code: string, script: string") != std::string::npos);
  CHECK(error.find("did you mean 'code'?") != std::string::npos);
  CHECK(t.body(std::string(kLanguage) + "\noutput = { x = ref.language.code.x }")
            .find("ref.language.code is string: it has no fields") != std::string::npos);
}

TEST_CASE("members of a partial parallel need a default unless they have a fallback") {
  Checked_script t;
  const std::string group = std::string("parallel('g', { on_error = 'partial', ") + kLanguage + "}),\n";
  CHECK(t.body(group + "output = { x = ref.language.code }")
            .find("stage 'language' may be absent (on_error = \"partial\")") != std::string::npos);
  CHECK(t.body(group + "output = { x = ref.language.code:default('und') }") == "");
  CHECK(t.body("parallel('g', { on_error = 'partial', stage('i', { component = 'nlu.intent', input = { text = 'x' }, "
               "fallback = { name = 'n', confidence = 1 } }) }),\noutput = { x = ref.i.name }") == "");
}

TEST_CASE("a group has a value only when one of its stages wins") {
  Checked_script t;
  const std::string members =
      "stage('a', { component = 'nlu.intent', input = { text = 'x' } }), stage('b', { component = 'nlu.intent', input "
      "= { text = 'y' } }) }),\n";
  CHECK(t.body("parallel('g', { " + members + "output = ref.g").find("parallel 'g' has no value of its own") !=
        std::string::npos);
  CHECK(t.body("parallel('g', { join = 'any', " + members + "output = { n = ref.g.name }") == "");
  CHECK(t.body("parallel('g', { join = 'any', " + members + "output = { n = ref.a.name }").find("(join = \"any\")") !=
        std::string::npos);
  CHECK(t.body("parallel('g', { join = 'quorum', " + members + "output = {}")
            .find("join = \"quorum\" needs quorum = 1 to 2") != std::string::npos);
}

TEST_CASE("a default has to fit the field it stands for") {
  Checked_script t;
  CHECK(t.body(std::string(kLanguage) + "\noutput = { x = ref.language.region:default(5) }")
            .find("the default of ref.language.region does not fit: expected string, found number") !=
        std::string::npos);
}

TEST_CASE("a static fallback has to be what the component returns") {
  Checked_script t;
  const std::string error = t.body(
      "stage('i', { component = 'nlu.intent', input = { text = 'x' },\n  fallback = { name = 'n', confidence = 'high' "
      "} }),\noutput = ref.i");
  CHECK(error ==
        "t.lua:4: stage p/i: the fallback is not what component 'nlu.intent' returns: /confidence: expected float, "
        "found string\n"
        "    4 |   fallback = { name = 'n', confidence = 'high' } }),\n"
        "      |                                         ^^^^^^ it returns {name: string, confidence: float}\n");
  CHECK(t.body("stage('i', { component = 'nlu.intent', input = { text = 'x' }, fallback = { name = ref.request.text } "
               "}),\noutput = ref.i")
            .find("'fallback' holds a ref: it is a constant or a function(ctx, err)") != std::string::npos);
}

TEST_CASE("timeouts that cannot fit the deadline are refused") {
  Checked_script t;
  const std::string two =
      "stage('a', { component = 'nlu.intent', timeout = '60ms', input = { text = 'x' } }),\n"
      "stage('b', { component = 'nlu.intent', timeout = '60ms', input = { text = ref.a.name } }),\n output = ref.b";
  CHECK(t.body("deadline = '100ms', " + two)
            .find("stage p/b: timeout 60ms after 60ms of the stages it waits for cannot fit the deadline of 100ms") !=
        std::string::npos);
  CHECK(t.body("deadline = '120ms', " + two) == "");
}

TEST_CASE("values of the wrong kind are refused for every key") {
  Checked_script t;
  const std::string errors = t.body(
      "deadline = 5, stage('a', { component = 7, timeout = 'soon', optional = 'yes', run = 1, input = true }),\noutput "
      "= 3");
  for (const char* expected :
       {"'deadline' expects a duration such as \"25ms\", at most 365 days, found number 5",
        "'component' expects a name, found number 7",
        "'timeout' expects a duration such as \"25ms\", at most 365 days, found 'soon'",
        "'optional' expects true or false, found 'yes'", "'run' expects a function(ctx), found number 1",
        "'input' expects a table, a ref or a function(ctx), found boolean",
        "'output' expects a table or a ref, found number 3"})
    CHECK(errors.find(expected) != std::string::npos);
}

TEST_CASE("a duration of more than a year is refused as too long") {
  Checked_script t;
  const std::string stage = std::string(kLanguage) + "output = ref.language";
  CHECK_THAT(t.body("deadline = '99999999h', " + stage),
             Catch::Contains("'deadline' expects a duration such as \"25ms\", at most 365 days, found '99999999h'"));
  CHECK_THAT(t.body("deadline = '8761h', " + stage), Catch::Contains("at most 365 days, found '8761h'"));
  CHECK(t.body("deadline = '8760h', " + stage) == "");
}

TEST_CASE("a script that begins with a byte order mark is read without it") {
  Checked_script t;
  const auto errors = [&](const std::string& text) {
    t.write("pipelines/t.lua", text);
    return t.errors_of(t.start().load(true));
  };
  const std::string text =
      "local dm = require 'dormouse'; local stage, ref = dm.stage, dm.ref\n"
      "return dm.pipeline('p', { input = { text = 'string' },\n" +
      std::string(kLanguage) + " output = ref.language })";
  CHECK(errors("\xef\xbb\xbf" + text) == "");
  // Lines are still counted from the first, and a mark anywhere else is a fault.
  CHECK_THAT(errors("\xef\xbb\xbf\nreturn ("), Catch::StartsWith("t.lua:2:"));
  CHECK(errors("\xef\xbb\xbf\xef\xbb\xbf" + text) != "");
}

TEST_CASE("a stage is a component or a function and not both") {
  Checked_script t;
  CHECK(t.body("stage('a', {}),\noutput = {}").find("stage 'a' has neither a component nor a run function") !=
        std::string::npos);
  CHECK(t.body("stage('a', { component = 'nlu.intent', run = function() end, input = { text = 'x' } }),\noutput = {}")
            .find("stage 'a' has both a component and a run function") != std::string::npos);
  CHECK(t.body("stage('a', { run = function() end, input = {} }),\noutput = {}")
            .find("'input' goes with a component; a run function reads its ctx") != std::string::npos);
}

TEST_CASE("what is designed and not built says so") {
  Checked_script t;
  for (const char* key : {"retry", "hedge", "circuit_breaker", "when", "per_try_timeout", "on_cold"})
    CHECK(t.body("stage('a', { component = 'nlu.intent', input = { text = 'x' }, " + std::string(key) +
                 " = {} }),\noutput = ref.a")
              .find("'" + std::string(key) + "' is not available yet") != std::string::npos);
  for (const char* name : {"branch", "map", "ensemble", "flag", "circuit_breaker", "pool_budget"})
    CHECK(t.errors("dm." + std::string(name) + "('x', {})").find("dm." + std::string(name) + " is not available yet") !=
          std::string::npos);
  CHECK(t.errors("dm.stge('x', {})").find("dormouse has no 'stge': did you mean 'stage'?") != std::string::npos);
}

TEST_CASE("computing with a ref says what to do instead") {
  Checked_script t;
  CHECK(t.body("stage('a', { component = 'nlu.intent', input = { text = ref.request.text .. '!' } }),\noutput = ref.a")
            .find("t.lua:3: 'ref.request.text' is not a value yet: a ref stands for one that exists when a request "
                  "runs; compute with it in a stage, run = function(ctx) ... end\n") != std::string::npos);
  for (const char* misuse :
       {"#ref.a.b", "ref.a.b < 1", "1 <= ref.a.b", "ref.a.b == ref.a.b", "-ref.a.b", "ref.a.b ^ 2", "tostring(ref.a.b)",
        "('%s'):format(ref.a.b)", "ref.a.b | 1", "pairs(ref.a.b)", "ref.a.b()"}) {
    INFO(misuse);
    CHECK(t.errors(std::string("local ref = dm.ref; local x = ") + misuse).find("'ref.a.b' is not a value yet") !=
          std::string::npos);
  }
}

TEST_CASE("an element of a list may be absent and needs a default where a value is needed") {
  Checked_script t;
  CHECK(t.body("stage('e', { component = 'nlu.entities', input = { text = ref.request.text } }),\n"
               "stage('l', { component = 'nlu.language', input = { text = ref.e.entities[1].type } }),\n"
               "output = ref.l")
            .find("write ref.e.entities[1].type:default(...)") != std::string::npos);
}

TEST_CASE("a pipeline has an output and a known input type") {
  Checked_script t;
  CHECK(t.errors("return dm.pipeline('p', { })").find("pipeline 'p' has no output") != std::string::npos);
  CHECK(t.errors("return dm.pipeline('p', { input = { a = 'strin' }, output = {} })").find("unknown type 'strin'") !=
        std::string::npos);
  CHECK(t.errors("return { dm.pipeline('p', { output = {} }), dm.pipeline('p', { output = {} }) }")
            .find("a second pipeline named 'p'") != std::string::npos);
}

TEST_CASE("types of the output are known") {
  Checked_script t;
  REQUIRE(t.body(std::string(kLanguage) + "\noutput = { l = ref.language.code, n = { 1, 2 }, u = ref.request.user }") ==
          "");
  t.start().load(false);
  const std::vector<PipelineInfo> infos = t.engine->pipelines();
  REQUIRE(infos.size() == 1);
  CHECK(infos[0].output.to_string() == "{l: string, n: list<int>, u: string?}");
  CHECK(infos[0].input.to_string() == "{text: string, user: string?}");
  CHECK(infos[0].components == std::vector<std::string>{"nlu.language"});
  CHECK(infos[0].stages.at(0).method == "run");
}

TEST_CASE("a stage that nobody reads is a warning") {
  Checked_script t;
  REQUIRE(t.body(std::string(kLanguage) + "\noutput = {}") == "");
  const LoadReport report = t.start().load(true);
  REQUIRE(report.warnings.size() == 1);
  CHECK(report.warnings[0].message == "nothing reads stage 'language'");
}

TEST_CASE("pools of policies inherit from the pool of everybody") {
  Checked_script t;
  t.write("policies/p.lua",
          "local dm = require 'dormouse'\n"
          "dm.pool('nlu.intent', { max_instances = 8, max_batch = 16, max_delay = '2ms', idle = { unload = '1h' } })\n"
          "dm.pool('*', { max_pending = 7, idle = { trim = '10s', park = '20s', unload = '30s' } })\n");
  REQUIRE(t.body("output = {}") == "");
  t.engine->load(false);
  REQUIRE(t.components->pools.size() == 2);
  const PoolPolicy& intent = t.components->pools[0].policy;
  CHECK(t.components->pools[0].name == "nlu.intent");
  CHECK(intent.max_instances == 8);
  CHECK(intent.max_pending == 7);
  CHECK(intent.max_batch == 16u);
  CHECK(intent.max_delay == std::chrono::milliseconds(2));
  CHECK_FALSE(t.components->pools[1].policy.max_batch.has_value());
  CHECK(intent.idle_trim == std::chrono::seconds(10));
  CHECK(intent.idle_unload == std::chrono::hours(1));
}

TEST_CASE("mistakes in a pool are refused") {
  Checked_script t;
  t.write("policies/p.lua",
          "local dm = require 'dormouse'\n"
          "dm.pool('nlu.itent', { max_instance = 8, max_wait = 5, idle = { unlod = '1h' } })\n"
          "dm.pool('nlu.intent', { max_delay = '2s' })\n"
          "dm.pool('*', { min_idle = 3, max_instances = 2, idle = { trim = '2m', park = '1m' } })\n"
          "dm.pool('*', {})\n");
  const std::string errors = t.body("output = {}");
  for (const char* expected :
       {"unknown component 'nlu.itent'", "unknown key 'max_instance' in a pool", "did you mean 'max_instances'?",
        "'max_wait' expects a duration", "unknown key 'unlod' in idle", "min_idle 3 is more than max_instances 2",
        "idle.trim 2m comes after idle.park 1m", "a second dm.pool for '*'; the first is on line 4",
        "max_delay 2s is not less than max_wait 1s"})
    CHECK(errors.find(expected) != std::string::npos);
}

TEST_CASE("a cache is kept by the only component that offers one") {
  Checked_script t;
  t.components->add("cache.memory", "{}", "{}").offer_cache();
  t.write("policies/p.lua", "local dm = require 'dormouse'; dm.cache('answers', { ttl = '10m' })");
  CHECK(t.body("stage('language', { component = 'nlu.language', input = { text = ref.request.text }, cache = "
               "'answers' }),\noutput = ref.language") == "");
}

TEST_CASE("mistakes in a cache are refused") {
  Checked_script t;
  t.write("pipelines/t.lua", "local dm = require 'dormouse'; return dm.pipeline('p', { output = {} })");
  const auto errors = [&](const std::string& policies) {
    t.write("policies/p.lua", "local dm = require 'dormouse'; " + policies);
    return t.errors_of(t.start().load(true));
  };
  CHECK(errors("dm.cache('a', {})").find("no configured component offers a cache") != std::string::npos);
  t.components->add("cache.memory", "{}", "{}").offer_cache();
  CHECK(errors("dm.cache('a', {})") == "");
  const std::pair<const char*, const char*> kCases[] = {
      {"dm.cache('a', { max_byte = '1MiB' })", "did you mean 'max_bytes'?"},
      {"dm.cache('a', { max_bytes = 17 })", "'max_bytes' expects a size such as \"64MiB\", found number 17"},
      {"dm.cache('a', { max_bytes = '1KiB' })", "max_bytes is at least 64 KiB"},
      {"dm.cache('a', { ttl = 5 })", "'ttl' expects a duration"},
      {"dm.cache('a', { tags = { 'kb', 7 } })", "'tags[2]' expects a name, found number 7"},
      {"dm.cache('a', { ttl_jitter = 2 })", "'ttl_jitter' expects a number from 0 to 1"},
      {"dm.cache('a', { tiers = { 'nlu.intent' } })", "component 'nlu.intent' offers no cache"},
      {"dm.cache('a', { tiers = { 'cache.memry' } })", "did you mean 'cache.memory'?"},
      {"dm.cache('a', { tiers = { 'cache.memory', 'cache.memory' } })", "more than one tier is not available yet"},
      {"dm.cache('a', { version_by = { 'plugn' } })", "'version_by' knows \"plugin\" and \"script\", not 'plugn'"},
      {"dm.cache('a', { what_if = { 'lru' } })", "'what_if' is not available yet"},
      {"dm.cache('a', {}); dm.cache('a', {})", "a second dm.cache named 'a'; the first is on line 1"},
      {"dm.cache('a', { admission = { max_entry = '1GiB' } })", "max_entry is larger than max_bytes"},
      {"dm.cache('no name', {})", "'no name' is no name"},
  };
  for (const auto& [script, expected] : kCases) {
    INFO(script);
    CHECK_THAT(errors(script), Catch::Contains(expected));
  }
  t.components->add("cache.other", "{}", "{}").offer_cache();
  CHECK_THAT(errors("dm.cache('a', {})"), Catch::Contains("several components offer a cache"));
  CHECK(errors("dm.cache('a', { tiers = { 'cache.other' } })") == "");
}

TEST_CASE("mistakes in the cache of a stage are shown where they stand") {
  Checked_script t;
  t.components->add("cache.memory", "{}", "{}").offer_cache();
  t.write("policies/p.lua", "local dm = require 'dormouse'; dm.cache('answers', {})");
  const auto errors = [&](const std::string& cache) {
    return t.body(std::string(kLanguage) +
                  "\nstage('intent', { component = 'nlu.intent', input = { text = "
                  "ref.request.text }, cache = " +
                  cache + " }),\noutput = { ref.language.code, ref.intent.name }");
  };
  CHECK(errors("'answers'") == "");
  CHECK(errors("{ use = 'answers', key = { ref.request.text, ref.language.code }, tags = { 'kb', ref.language.code }, "
               "ttl = '1m' }") == "");
  const std::pair<const char*, const char*> kCases[] = {
      {"'answer'", "did you mean 'answers'?"},
      {"{ key = { ref.request.text } }", "cache = { ... } needs use = the name of a dm.cache"},
      {"{ use = 'answers', key = 'text' }", "'key' expects a ref, or a table of refs and constants"},
      {"{ use = 'answers', key = { ref.request.txt } }", "has no field 'txt'"},
      {"{ use = 'answers', key = { ref.intent.name } }", "reads itself"},
      {"{ use = 'answers', tags = { ref.language.confidence } }", "a tag: "},
      {"{ use = 'answers', tags = { string.rep('x', 257) } }", "a tag has at most 256 bytes"},
      {"{ use = 'answers', versions_of = { 'nlu.intent' } }", "'versions_of' is for what a run function calls"},
      {"{ use = 'answers', versions_of = { 'nlu.inten' } }", "did you mean 'nlu.intent'?"},
      {"{ use = 'answers', versions_of = 'nlu.intent' }", "'versions_of' expects a list of components"},
      {"{ use = 'answers', tags = 'kb' }", "'tags' expects a list of strings and refs"},
      {"{ use = 'answers', max_bytes = '1MiB' }", "unknown key 'max_bytes' in cache"},
      {"5", "'cache' expects the name of a dm.cache, or a table"},
  };
  for (const auto& [cache, expected] : kCases) {
    INFO(cache);
    CHECK_THAT(errors(cache), Catch::Contains(expected));
  }
  CHECK_THAT(t.body("stage('f', { run = function(ctx) return 1 end, cache = 'answers' }),\noutput = ref.f"),
             Catch::Contains("its cache needs a key"));
}

TEST_CASE("pools and pipelines stay in their own kind of script") {
  Checked_script t;
  CHECK(t.errors("dm.pool('*', {})").find("dm.pool belongs into a policy script") != std::string::npos);
  CHECK(t.errors("dm.cache('a', {})").find("dm.cache belongs into a policy script") != std::string::npos);
  t.write("policies/p.lua", "require('dormouse').pipeline('x', { output = {} })");
  CHECK(t.body("output = {}").find("dm.pipeline belongs into a pipeline script") != std::string::npos);
}

namespace {

// As nlu-language describes it.
void add_detect(FakeComponents& components) {
  components.add("nlu.language", "{}", "{}")
      .replace_methods("detect", "{text: string, top: int?}",
                       "{code: string, script: string, confidence: float, "
                       "alternatives: list<{code: string, script: string, confidence: float}>}");
}

// As nlu-intent and nlu-entities describe them.
void add_understanding(FakeComponents& components) {
  components.add("nlu.intent", "{}", "{}")
      .replace_methods("classify", "{text: string, language: string?}",
                       "{name: string, confidence: float, out_of_scope: bool, "
                       "alternatives: list<{name: string, confidence: float}>}");
  components.add("nlu.entities", "{}", "{}")
      .replace_methods("extract",
                       "{text: string, language: string?, language_confidence: float?, types: list<string>?}",
                       "{entities: list<{type: string, text: string, start: int, end: int, value: any?, "
                       "confidence: float}>}");
}

}  // namespace

TEST_CASE("the scripts of the repository are sound") {
  Checked_script t;
  add_detect(*t.components);
  add_understanding(*t.components);
  for (const char* name : {"embed.lsa", "search.text", "search.vectors", "search.rank"})
    t.components->add(name, "{}", "{}");
  t.components->add("cache.memory", "{}", "{}").offer_cache();
  t.options.pipelines = {DORMOUSE_SCRIPTS "/pipelines"};
  t.options.policies = {DORMOUSE_SCRIPTS "/policies"};
  CHECK(t.errors_of(t.start().load(false)) == "");
  CHECK(t.engine->find("assistant"));
  CHECK(t.components->pools.size() == 2);
}

TEST_CASE("the example in the scripts page is sound") {
  Checked_script t;
  add_detect(*t.components);
  const Result<std::string> page = read_file(DORMOUSE_SCRIPTS "/README.md", 1 << 20);
  REQUIRE(page.ok());
  const size_t begin = page->find("```lua\n") + 7;
  t.write("pipelines/t.lua", page->substr(begin, page->find("```", begin) - begin));
  t.components->add("cache.memory", "{}", "{}").offer_cache();
  t.write("policies/p.lua", "require 'dormouse'.cache('answers', {})");
  CHECK(t.errors_of(t.start().load(false)) == "");
  CHECK(t.engine->find("name"));
}

TEST_CASE("tables that share tables are visited once and not unfolded without end") {
  Checked_script t;
  const std::string shared = "local t = { LEAF } for _ = 1, 25 do t = { t, t } end\n";
  const auto described = [&](const char* leaf, const char* stage) {
    std::string text = shared + "return dm.pipeline('p', { input = { a = 'int' }, " + stage + ", output = ref.s })";
    text.replace(text.find("LEAF"), 4, leaf);
    return t.errors(text);
  };
  const std::string unfolded = described("1", "stage('s', { run = function() return 1 end, fallback = t })");
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  // Slowed down, the load may use up its CPU time before the value is too large.
  CHECK_THAT(unfolded, Catch::Contains("larger than allowed") || Catch::Contains("of CPU time"));
#else
  CHECK_THAT(unfolded, Catch::Contains("larger than allowed"));
#endif
  CHECK(described("ref.request.a", "stage('s', { component = 'nlu.entities', input = { text = t } })")
            .find("more than 10000 values and tables") != std::string::npos);
  CHECK(described("ref.request.a", "stage('s', { run = function() return 1 end, fallback = t })")
            .find("'fallback' holds a ref") != std::string::npos);
}

TEST_CASE("what a script describes is bounded") {
  Checked_script t;
  CHECK(t.errors("for i = 1, 5001 do stage('s' .. i, { run = function() end }) end")
            .find("a script describes at most 5000 stages, pipelines, pools and caches") != std::string::npos);
  CHECK(t.errors(
             "local s = ('x'):rep(1 << 20)\nfor i = 1, 100 do stage('s' .. i, { run = function() end, fallback = s }) "
             "end")
            .find("the refs and constants of a script take at most 33554432 bytes") != std::string::npos);
  CHECK(t.errors("local keep = {}\nfor i = 1, 1e6 do keep[i] = ref.request.text end")
            .find("the refs and constants of a script take at most 33554432 bytes") != std::string::npos);
  CHECK(t.errors("local x = ref.request[('x'):rep(1000)]").find("a name in a ref is too long") != std::string::npos);
  CHECK(
      t.errors(
           "local tags = {}\nfor i = 1, 1000 do tags[i] = i end\n"
           "return dm.pipeline('p', { input = {}, stage('s', { run = function() end, cache = { use = 'c', tags = tags "
           "} }), output = ref.s })")
          .size() < 20'000);
}
