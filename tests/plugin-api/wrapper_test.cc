// dormouse/plugin.hpp, called the way a host calls: through the tables it makes.
#include <catch2/catch.hpp>

#include <array>
#include <atomic>
#include <functional>
#include <future>
#include <limits>
#include <list>
#include <stdexcept>
#include <thread>

#include "dormouse/plugin.hpp"
#include "plugin-api/fake_host.h"

using dormouse_test::AlignedBytes;
using dormouse_test::FakeCall;
using dormouse_test::FakeHost;
using dormouse_test::FakeWriter;
using dormouse_test::Serialiser;
using dormouse_test::Tree;

namespace {

// Does what its input says, so that each test chooses how a method ends.
class Subject {
 public:
  class Scratch;

  static std::unique_ptr<Subject> open(dormouse::Open& open) {
    const std::string_view how = open.settings()["open"].as_string("well");
    if (how == "null") return nullptr;
    if (how == "failure") throw dormouse::Failure(DM_NOT_FOUND, "no model; run: dormouse train x");
    auto subject = std::make_unique<Subject>();
    subject->host_ = std::make_unique<dormouse::Host>(open.host());
    subject->opened_ = std::string(open.name()) + " " + std::string(open.model_path()) + " " +
                       std::string(open.data_dir()) + (open.training() ? " train" : " serve");
    if (how == "timer") {
      subject->timer_ = dormouse::Timer(open.host(), 5, [s = subject.get()] { ++s->fired_; });
    }
    if (how == "self-cancelling timer") {
      subject->timer_ = dormouse::Timer(open.host(), 5, [s = subject.get()] {
        s->timer_ = dormouse::Timer();
        ++s->fired_;
        throw std::runtime_error("late");
      });
    }
    return subject;
  }
  ~Subject() { ++destroyed; }

  std::unique_ptr<Scratch> create(dormouse::Call& call) const;

  void act(dormouse::Call& call, dormouse::View in, dormouse::Writer out) const {
    const std::string_view how = in["how"].as_string();
    if (how == "failure") throw dormouse::Failure(DM_UNAVAILABLE, "try later");
    if (how == "failure that is ok") throw dormouse::Failure(DM_OK, "not a failure");
    if (how == "memory") throw std::bad_alloc();
    if (how == "logic") throw std::logic_error("a mistake");
    if (how == "int") throw 7;
    if (how == "cancel") call.check_cancelled();
    if (how == "progress") call.progress(1, 2, "half");
    if (how == "kind") (void)in["how"].as_int();
    if (how == "half a map") {
      auto map = out.map();
      map.field("a", 1);
      throw std::runtime_error("in the middle");
    }
    out.map().field("opened", opened_).field("request", call.request_id()).field("fired", fired_);
  }

  void trim(dormouse::Call&) { trimmed_ = true; }
  std::string may_park(dormouse::Call&) { return trimmed_ ? "" : "still has caches"; }

  static inline int destroyed = 0;

 private:
  std::unique_ptr<dormouse::Host> host_;
  dormouse::Timer timer_;
  std::string opened_;
  bool trimmed_ = false;
  int fired_ = 0;
};

class Subject::Scratch {
 public:
  void count(dormouse::Call&, dormouse::View in, dormouse::Writer out) {
    if (nested_) nested_();
    calls_ += in["add"].as_int(1);
    out.integer(calls_);
  }
  void nest(std::function<void()> nested) { nested_ = std::move(nested); }

 private:
  int64_t calls_ = 0;
  std::function<void()> nested_;
};

std::unique_ptr<Subject::Scratch> Subject::create(dormouse::Call& call) const {
  if (call.cancelled()) throw dormouse::Failure(DM_CANCELLED, "given up");
  return std::make_unique<Scratch>();
}

// Everything left out that may be left out.
struct Bare {
  static std::unique_ptr<Bare> open(dormouse::Open&) { return std::make_unique<Bare>(); }
  void nothing(dormouse::Call&, dormouse::View, dormouse::Writer out) const { out.null(); }
};

// A store of one entry, for the host alone: no method.
class OneEntry {
 public:
  static std::unique_ptr<OneEntry> open(dormouse::Open&) { return std::make_unique<OneEntry>(); }

  struct Space {
    int32_t get(std::string_view wanted, int64_t now_ns, dm_cache_hit& hit, uint64_t& epoch) noexcept {
      epoch = purges;
      if (key != wanted || now_ns >= expires_ns) return DM_NOT_FOUND;
      ++pins;
      hit.value = value.data();
      hit.value_size = value.size();
      hit.pin = this;
      return DM_OK;
    }
    void unpin(void* pin) noexcept { pins -= pin == this ? 1 : 0; }
    int32_t put(const dm_cache_entry& entry, int64_t) {
      if (entry.epoch != purges) return DM_CANCELLED;
      if (entry.value_size > 64) throw dormouse::Failure(DM_RESOURCE_EXHAUSTED, "too large");
      key.assign(static_cast<const char*>(entry.key), entry.key_size);
      value.assign(static_cast<const char*>(entry.value), entry.value_size);
      expires_ns = entry.expires_ns;
      return DM_OK;
    }
    uint64_t purge(const dm_cache_tag* tag) {
      if (tag) throw std::runtime_error("no tags here");
      ++purges;
      return std::exchange(key, {}).empty() ? 0 : 1;
    }
    void stats(dm_cache_stats& stats) const noexcept { stats.entries = key.empty() ? 0 : 1; }

    std::string key, value;
    int64_t expires_ns = 0;
    uint64_t purges = 0;
    int pins = 0;
  };
  Space& cache_space(dormouse::Call&, std::string_view name, const dm_cache_limits& limits) const {
    if (limits.max_bytes < 100)
      throw dormouse::Failure(DM_INVALID_ARGUMENT, "space " + std::string(name) + ": too small");
    return space_;
  }

 private:
  mutable Space space_;
};
constexpr dormouse::Type<OneEntry> one_entry_type("one-entry");

constexpr dormouse::Type<Subject> subject_type("subject", dormouse::method<&Subject::act>("act"),
                                               dormouse::method<&Subject::Scratch::count>("count"));
constexpr dormouse::Type<Bare> bare_type("bare", dormouse::method<&Bare::nothing>("nothing"));
constexpr dormouse::Plugin the_plugin("wrapped", "1.2.3", subject_type, bare_type);
constexpr dm_plugin table = the_plugin.table();

const dm_type& type() {
  return *subject_type.table();
}

struct OpenSubject {
  explicit OpenSubject(const char* how = "well")
      : settings(Serialiser::bytes(Tree::map({{"open", Tree::string(how)}}))) {
    const dm_open_args args{sizeof(dm_open_args), DM_OPEN_SERVE, "a.b", settings.root(), "/m", "/d"};
    status = type().open(host.abi(), call.abi(), &args, &component);
  }
  ~OpenSubject() { close(); }
  void close() {
    if (component) type().close(std::exchange(component, nullptr));
  }
  int32_t act(const char* how) {
    const AlignedBytes in = Serialiser::bytes(Tree::map({{"how", Tree::string(how)}}));
    return type().methods[0]->run(component, call.abi(), in.root(), out.abi());
  }

  FakeHost host;
  FakeCall call;
  FakeWriter out;
  AlignedBytes settings;
  void* component = nullptr;
  int32_t status = DM_OK;
};

template <class Write>
AlignedBytes written(Write&& write) {
  FakeWriter out;
  write(dormouse::Writer(out.abi()));
  REQUIRE(out.whole());
  return out.bytes();
}

}  // namespace

TEST_CASE("the tables are constants and name what the plugin offers") {
  static_assert(table.magic == DM_PLUGIN_MAGIC && table.type_count == 2);
  CHECK(std::string(table.id) == "wrapped");
  CHECK(std::string(table.version) == "1.2.3");
  CHECK(table.types[0] == &type());
  CHECK(std::string(type().name) == "subject");
  CHECK(type().method_count == 2);
  CHECK(std::string(type().methods[1]->name) == "count");
  CHECK(type().create != nullptr);
  CHECK(bare_type.table()->create == nullptr);
  CHECK(bare_type.table()->destroy == nullptr);
}

TEST_CASE("open arguments reach the component") {
  OpenSubject subject;
  REQUIRE(subject.status == DM_OK);
  REQUIRE(subject.act("tell") == DM_OK);
  const AlignedBytes out = subject.out.bytes();
  const dormouse::View result(out.root());
  CHECK(result["opened"].as_string() == "a.b /m /d serve");
  CHECK(result["request"].as_int() == 42);
}

TEST_CASE("an exception in open is a status and nothing stays open") {
  const int before = Subject::destroyed;
  OpenSubject failed("failure");
  CHECK(failed.status == DM_NOT_FOUND);
  CHECK(failed.call.message == "no model; run: dormouse train x");
  CHECK(failed.component == nullptr);
  OpenSubject null("null");
  CHECK(null.status == DM_INTERNAL);
  CHECK(null.component == nullptr);
  CHECK(Subject::destroyed == before);
}

TEST_CASE("each kind of exception has its status and its message") {
  OpenSubject subject;
  CHECK(subject.act("failure") == DM_UNAVAILABLE);
  CHECK(subject.call.message == "try later");
  CHECK(subject.act("memory") == DM_RESOURCE_EXHAUSTED);
  CHECK(subject.call.message == "out of memory");
  CHECK(subject.act("logic") == DM_INTERNAL);
  CHECK(subject.call.message == "a mistake");
  CHECK(subject.act("int") == DM_INTERNAL);
  CHECK(subject.call.message == "an exception that is no std::exception");
  CHECK(subject.act("kind") == DM_INVALID_ARGUMENT);
  CHECK(subject.call.message == "expected int, found string");
  CHECK(subject.act("failure that is ok") == DM_INTERNAL);
}

TEST_CASE("cancellation is asked for and progress is told") {
  OpenSubject subject;
  CHECK(subject.act("progress") == DM_OK);
  CHECK(subject.call.progress == std::vector<std::string>{"1/2 half"});
  subject.call.cancel = true;
  CHECK(subject.act("cancel") == DM_CANCELLED);
}

TEST_CASE("an exception in the middle of a map unwinds through it") {
  OpenSubject subject;
  CHECK(subject.act("half a map") == DM_INTERNAL);
  CHECK(subject.call.message == "in the middle");
}

TEST_CASE("what the writer refuses ends the call with its status and no message of ours") {
  OpenSubject subject;
  subject.out.status = DM_RESOURCE_EXHAUSTED;
  CHECK(subject.act("tell") == DM_RESOURCE_EXHAUSTED);
  CHECK(subject.call.message.empty());
}

TEST_CASE("an instance keeps its state between calls") {
  OpenSubject subject;
  void* instance = nullptr;
  REQUIRE(type().create(subject.component, subject.call.abi(), &instance) == DM_OK);
  const AlignedBytes in = Serialiser::bytes(Tree::map({{"add", Tree::integer(20)}}));
  FakeWriter first, second;
  CHECK(type().methods[1]->run(instance, subject.call.abi(), in.root(), first.abi()) == DM_OK);
  CHECK(type().methods[1]->run(instance, subject.call.abi(), dm_value_none(), second.abi()) == DM_OK);
  CHECK(dormouse::View(second.bytes().root()).as_int() == 21);
  type().destroy(instance);
}

TEST_CASE("a create that throws makes no instance") {
  OpenSubject subject;
  subject.call.cancel = true;
  void* instance = nullptr;
  CHECK(type().create(subject.component, subject.call.abi(), &instance) == DM_CANCELLED);
  CHECK(instance == nullptr);
}

TEST_CASE("two calls at a time on one instance are refused as the host's mistake") {
  OpenSubject subject;
  void* instance = nullptr;
  REQUIRE(type().create(subject.component, subject.call.abi(), &instance) == DM_OK);
  auto* scratch = static_cast<dormouse::detail::OpenInstance<Subject, Subject::Scratch>*>(instance)->object.get();
  int32_t inner = DM_OK;
  FakeCall inner_call;
  scratch->nest([&] {
    FakeWriter out;
    inner = type().methods[1]->run(instance, inner_call.abi(), dm_value_none(), out.abi());
  });
  CHECK(type().methods[1]->run(instance, subject.call.abi(), dm_value_none(), subject.out.abi()) == DM_OK);
  CHECK(inner == DM_INTERNAL);
  CHECK(inner_call.message == "the host broke the plugin contract: two calls at a time on one instance");
  type().destroy(instance);
}

TEST_CASE("a host that breaks the contract is named and nothing is called") {
  OpenSubject subject;
  FakeCall short_call;
  short_call.change()->size = 8;
  CHECK(type().methods[0]->run(subject.component, short_call.abi(), dm_value_none(), subject.out.abi()) == DM_INTERNAL);
  CHECK(short_call.message == "the host broke the plugin contract: dm_call is missing or too short");
  subject.out.abi()->size = 8;
  CHECK(subject.act("tell") == DM_INTERNAL);
  CHECK(subject.call.message == "the host broke the plugin contract: dm_writer is missing or too short");
  CHECK(type().methods[0]->run(nullptr, subject.call.abi(), dm_value_none(), subject.out.abi()) == DM_INTERNAL);
  CHECK(type().methods[0]->run(subject.component, nullptr, dm_value_none(), subject.out.abi()) == DM_INTERNAL);

  FakeHost other_abi;
  other_abi.change()->abi_major = DM_ABI_MAJOR + 1;
  const dm_open_args args{sizeof(dm_open_args), DM_OPEN_SERVE, "a", dm_value_none(), "", ""};
  void* component = nullptr;
  CHECK(type().open(other_abi.abi(), subject.call.abi(), &args, &component) == DM_INTERNAL);
  CHECK(component == nullptr);
}

TEST_CASE("closing while an instance exists is logged as the host's mistake") {
  OpenSubject subject;
  void* instance = nullptr;
  REQUIRE(type().create(subject.component, subject.call.abi(), &instance) == DM_OK);
  auto* leaked = static_cast<dormouse::detail::OpenInstance<Subject, Subject::Scratch>*>(instance);
  subject.close();
  CHECK(subject.host.log ==
        std::vector<std::string>{"4 the host broke the plugin contract: close while instances exist"});
  delete leaked;  // not through destroy: its component is gone
}

TEST_CASE("capabilities are found by what the class has") {
  OpenSubject subject;
  const auto* trim = static_cast<const dm_trim*>(type().capability(subject.component, DM_EXT_TRIM));
  const auto* veto = static_cast<const dm_veto*>(type().capability(subject.component, DM_EXT_VETO));
  REQUIRE(trim != nullptr);
  REQUIRE(veto != nullptr);
  CHECK(trim->size == sizeof(dm_trim));
  CHECK(veto->may_park(subject.component, subject.call.abi()) == DM_FAILED_PRECONDITION);
  CHECK(subject.call.message == "still has caches");
  CHECK(trim->trim(subject.component, subject.call.abi()) == DM_OK);
  CHECK(veto->may_park(subject.component, subject.call.abi()) == DM_OK);
  CHECK(type().capability(subject.component, "dormouse.trim/2") == nullptr);
  CHECK(type().capability(nullptr, DM_EXT_TRIM) == nullptr);

  FakeHost host;
  FakeCall call;
  const dm_open_args args{sizeof(dm_open_args), DM_OPEN_SERVE, "a", dm_value_none(), "", ""};
  void* bare = nullptr;
  REQUIRE(bare_type.table()->open(host.abi(), call.abi(), &args, &bare) == DM_OK);
  CHECK(bare_type.table()->capability(bare, DM_EXT_TRIM) == nullptr);
  bare_type.table()->close(bare);
}

TEST_CASE("a cache is a class with spaces and needs no method") {
  FakeHost host;
  FakeCall call;
  const dm_open_args args{sizeof(dm_open_args), DM_OPEN_SERVE, "a", dm_value_none(), "", ""};
  void* component = nullptr;
  REQUIRE(one_entry_type.table()->method_count == 0);
  REQUIRE(one_entry_type.table()->open(host.abi(), call.abi(), &args, &component) == DM_OK);
  const auto* cache = static_cast<const dm_cache*>(one_entry_type.table()->capability(component, DM_EXT_CACHE));
  REQUIRE(cache != nullptr);
  CHECK(cache->size == sizeof(dm_cache));

  void* space = nullptr;
  dm_cache_limits limits{sizeof(dm_cache_limits), 0, 10, ""};
  CHECK(cache->open_space(component, call.abi(), "answers", &limits, &space) == DM_INVALID_ARGUMENT);
  CHECK(call.message == "space answers: too small");
  limits.max_bytes = 1000;
  REQUIRE(cache->open_space(component, call.abi(), "answers", &limits, &space) == DM_OK);
  CHECK(cache->open_space(component, call.abi(), nullptr, &limits, &space) == DM_INTERNAL);

  dm_cache_hit hit{};
  uint64_t epoch = 7;
  CHECK(cache->get(space, "k", 1, 0, &hit, &epoch) == DM_NOT_FOUND);
  CHECK(epoch == 0);
  const std::string value = "value" + std::string(60, ' ');
  dm_cache_entry entry{};
  entry.size = sizeof entry;
  entry.key = "k";
  entry.key_size = 1;
  entry.value = value.data();
  entry.value_size = 5;
  entry.expires_ns = 100;
  CHECK(cache->put(space, &entry, 0) == DM_OK);
  REQUIRE(cache->get(space, "k", 1, 99, &hit, &epoch) == DM_OK);
  CHECK(std::string_view(static_cast<const char*>(hit.value), hit.value_size) == "value");
  cache->unpin(space, hit.pin);
  CHECK(cache->get(space, "k", 1, 100, &hit, &epoch) == DM_NOT_FOUND);
  dm_cache_stats stats{};
  cache->stats(space, &stats);
  CHECK(stats.entries == 1);
  uint64_t purged = 0;
  CHECK(cache->purge(space, nullptr, &purged) == DM_OK);
  CHECK(purged == 1);
  CHECK(cache->put(space, &entry, 0) == DM_CANCELLED);
  entry.epoch = 1;
  entry.value_size = 65;
  CHECK(cache->put(space, &entry, 0) == DM_RESOURCE_EXHAUSTED);
  const dm_cache_tag tag{"t", 1};
  CHECK(cache->purge(space, &tag, &purged) == DM_INTERNAL);
  one_entry_type.table()->close(component);
}

TEST_CASE("close destroys the component") {
  const int before = Subject::destroyed;
  OpenSubject subject;
  subject.close();
  CHECK(Subject::destroyed == before + 1);
}

TEST_CASE("a view reads defaults only for what is absent") {
  const AlignedBytes bytes = Serialiser::bytes(dormouse_test::specimen());
  const dormouse::View root(bytes.root());
  CHECK(root["absent"].as_int(5) == 5);
  CHECK(root["null"].as_string("x") == "x");
  CHECK(root["count"].as_int(5) == -7);
  CHECK(root["yes"].as_bool());
  CHECK(root["count"].as_float() == -7.0);
  CHECK(root["raw"].as_bytes().size == 3);
  CHECK_THROWS_AS(root["text"].as_int(5), dormouse::Failure);
  CHECK_THROWS_AS(root["absent"].as_string(), dormouse::Failure);
  CHECK_FALSE(root["absent"]);
  CHECK(root["list"].at(0).as_string() == "a");
  CHECK(root["list"].at(9).is_null());
}

TEST_CASE("a view iterates lists and maps") {
  const AlignedBytes bytes = Serialiser::bytes(dormouse_test::specimen());
  const dormouse::View root(bytes.root());
  std::string keys;
  for (const auto& [key, value] : root.entries()) keys += std::string(key) + (value ? "" : "?") + " ";
  CHECK(keys == "null? yes count share text raw vector ids empty list ");
  int items = 0;
  for (const dormouse::View item : root["list"].items()) items += item ? 1 : 0;
  CHECK(items == 2);
  for (const dormouse::View item : root["absent"].items()) FAIL("an absent list has items " << item.kind());
  CHECK_THROWS_AS(root["text"].items(), dormouse::Failure);
  CHECK_THROWS_AS(root["list"].entries(), dormouse::Failure);
}

TEST_CASE("a tensor is read by its element type") {
  const AlignedBytes bytes = Serialiser::bytes(dormouse_test::specimen());
  const dormouse::View root(bytes.root());
  const auto ids = root["ids"].as_tensor<int64_t>();
  CHECK(ids.size == 3);
  CHECK(ids.shape[0] == 3);
  for (const int64_t id : ids) CHECK(id == 0x0202020202020202);
  CHECK_THROWS_AS(root["ids"].as_tensor<float>(), dormouse::Failure);
  CHECK_THROWS_AS(root["text"].as_tensor<float>(), dormouse::Failure);
}

TEST_CASE("a writer takes the usual C++ types") {
  const AlignedBytes bytes = written([](dormouse::Writer out) {
    auto map = out.map();
    map.field("bool", true).field("int", -3).field("unsigned", 7u).field("float", 0.5f).field("null", nullptr);
    map.field("literal", "text").field("string", std::string("more")).field("view", std::string_view("view"));
    map.field("ints", std::vector<int>{1, 2}).field("strings", std::list<std::string>{"a"});
    map.field("flags", std::vector<bool>{true, false}).field("array", std::array<std::string_view, 1>{"z"});
    map.field("raw").bytes("\0\1", 2);
    auto list = map.list("list");
    list.add(1).add("two");
    list.map().field("three", 3);
    list.list().add(4);
    list.item().number(5);
  });
  const dormouse::View root(bytes.root());
  CHECK(root["bool"].as_bool());
  CHECK(root["int"].as_int() == -3);
  CHECK(root["unsigned"].as_int() == 7);
  CHECK(root["float"].as_float() == 0.5);
  CHECK(root["null"].is_null());
  CHECK(root["literal"].as_string() == "text");
  CHECK(root["string"].as_string() == "more");
  CHECK(root["view"].as_string() == "view");
  CHECK(root["ints"].at(1).as_int() == 2);
  CHECK(root["strings"].at(0).as_string() == "a");
  CHECK(root["flags"].at(0).as_bool());
  CHECK(root["array"].at(0).as_string() == "z");
  CHECK(root["raw"].as_bytes().size == 2);
  CHECK(root["list"].size() == 5);
  CHECK(root["list"].at(2)["three"].as_int() == 3);
  CHECK(root["list"].at(3).at(0).as_int() == 4);
}

TEST_CASE("a writer copies values and fills tensors in place") {
  const AlignedBytes source = Serialiser::bytes(Tree::map({{"deep", Tree::list({Tree::string("x")})}}));
  const AlignedBytes bytes = written([&](dormouse::Writer out) {
    auto map = out.map();
    map.field("copy", dormouse::View(source.root()));
    float* elements = map.field("tensor").tensor<float>({2, 1});
    elements[0] = 1;
    elements[1] = 2;
  });
  const dormouse::View root(bytes.root());
  CHECK(root["copy"]["deep"].at(0).as_string() == "x");
  CHECK(root["tensor"].as_tensor<float>()[1] == 2);
}

TEST_CASE("an unsigned integer that does not fit is refused") {
  FakeWriter out;
  CHECK_THROWS_AS(dormouse::Writer(out.abi()).write(std::numeric_limits<uint64_t>::max()), dormouse::Failure);
  dormouse::Writer(out.abi()).write(uint64_t{1} << 62);
  CHECK(out.whole());
}

TEST_CASE("services that a host lacks are silent or a failure with their name") {
  FakeHost host;
  host.services.clear();
  const dormouse::Host wrapped(host.abi(), nullptr);
  wrapped.log().info("nobody hears this");
  wrapped.counter("n").add(3);
  CHECK(host.log.empty());
  CHECK(host.counters.empty());
  try {
    dormouse::Buffer buffer(wrapped, 10);
    FAIL("a buffer from nowhere");
  } catch (const dormouse::Failure& failure) {
    CHECK(failure.status() == DM_FAILED_PRECONDITION);
    CHECK(std::string(failure.what()) == "this host does not offer the service dormouse.buffer/1");
  }
}

TEST_CASE("a service table shorter than this plugin knows is none") {
  FakeHost host;
  const dm_log older{4, 0, nullptr};
  host.services[DM_SERVICE_LOG] = &older;
  dormouse::Host(host.abi(), nullptr).log().info("not called");
  CHECK(host.log.empty());
}

TEST_CASE("log lines and counters reach the host") {
  FakeHost host;
  const dormouse::Host wrapped(host.abi(), nullptr);
  wrapped.log().warning("hot");
  const dormouse::Counter counter = wrapped.counter("hits");
  counter.add();
  counter.add(2);
  CHECK(host.log == std::vector<std::string>{"3 hot"});
  CHECK(host.counters["hits"].value == 3);
}

TEST_CASE("a buffer is released once and moves") {
  FakeHost host;
  const dormouse::Host wrapped(host.abi(), nullptr);
  {
    dormouse::Buffer first(wrapped, 100);
    CHECK(host.buffers == 1);
    dormouse::Buffer second(std::move(first));
    CHECK_FALSE(first);
    first = dormouse::Buffer(wrapped, 50);
    CHECK(host.buffers == 2);
    second = std::move(first);
    CHECK(host.buffers == 1);
    CHECK(second.size() == 50);
    CHECK(static_cast<const char*>(second.data())[49] == 0);
  }
  CHECK(host.buffers == 0);
  CHECK_THROWS_AS(dormouse::Buffer(wrapped, size_t{1} << 50), std::bad_alloc);
}

TEST_CASE("a thread is joined by its destructor and its exception is logged") {
  FakeHost host;
  const dormouse::Host wrapped(host.abi(), nullptr);
  int ran = 0;
  {
    dormouse::Thread thread(wrapped, "worker", [&ran] {
      ran = 1;
      throw std::runtime_error("thrown in a thread");
    });
    CHECK(host.threads == 1);
  }
  CHECK(ran == 1);
  CHECK(host.threads == 0);
  CHECK(host.log == std::vector<std::string>{"4 thrown in a thread"});
  host.thread_status = DM_RESOURCE_EXHAUSTED;
  CHECK_THROWS_AS(dormouse::Thread(wrapped, "worker", [] {}), dormouse::Failure);
}

TEST_CASE("a timer fires once") {
  OpenSubject subject("timer");
  REQUIRE(subject.host.timers.size() == 1);
  subject.host.fire(1);
  REQUIRE(subject.act("tell") == DM_OK);
  const AlignedBytes out = subject.out.bytes();
  CHECK(dormouse::View(out.root())["fired"].as_int() == 1);
}

TEST_CASE("closing cancels a pending timer") {
  OpenSubject subject("timer");
  subject.close();
  CHECK(subject.host.timers.empty());
}

TEST_CASE("a timer that the host cancelled first is neither waited for nor leaked") {
  OpenSubject subject("timer");
  subject.host.timers.clear();
  subject.close();  // the leak checker sees what is left
  CHECK(subject.component == nullptr);
}

TEST_CASE("a timer may be destroyed inside its own callback and what it throws is logged") {
  OpenSubject subject("self-cancelling timer");
  subject.host.fire(1);
  CHECK(subject.host.log == std::vector<std::string>{"4 late"});
  REQUIRE(subject.act("tell") == DM_OK);
  const AlignedBytes out = subject.out.bytes();
  CHECK(dormouse::View(out.root())["fired"].as_int() == 1);
}

TEST_CASE("destroying a timer waits for its callback on another thread") {
  FakeHost host;
  std::promise<void> started, may_end;
  std::atomic<bool> ended{false};
  std::thread lane, releaser;
  {
    dormouse::Timer timer(dormouse::Host(host.abi(), nullptr), 5, [&] {
      started.set_value();
      may_end.get_future().wait();
      ended = true;
    });
    // Taken out of the table by the test's thread, so that the host answers "cannot cancel" from here on.
    const auto fired = host.timers.extract(1);
    lane = std::thread([&] { fired.mapped().first(fired.mapped().second); });
    started.get_future().wait();
    releaser = std::thread([&] { may_end.set_value(); });
  }
  CHECK(ended);
  lane.join();
  releaser.join();
}

TEST_CASE("what shows metrics is a class with expose and needs no method") {
  struct Shows {
    static std::unique_ptr<Shows> open(dormouse::Open&) { return std::make_unique<Shows>(); }
    void expose(dormouse::Call& call, dormouse::View, dormouse::Writer out) const {
      if (call.cancelled()) throw dormouse::Failure(DM_CANCELLED, "nobody waits");
      out.string("shown");
    }
  };
  static constexpr dormouse::Type<Shows> shows_type("shows");
  FakeHost host;
  FakeCall call;
  const dm_open_args args{sizeof(dm_open_args), DM_OPEN_SERVE, "a", dm_value_none(), "", ""};
  void* component = nullptr;
  REQUIRE(shows_type.table()->method_count == 0);
  REQUIRE(shows_type.table()->open(host.abi(), call.abi(), &args, &component) == DM_OK);
  const auto* observe = static_cast<const dm_observe*>(shows_type.table()->capability(component, DM_EXT_OBSERVE));
  REQUIRE(observe != nullptr);
  CHECK(observe->size == sizeof(dm_observe));
  FakeWriter out;
  CHECK(observe->expose(component, call.abi(), dm_value_none(), out.abi()) == DM_OK);
  CHECK(observe->expose(component, call.abi(), dm_value_none(), nullptr) == DM_INTERNAL);
  call.cancel = true;
  CHECK(observe->expose(component, call.abi(), dm_value_none(), out.abi()) == DM_CANCELLED);
  CHECK(call.message == "nobody waits");
  shows_type.table()->close(component);
}
