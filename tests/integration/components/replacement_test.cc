// Replacing plugins and models of components that are being called, with real files, threads and a real clock.
#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "artifacts/model_files.h"
#include "components/loaded.h"
#include "components/plugin_watch.h"
#include "support/component_host.h"
#include "support/live/live_registry.h"

using namespace dormouse;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// As an operator does it: a whole file, renamed into place.
void put(const std::string& path, const std::string& content) {
  std::ofstream(path + ".new", std::ios::binary) << content;
  std::filesystem::permissions(path + ".new", std::filesystem::perms(0644));
  std::filesystem::rename(path + ".new", path);
}

// A plugin with `text` behind its last section, which nobody reads: the same code as another file.
std::string build_of(const std::string& plugin, const std::string& text) {
  return plugin + text;
}

// Callers of one component, on threads of their own, until they are stopped. No call of theirs may fail.
class Callers {
 public:
  Callers(LiveRegistry& host, Component& component, uint32_t method, Value input) {
    for (std::thread& thread : threads_)
      thread = std::thread([this, &host, &component, method, input] {
        while (!stop_) {
          const Result<Value> answer = host.ask(component, method, input);
          answer.ok() ? ++answered_ : ++failed_;
          std::this_thread::sleep_for(5ms);  // two of them: 200 to 400 calls a second beside what they cost
        }
      });
  }
  ~Callers() { stop(); }
  void stop() {
    stop_ = true;
    for (std::thread& thread : threads_)
      if (thread.joinable()) thread.join();
  }
  unsigned answered() const { return answered_; }
  unsigned failed() const { return failed_; }

 private:
  std::atomic<bool> stop_{false};
  std::atomic<unsigned> answered_{0};
  std::atomic<unsigned> failed_{0};
  std::array<std::thread, 2> threads_;
};

// A reload that is tried again while those that were replaced before still drain.
VerbAnswer reload_patiently(LiveRegistry& host, Component& component) {
  VerbAnswer answer = host.request(component, Verb::reload);
  for (int tries = 0; answer.status.code() == Code::busy && tries < 1000; ++tries) {
    std::this_thread::sleep_for(5ms);
    answer = host.request(component, Verb::reload);
  }
  return answer;
}

// A folder of plugins with one file in it.
struct PluginFolder {
  explicit PluginFolder(const std::string& name) : path(folder / (name + ".so")) {
    std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
    original = read_file(std::string(DORMOUSE_BAD_PLUGINS) + "/" + name + ".so");
    put(path, original);
  }
  TempFolder folder;
  const std::string path;
  std::string original;
};

}  // namespace

TEST_CASE("a hundred replacements of a plugin under calls fail none of them") {
  PluginFolder plugins("well-behaved");
  LiveRegistry host({plugins.folder.path()});
  Component& component = host.add("well-behaved", "well-behaved");
  host.start();
  const uint32_t method = host.method_index(component, "run");
  REQUIRE(host.acquire(component).ok());
  Callers callers(host, component, method, text_value("x"));
  for (int i = 0; i < 100; ++i) {
    put(plugins.path, build_of(plugins.original, "build " + std::to_string(i)));
    const VerbAnswer answer = reload_patiently(host, component);
    INFO(answer.status.to_string());
    REQUIRE(answer.status.ok());
  }
  callers.stop();
  CHECK(callers.failed() == 0);
  CHECK(callers.answered() > 0);
  const VerbAnswer end = host.request(component, Verb::unload, {.wait = 60s});
  CHECK(end.component.state == State::unloaded);
  CHECK(host.metrics.value("dormouse_component_kept_total", {{"component", "well-behaved"}}) == 0);
  CHECK_FALSE(is_mapped("/well-behaved.so"));
}

TEST_CASE("a hundred replacements of a model under calls fail none of them") {
  LiveRegistry host({DORMOUSE_TRAINABLE});
  Component& counts = host.add("counts", "trainable");
  const std::string folder = model_folder(host.state.path(), "counts");
  std::filesystem::create_directories(folder);
  const auto publish = [&](int i) {
    const std::string name = "m" + std::to_string(i % 2) + ".model";
    put(folder + "/" + name, std::to_string(i) + "\n");
    std::filesystem::remove(folder + "/next");
    std::filesystem::create_symlink(name, folder + "/next");
    std::filesystem::rename(folder + "/next", folder + "/current");
  };
  publish(0);
  host.start();
  REQUIRE(host.acquire(counts).ok());
  const uint32_t method = host.method_index(counts, "count");
  Callers callers(host, counts, method, setting("factor", 1));
  uint64_t stamp = counts.stamp();
  for (int i = 1; i <= 100; ++i) {
    publish(i);
    const VerbAnswer answer = reload_patiently(host, counts);
    INFO(answer.status.to_string());
    REQUIRE(answer.status.ok());
    CHECK(counts.stamp() != stamp);
    stamp = counts.stamp();
  }
  callers.stop();
  CHECK(callers.failed() == 0);
}

TEST_CASE("a model that cannot be opened replaces nothing and fails no call") {
  LiveRegistry host({DORMOUSE_TRAINABLE});
  Component& counts = host.add("counts", "trainable");
  const std::string folder = model_folder(host.state.path(), "counts");
  std::filesystem::create_directories(folder);
  put(folder + "/a.model", "7\n");
  std::filesystem::create_symlink("a.model", folder + "/current");
  host.start();
  REQUIRE(host.acquire(counts).ok());
  const uint64_t stamp = counts.stamp();
  Callers callers(host, counts, host.method_index(counts, "count"), setting("factor", 1));
  for (int i = 1; i <= 20; ++i) {
    put(folder + "/a.model", "damaged " + std::to_string(i) + "\n");
    const VerbAnswer answer = host.request(counts, Verb::reload);
    CHECK(answer.status.code() == Code::load_failed);
    CHECK(counts.stamp() == stamp);
    REQUIRE(counts.status().failed_replacement);
    CHECK(counts.status().failed_replacement->failures == static_cast<unsigned>(i));
  }
  callers.stop();
  CHECK(callers.failed() == 0);
  CHECK(callers.answered() > 0);
  put(folder + "/a.model", "8\n");
  CHECK(host.request(counts, Verb::reload).status.ok());
  CHECK_FALSE(counts.status().failed_replacement);
}

TEST_CASE("a replacement that fails in any way leaves the old one serving") {
  PluginFolder plugins("well-behaved");
  LiveRegistry host({plugins.folder.path()});
  Component& component = host.add("well-behaved", "well-behaved");
  host.start();
  const uint32_t method = host.method_index(component, "run");
  REQUIRE(host.acquire(component).ok());
  Callers callers(host, component, method, text_value("x"));
  const auto refuses = [&](const std::string& what, const std::string& content) {
    INFO(what);
    put(plugins.path, content);
    const VerbAnswer answer = host.request(component, Verb::reload);
    CHECK(answer.status.code() == Code::load_failed);
    const ComponentStatus now = component.status();
    CHECK(now.state == State::ready);
    CHECK(now.generation == 1);
    CHECK(now.failed_replacement);
  };
  const std::string& good = plugins.original;
  for (int i = 0; i < 10; ++i)
    refuses("cut at " + std::to_string(i) + " tenths", good.substr(0, good.size() * static_cast<size_t>(i) / 10));
  // Its manifest promises a method that its table does not have.
  std::string disagrees = good;
  const size_t at = disagrees.find("\"run\"");
  REQUIRE(at != std::string::npos);
  disagrees.replace(at, 5, "\"ruN\"");
  refuses("a method that is not there", disagrees);
  for (const size_t byte : {0u, 4u, 5u, 16u, 18u}) {  // magic, class, byte order, type, machine
    std::string garbled = good;
    garbled[byte] = static_cast<char>(garbled[byte] ^ 0x55);
    refuses("header byte " + std::to_string(byte), garbled);
  }
  std::filesystem::remove(plugins.path);
  host.registry->plugins().scan();
  CHECK(host.request(component, Verb::reload).status.code() == Code::load_failed);
  callers.stop();
  CHECK(callers.failed() == 0);
  CHECK(callers.answered() > 0);
}

TEST_CASE("a plugin file garbled where the ELF reader looks replaces the old one or is refused and nothing else") {
  PluginFolder plugins("well-behaved");
  LiveRegistry host({plugins.folder.path()});
  Component& component = host.add("well-behaved", "well-behaved");
  host.start();
  const uint32_t method = host.method_index(component, "run");
  REQUIRE(host.acquire(component).ok());
  std::mt19937 random(7);
  // File header and program headers: what says where everything else is. Flips in code cannot be seen.
  std::uniform_int_distribution<size_t> offset(0, 64 + 56 * 4);
  std::uniform_int_distribution<int> bit(0, 7);
  for (int i = 0; i < 40; ++i) {
    std::string garbled = plugins.original;
    const size_t at = offset(random);
    garbled[at] = static_cast<char>(garbled[at] ^ (1 << bit(random)));
    INFO("byte " << at);
    put(plugins.path, garbled);
    (void)host.request(component, Verb::reload);
    REQUIRE(host.ask(component, method, text_value("x")).ok());
  }
}

TEST_CASE("a hundred reloads of equal content share one mapping and end with a proof") {
  PluginFolder plugins("well-behaved");
  LiveRegistry host({plugins.folder.path()});
  Component& component = host.add("well-behaved", "well-behaved");
  host.start();
  REQUIRE(host.acquire(component).ok());
  for (int i = 0; i < 100; ++i) {
    const VerbAnswer answer = host.request(component, Verb::reload);
    INFO(answer.status.to_string());
    REQUIRE(answer.status.ok());
  }
  CHECK(component.status().generation == 101);
  const VerbAnswer end = host.request(component, Verb::unload, {.wait = 60s});
  CHECK(end.component.state == State::unloaded);
  CHECK(end.component.unmapping_proven);
  for (const Event& event : host.events.since(0)) CHECK(event.kind != "component.resident");
  CHECK(host.metrics.value("dormouse_component_kept_total", {{"component", "well-behaved"}}) == 0);
  CHECK_FALSE(is_mapped("/well-behaved.so"));
}

TEST_CASE("calls that are left at drain_timeout are cancelled with the reason") {
  ComponentHost host({DORMOUSE_BAD_PLUGINS});
  Component& deaf = host.add("deaf-run", "deaf-run", setting("ms", 300));
  PoolPolicy policy;
  policy.drain_timeout = 10ms;
  policy.max_instances = 1;
  host.set_policy("deaf-run", policy);
  std::vector<Result<Value>> ended;
  const auto call = [&] {
    Result<Lease> lease = host.acquire(deaf);
    REQUIRE(lease.ok());
    call_on_lane(std::move(*lease), 0, text_value("x"), {}, host.loop,
                 [&](CallResult result) { ended.push_back(std::move(result.value)); });
  };
  call();
  REQUIRE(host.await([&] { return host.carried(deaf).waiting_calls() == 0; }));  // it runs
  call();                                                                        // it waits
  const VerbAnswer answer = host.request(deaf, Verb::reload);
  REQUIRE(answer.status.ok());
  CHECK_THAT(answer.explanation, Contains("2 calls end on the old one"));
  host.pass(10ms);
  REQUIRE(host.loop.run_until([&] { return ended.size() == 2; }));
  CHECK(ended[0].status().code() == Code::unavailable);
  CHECK_THAT(ended[0].status().to_string(), Contains("its component was replaced"));
  REQUIRE(host.loop.run_until([&] { return deaf.status().beside.empty(); }));
  CHECK(deaf.status().state == State::ready);
}

TEST_CASE("what keeps data in a folder of its own closes first and the reload says why") {
  ComponentHost host({DORMOUSE_BAD_PLUGINS});
  Component& component = host.add("well-behaved", "well-behaved");
  host.acquire(component)->release();
  CHECK_FALSE(std::filesystem::exists(host.state.path() + "/data/well-behaved"));  // it asks for none
  std::filesystem::create_directories(host.state.path() + "/data/well-behaved");
  std::filesystem::permissions(host.state.path() + "/data/well-behaved", std::filesystem::perms(0700));
  std::ofstream(host.state.path() + "/data/well-behaved/rows") << "kept";
  CHECK_THAT(host.request(component, Verb::reload, {.dry_run = true}).explanation,
             Contains("would close it first (it keeps data in "));
  REQUIRE(host.request(component, Verb::reload).status.ok());
  const std::vector<std::string> history = host.history(component);
  CHECK(std::count(history.begin(), history.end(), "component.draining") == 1);
}

TEST_CASE("two hosts with folders of their own agree on the stamp of equal files and settings") {
  std::vector<uint64_t> stamps;
  for (int i = 0; i < 2; ++i) {
    ComponentHost host({DORMOUSE_TRAINABLE});
    Component& counts = host.add("counts", "trainable");
    const std::string folder = model_folder(host.state.path(), "counts");
    std::filesystem::create_directories(folder);
    std::ofstream(folder + "/a.model") << "7\n";
    std::filesystem::create_symlink("a.model", folder + "/current");
    REQUIRE(host.acquire(counts).ok());
    stamps.push_back(counts.stamp());
  }
  CHECK(stamps[0] != 0);
  CHECK(stamps[0] == stamps[1]);
}

TEST_CASE("a file that is replaced while its component loads is taken once the load has ended") {
  PluginFolder plugins("slow-open");
  ComponentHost host({plugins.folder.path()});
  Component& slow = host.add("slow-open", "slow-open", setting("ms", 300));
  host.registry->scan_plugins("a test", {});
  bool loaded = false;
  slow.acquire(Demand{"a test", false, [&](const Result<Lease>& lease) { loaded = lease.ok(); }});
  REQUIRE(host.loop.run_until([&] { return slow.status().state == State::loading; }));
  put(plugins.path, build_of(plugins.original, "a later build"));
  host.registry->take_changed_files();
  REQUIRE(host.loop.run_until([&] { return loaded; }));
  CHECK(slow.status().generation == 1);
  host.pass(2s);
  REQUIRE(host.loop.run_until([&] { return slow.status().generation == 2 && slow.status().state == State::ready; }));
  CHECK(slow.status().cause == "plugins.watch found a changed file");
}

TEST_CASE("components that are added together are all there or none is") {
  LiveRegistry host({DORMOUSE_BAD_PLUGINS});
  host.add("stays", "well-behaved", {});
  const auto spec = [](const std::string& name) {
    ComponentSpec spec;
    spec.name = name;
    spec.plugin = "well-behaved";
    spec.type = "well-behaved";
    return spec;
  };
  const Status twice_in_place = host.registry->add(std::vector{spec("first"), spec("stays")});
  CHECK(twice_in_place.error().object == "component 'stays'");
  const Status twice_at_once = host.registry->add(std::vector{spec("first"), spec("second"), spec("second")});
  CHECK(twice_at_once.error().object == "component 'second'");
  CHECK(host.registry->names() == std::vector<std::string>{"stays"});
  REQUIRE(host.registry->add(std::vector{spec("first"), spec("second")}).ok());
  CHECK(host.registry->names() == std::vector<std::string>{"stays", "first", "second"});
  host.start();
  REQUIRE(host.acquire(*host.registry->find("second")).ok());
}

TEST_CASE("components are added and found and reloaded and retired at the same time") {
  LiveRegistry host({DORMOUSE_BAD_PLUGINS});
  Component& stays = host.add("stays", "well-behaved", {});
  host.start();
  REQUIRE(host.acquire(stays).ok());
  std::atomic<bool> stop{false};
  std::thread finder([&] {
    while (!stop) {
      for (const std::string& name : host.registry->names())
        if (const std::shared_ptr<Component> found = host.registry->find(name)) (void)found->try_acquire();
      (void)host.registry->statuses();
      std::this_thread::yield();
    }
  });
  std::thread reloader([&] {
    while (!stop) (void)host.request(stays, Verb::reload);
  });
  for (int i = 0; i < 30; ++i) {
    const std::string name = "guest-" + std::to_string(i);
    ComponentSpec spec;
    spec.name = name;
    spec.plugin = "well-behaved";
    spec.type = "well-behaved";
    REQUIRE(host.registry->add(std::move(spec)).ok());
    const std::shared_ptr<Component> guest = host.registry->find(name);
    REQUIRE(guest);
    Result<Lease> lease = host.acquire(*guest);
    REQUIRE(lease.ok());
    lease->release();
    REQUIRE(host.registry->retire(name).ok());
    CHECK_FALSE(host.registry->find(name));
    CHECK(host.registry->retire(name).code() == Code::not_found);
    // Whoever still names it gets a refusal.
    const Result<Lease> refused = host.acquire(*guest);
    if (!refused.ok()) CHECK(refused.status().code() == Code::unavailable);
  }
  stop = true;
  finder.join();
  reloader.join();
  CHECK(host.registry->names() == std::vector<std::string>{"stays"});
  CHECK(host.stop().empty());
}

TEST_CASE("a folder that is made after the watch began is watched as well") {
  TempFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
  const std::string plugins = folder / "plugins";
  LiveRegistry host({plugins});
  Component& component = host.add("well-behaved", "well-behaved");
  host.start();
  const auto watch = PluginWatch::start({plugins}, host.state.path() + "/models", *host.registry);
  REQUIRE(watch.ok());
  const std::string original = read_file(std::string(DORMOUSE_BAD_PLUGINS) + "/well-behaved.so");
  std::filesystem::create_directory(plugins);
  std::filesystem::permissions(plugins, std::filesystem::perms(0755));
  put(plugins + "/well-behaved.so", original);
  REQUIRE(host.acquire(component).ok());
  std::this_thread::sleep_for(PluginWatch::kLookForFolders + 1s);
  put(plugins + "/well-behaved.so", build_of(original, "the next build"));
  for (int i = 0; i < 600 && component.status().generation < 2; ++i) std::this_thread::sleep_for(50ms);
  CHECK(component.status().generation == 2);
  CHECK(component.status().state == State::ready);
}
