#include "pipeline/kinds/group.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "unit/pipeline/script_host.h"

using namespace dormouse;
using namespace std::chrono_literals;

namespace {

struct ThreeMembers : ScriptHostFixture {
  FakeComponent& a = components->add("a", "{text: string}", "{text: string}");
  FakeComponent& b = components->add("b", "{text: string}", "{text: string}");
  FakeComponent& c = components->add("c", "{text: string}", "{text: string}");

  ThreeMembers() {
    for (FakeComponent* component : {&a, &b, &c}) {
      component->inline_calls = false;
      component->answer = [component](const Value&) -> Result<Value> {
        return text_map({{"text", component->name()}});
      };
    }
    a.takes = 10ms;
    b.takes = 20ms;
    c.takes = 30ms;
  }
  void fail(FakeComponent& component) {
    component.answer = [&component](const Value&) -> Result<Value> {
      return Error{
          .code = Code::unavailable, .message = "out of order", .object = "component '" + component.name() + "'"};
    };
  }
  void group(const std::string& keys, const std::string& output, const std::string& of_a = "") {
    const LoadReport report =
        load("return dm.pipeline('p', { input = { text = 'string' },\n dm.parallel('g', { " + keys +
             ",\n"
             "dm.stage('sa', { component = 'a', input = ref.request, " +
             of_a +
             " }),\n"
             "dm.stage('sb', { component = 'b', input = ref.request }),\n"
             "dm.stage('sc', { component = 'c', input = ref.request }) }),\n output = " +
             output + " })");
    if (!report.errors.empty()) throw std::runtime_error(errors_of(report));
  }
  PipelineResponse after(Duration time) {
    const auto answer = begin("p", text_map({{"text", "x"}}));
    loop.advance(time);
    if (!answer->response) throw std::runtime_error("the request has not ended");
    return std::move(*answer->response);
  }
  const std::string absent_or_not =
      "{ a = ref.sa.text:default('-'), b = ref.sb.text:default('-'), c = ref.sc.text:default('-') }";
};

}  // namespace

TEST_CASE("join all waits for all members") {
  ThreeMembers t;
  t.group("join = 'all'", "{ ref.sa.text, ref.sb.text, ref.sc.text }");
  const PipelineResponse response = t.after(30ms);
  CHECK(text_of(response.output) == R"(["a","b","c"])");
  CHECK(outcomes(response) == "g/sa: ok, g/sb: ok, g/sc: ok");
}

TEST_CASE("fail_fast ends the request at the first error and cancels the rest") {
  ThreeMembers t;
  t.fail(t.b);
  t.group("join = 'all', on_error = 'fail_fast'", "{ ref.sa.text, ref.sb.text, ref.sc.text }");
  const PipelineResponse response = t.after(20ms);
  CHECK(response.status.to_string() == "stage p/g/sb, component 'b': out of order");
  CHECK(outcomes(response) == "g/sa: ok, g/sb: error, g/sc: cancelled");
  CHECK(t.c.last_options.cancel.cancelled());
}

TEST_CASE("partial goes on with what there is") {
  ThreeMembers t;
  t.fail(t.b);
  t.group("join = 'all', on_error = 'partial'", t.absent_or_not);
  const PipelineResponse response = t.after(30ms);
  CHECK(text_of(response.output) == R"({"a":"a","b":"-","c":"c"})");
  CHECK(response.degraded);
  CHECK(outcomes(response) == "g/sa: ok, g/sb: error, g/sc: ok");
}

TEST_CASE("an optional member may fail in fail_fast") {
  ThreeMembers t;
  t.fail(t.a);
  t.group("join = 'all'", "{ ref.sa.text:default('-'), ref.sb.text, ref.sc.text }", "optional = true");
  CHECK(text_of(t.after(30ms).output) == R"(["-","b","c"])");
}

TEST_CASE("join any takes the first that is ok and cancels the others") {
  ThreeMembers t;
  t.fail(t.a);
  t.group("join = 'any'", "{ won = ref.g.text, c = ref.sc.text:default('-') }");
  const PipelineResponse response = t.after(20ms);
  CHECK(text_of(response.output) == R"({"c":"-","won":"b"})");
  CHECK(outcomes(response) == "g/sa: error, g/sb: ok, g/sc: cancelled");
  CHECK(t.c.last_options.cancel.cancelled());
  t.loop.advance(10ms);
  CHECK(t.counter("dormouse_stale_completions_total") == 1);
}

TEST_CASE("outcome skipped is a member that had not started when the join was met") {
  ThreeMembers t;
  t.a.inline_calls = true;
  t.group("join = 'any'", "{ won = ref.g.text }");
  const PipelineResponse response = t.after(0ms);
  CHECK(outcomes(response) == "g/sa: ok, g/sb: skipped, g/sc: skipped");
  CHECK(t.b.calls + t.c.calls == 0);
}

TEST_CASE("a fallback wins only when no member is ok") {
  ThreeMembers t;
  t.fail(t.a);
  t.group("join = 'any'", "{ won = ref.g.text }", "fallback = { text = 'canned' }");
  CHECK(text_of(t.after(20ms).output) == R"({"won":"b"})");
  t.fail(t.b);
  t.fail(t.c);
  const PipelineResponse response = t.after(30ms);
  CHECK(text_of(response.output) == R"({"won":"canned"})");
  CHECK(response.degraded);
}

TEST_CASE("join any with no member ok fails with a cause") {
  ThreeMembers t;
  t.fail(t.a), t.fail(t.b), t.fail(t.c);
  t.group("join = 'any'", "{ won = ref.g.text }");
  CHECK(t.after(30ms).status.to_string() == "stage p/g/sc, component 'c': out of order");
  t.group("join = 'any', on_error = 'partial'", "{ won = ref.g.text:default('nobody') }");
  CHECK(text_of(t.after(30ms).output) == R"({"won":"nobody"})");
}

TEST_CASE("a quorum is met by its number of members and cancels the others") {
  ThreeMembers t;
  t.group("join = 'quorum', quorum = 2", t.absent_or_not);
  const PipelineResponse response = t.after(20ms);
  CHECK(text_of(response.output) == R"({"a":"a","b":"b","c":"-"})");
  CHECK(outcomes(response) == "g/sa: ok, g/sb: ok, g/sc: cancelled");
}

TEST_CASE("a quorum that cannot be met any more fails at once") {
  ThreeMembers t;
  t.fail(t.a), t.fail(t.b);
  t.group("join = 'quorum', quorum = 2", t.absent_or_not);
  const PipelineResponse response = t.after(20ms);
  CHECK(response.status.code() == Code::unavailable);
  CHECK(outcomes(response) == "g/sa: error, g/sb: error, g/sc: cancelled");
}

TEST_CASE("readers of a cancelled member go on with the default") {
  ThreeMembers t;
  const LoadReport report = t.load(
      "return dm.pipeline('p', { input = { text = 'string' },\n"
      "dm.parallel('g', { join = 'any', dm.stage('sa', { component = 'a', input = ref.request }), dm.stage('sc', { "
      "component = 'c', input = ref.request }) }),\n"
      "dm.stage('after', { component = 'b', input = { text = ref.sc.text:default('none') } }), output = { "
      "ref.after.text } })");
  REQUIRE(t.errors_of(report) == "");
  CHECK(text_of(t.after(30ms).output) == R"(["b"])");
  CHECK(t.b.inputs.back() == R"({"text":"none"})");
}

namespace {

// One way for a member to behave: at once in a function, or later in a component.
struct Behaviour {
  const char* name;
  bool ends_well;
  std::string stage;  // its table, for a stage called NAME with a component called NAME
};
const Behaviour kBehaviours[] = {
    {"function that returns", true, "run = function(ctx) return { text = 'now' } end"},
    {"function that fails", false, "run = function(ctx) error('no') end"},
    {"component that answers", true, "component = '$', input = ref.request"},
    {"component that fails", false, "component = '$', input = { text = 'fail' }"},
    {"component that is too slow", false, "component = '$', input = ref.request, timeout = '1ms'"},
};

struct AnyMembers : ThreeMembers {
  AnyMembers() {
    for (FakeComponent* component : {&a, &b, &c})
      component->answer = [component](const Value& in) -> Result<Value> {
        if (text_of(in.field("text")) == "\"fail\"") return Status(Code::unavailable, "out of order");
        return text_map({{"text", component->name()}});
      };
  }
  PipelineResponse answer(const std::string& join, const std::string& on_error, const Behaviour* const (&members)[3]) {
    std::string text = "return dm.pipeline('p', { input = { text = 'string' },\n dm.parallel('g', { join = '" + join +
                       "', " + (join == "quorum" ? "quorum = 2, " : "") + "on_error = '" + on_error + "'";
    for (size_t i = 0; i < 3; ++i) {
      const std::string name(1, static_cast<char>('a' + i));
      std::string stage = members[i]->stage;
      if (const size_t at = stage.find('$'); at != std::string::npos) stage.replace(at, 1, name);
      text += ",\n  dm.stage('s" + name + "', { " + stage + " })";
    }
    const LoadReport report = load(text + " }), output = " + absent_or_not + " })");
    if (!report.errors.empty()) throw std::runtime_error(errors_of(report));
    return after(1s);
  }
};

size_t count_of(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

// Every join with every on_error and every way in which three members may behave: 750 groups.
TEST_CASE("every member of a group has exactly one outcome whatever the others do") {
  AnyMembers t;
  for (const auto& [join, needed] : {std::pair<std::string, size_t>{"all", 3}, {"any", 1}, {"quorum", 2}})
    for (const std::string on_error : {"fail_fast", "partial"})
      for (const Behaviour& a : kBehaviours)
        for (const Behaviour& b : kBehaviours)
          for (const Behaviour& c : kBehaviours) {
            const PipelineResponse response = t.answer(join, on_error, {&a, &b, &c});
            std::string case_of = join + ", " + on_error + ": " + a.name + ", " + b.name + ", " + c.name;
            INFO(case_of << " -> " << outcomes(response) << ": " << response.status.to_string());
            std::vector<std::string> names;
            for (const StageTrace& stage : response.stages) names.push_back(stage.name);
            std::sort(names.begin(), names.end());
            REQUIRE(names == std::vector<std::string>{"g/sa", "g/sb", "g/sc"});
            const bool met = size_t{a.ends_well} + b.ends_well + c.ends_well >= needed;
            REQUIRE(response.status.ok() == (met || on_error == "partial"));
            if (response.status.ok()) continue;
            // The error is that of one member, which is named once.
            REQUIRE(count_of(response.status.to_string(), "stage p/") == 1);
            const auto cause = std::find_if(response.stages.begin(), response.stages.end(), [&](const StageTrace& s) {
              return response.status.error().object.starts_with("stage p/" + s.name);
            });
            REQUIRE(cause != response.stages.end());
            REQUIRE((cause->outcome == Outcome::error || cause->outcome == Outcome::timeout));
          }
}

TEST_CASE("a deadline that cuts a group short leaves each member one outcome") {
  ThreeMembers t;
  const LoadReport report = t.load(
      "return dm.pipeline('p', { input = { text = 'string' }, deadline = '15ms',\n"
      "dm.parallel('g', { dm.stage('sa', { component = 'a', input = ref.request }),\n"
      "dm.stage('sb', { component = 'b', input = ref.request }) }),\n"
      "dm.stage('never', { component = 'c', input = ref.sb }), output = {} })");
  REQUIRE(t.errors_of(report) == "");
  const PipelineResponse response = t.after(15ms);
  CHECK(response.status.code() == Code::deadline_exceeded);
  CHECK(outcomes(response) == "g/sa: ok, g/sb: cancelled");
}

// ---- the verdict alone ----

namespace {

struct Members {
  Graph graph;
  GroupRun run;
  using Verdict = GroupRun::Verdict;

  // Members 0 to 2, of the group 3.
  Members(Join join, uint16_t needed, OnError on_error = OnError::fail_fast) {
    graph.nodes.resize(4);
    for (uint16_t i = 0; i < 3; ++i) graph.nodes[i].group = 3;
    graph.nodes[3].kind = Group{join, on_error, needed, {0, 1, 2}};
  }
  const Group& group() const { return *graph.nodes[3].as_group(); }
  void begin() { run.begin(graph, group()); }
  Verdict ended(uint16_t member, Outcome outcome) { return run.member_ended(graph, group(), member, outcome); }
};
using Verdict = GroupRun::Verdict;

}  // namespace

TEST_CASE("a group of all is met by its last member") {
  Members t(Join::all, 3);
  t.begin();
  CHECK(t.ended(1, Outcome::ok) == Verdict::goes_on);
  CHECK(t.ended(0, Outcome::fallback) == Verdict::goes_on);
  CHECK(t.ended(2, Outcome::ok) == Verdict::met);
}

TEST_CASE("a group of all that fails fast is missed with the first failure") {
  Members t(Join::all, 3);
  t.begin();
  CHECK(t.ended(1, Outcome::ok) == Verdict::goes_on);
  CHECK(t.ended(0, Outcome::timeout) == Verdict::missed);
}

TEST_CASE("a partial group waits for all members before it is missed") {
  Members t(Join::all, 3, OnError::partial);
  t.begin();
  CHECK(t.ended(0, Outcome::error) == Verdict::goes_on);
  CHECK(t.ended(1, Outcome::ok) == Verdict::goes_on);
  CHECK(t.ended(2, Outcome::ok) == Verdict::missed);
}

TEST_CASE("the end of an optional member never misses a group of all") {
  Members t(Join::all, 2);
  t.graph.nodes[1].optional = true;
  t.begin();
  CHECK(t.ended(1, Outcome::error) == Verdict::goes_on);
  CHECK(t.ended(0, Outcome::ok) == Verdict::goes_on);
  CHECK(t.ended(2, Outcome::ok) == Verdict::met);
}

TEST_CASE("a race is met by the first real result and a fallback waits") {
  Members t(Join::any, 1);
  t.begin();
  CHECK(t.ended(2, Outcome::fallback) == Verdict::goes_on);
  CHECK(t.ended(1, Outcome::ok) == Verdict::met);
  CHECK(t.run.winner() == 1);
}

TEST_CASE("a race of fallbacks alone is met at its end and has no winner") {
  Members t(Join::any, 1);
  t.begin();
  CHECK(t.ended(0, Outcome::error) == Verdict::goes_on);
  CHECK(t.ended(1, Outcome::fallback) == Verdict::goes_on);
  CHECK(t.ended(2, Outcome::error) == Verdict::met);
  CHECK(t.run.winner() == Node::kNone);
}

TEST_CASE("a quorum that the rest cannot make up for is missed at once") {
  Members t(Join::quorum, 2);
  t.begin();
  CHECK(t.ended(0, Outcome::error) == Verdict::goes_on);
  CHECK(t.ended(1, Outcome::error) == Verdict::missed);
}

TEST_CASE("a group that is begun again has forgotten its members") {
  Members t(Join::any, 1);
  t.begin();
  CHECK(t.ended(0, Outcome::ok) == Verdict::met);
  t.run.failed({1, Status(Code::unavailable, "away"), FaultOf::component});
  t.begin();
  CHECK(t.run.winner() == Node::kNone);
  CHECK(t.run.failure().member == Node::kNone);
  CHECK(t.ended(1, Outcome::error) == Verdict::goes_on);
}
