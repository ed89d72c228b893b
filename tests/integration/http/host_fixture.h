// A whole host as HTTP sees it: real registry, real scripts, the echo plugin, both listeners, threads of their own.
#pragma once

#include <catch2/catch.hpp>
#include <future>

#include "base/file.h"
#include "components/registry.h"
#include "http/http_host.h"
#include "http/json.h"
#include "pipeline/engine.h"
#include "raw_client.h"
#include "support/temp_folder.h"

namespace dormouse {

// What a test wants of its host beyond the plugin `echo` and the pipelines below.
struct HostExtras {
  std::vector<std::string> plugin_folders;
  std::vector<ComponentSpec> components;
  std::vector<std::pair<std::string, std::string>> pipelines;  // name of the file and text, without `require`
  std::string policies;                                        // text, without `require`
};

class HostFixture {
 public:
  static constexpr const char* kToken = "Authorization: Bearer test-token\r\n";

  explicit HostFixture(DataOptions data = {}, ControlOptions control_options = {}, size_t events_kept = 1024,
                       const HostExtras& extras = {})
      : events(events_kept) {
    write_scripts();
    for (const auto& [name, text] : extras.pipelines) write_script(name, text);
    write_text(policies_ / "policies.lua", extras.policies);
    RegistryOptions options;
    options.state_dir = state_.path();
    options.plugins.folders = extras.plugin_folders;
    options.plugins.folders.emplace_back(DORMOUSE_PLUGINS);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    options.unmap = false;
#endif
    auto made = Registry::create(std::move(options), clock, control_, events, metrics);
    INFO(made.status().to_string());
    REQUIRE(made.ok());
    registry = std::move(*made);
    REQUIRE(registry->add({.name = "echo", .plugin = "echo", .version = {}, .type = {}, .settings = {}}).ok());
    REQUIRE(registry->add({.name = "broken", .plugin = "missing", .version = {}, .type = {}, .settings = {}}).ok());
    for (const ComponentSpec& spec : extras.components) REQUIRE(registry->add(spec).ok());
    EngineOptions scripts;
    scripts.pipelines = {scripts_.path()};
    scripts.policies = {policies_.path()};
    engine = std::make_unique<Engine>(std::move(scripts), *registry, std::vector<EventLoop*>{&first_, &second_}, clock,
                                      events, metrics);
    for (Reactor* reactor : {&control_, &first_, &second_}) REQUIRE(reactor->start().ok());
    const LoadReport report = engine->load(false);
    for (const ScriptError& error : report.errors) UNSCOPED_INFO(error.to_string());
    REQUIRE(report.errors.empty());

    HostView view{*registry, *engine, events, metrics, clock, clock.now(), "0.1.0", "test-token", [this] {
                    return ready.load() ? Status() : Status(Code::unavailable, "still loading scripts");
                  }};
    data.listen = "127.0.0.1:0";
    control_options.listen = "127.0.0.1:0";
    auto started = HttpHost::start(std::move(data), std::move(control_options), view, {&first_, &second_}, control_);
    INFO(started.status().to_string());
    REQUIRE(started.ok());
    http = std::move(*started);
  }

  ~HostFixture() {
    http->stop(std::chrono::seconds(0));
    std::promise<void> stopped;
    registry->stop(std::chrono::seconds(1), [&](std::vector<std::string>) { stopped.set_value(); });
    stopped.get_future().wait_for(std::chrono::seconds(20));
    for (Reactor* reactor : {&first_, &second_, &control_}) {
      reactor->stop();
      reactor->join();
    }
  }

  const TempFolder& scripts() const {
    return scripts_;
  }

  // What the data reactors have used of the processor since they began.
  std::chrono::nanoseconds reactor_cpu() {
    std::chrono::nanoseconds sum{};
    for (Reactor* reactor : {&first_, &second_}) {
      std::promise<std::chrono::nanoseconds> used;
      reactor->post([&used] { used.set_value(thread_cpu()); });
      sum += used.get_future().get();
    }
    return sum;
  }
  static std::chrono::nanoseconds thread_cpu() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  }

  RawResponse data(const std::string& bytes) {
    return RawClient(http->data_address()).ask(bytes);
  }
  RawResponse control(const std::string& bytes) {
    return RawClient(http->control_address()).ask(bytes);
  }

 private:
  void write_script(const std::string& name, const std::string& text) {
    write_text(scripts_ / name, text);
  }
  static void write_text(const std::string& path, const std::string& text) {
    REQUIRE(write_file_atomically(path, "local dm = require \"dormouse\"\n" + text, 0600).ok());
  }
  void write_scripts() {
    write_script("blob.lua", R"lua(
return dm.pipeline("blob", {
  input = { data = "bytes" },
  dm.stage("nothing", { run = function(ctx) return { done = true } end }),
  output = { data = dm.ref.request.data },
})
)lua");
    write_script("burn.lua", R"lua(
return dm.pipeline("burn", {
  input = {},
  dm.stage("burn", { run = function(ctx)
    local n = 0
    for i = 1, 500000 do n = n + i % 7 end
    return n
  end }),
  output = { n = dm.ref.burn },
})
)lua");
    write_script("echo.lua", R"lua(
return dm.pipeline("echo", {
  input = { text = "string", user = "string?" },
  dm.stage("echo", { component = "echo", input = { text = dm.ref.request.text } }),
  output = { text = dm.ref.echo.text },
})
)lua");
    write_script("fallback.lua", R"lua(
return dm.pipeline("fallback", {
  input = { text = "string" },
  dm.stage("fails", { run = function(ctx) error("always") end, fallback = { text = "instead" } }),
  output = { text = dm.ref.fails.text },
})
)lua");
  }

  TempFolder state_, scripts_, policies_;
  Reactor control_{0}, first_{1}, second_{2};

 public:
  SystemClock clock;
  EventLog events;
  Metrics metrics;
  std::atomic<bool> ready{true};
  std::unique_ptr<Registry> registry;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<HttpHost> http;
};

// One answer as a value, to look into.
class Document {
 public:
  explicit Document(const RawResponse& response) : text_(response.body), value_(parse_json(response.body, Type())) {
    INFO(text_);
    REQUIRE(value_.ok());
  }
  // "components.0.state"
  dm_value at(const std::string& path) const {
    dm_value value = value_->view();
    for (size_t from = 0; from < path.size();) {
      const size_t to = std::min(path.find('.', from), path.size());
      const std::string step = path.substr(from, to - from);
      value = dm_kind(value) == DM_LIST ? dm_list_at(value, static_cast<uint32_t>(std::stoul(step)))
                                        : dm_map_get(value, step.c_str());
      from = to + 1;
    }
    return value;
  }
  std::string text(const std::string& path) const {
    dm_string_view found{};
    return dm_get_string(at(path), &found) ? std::string(found.data, found.size) : "";
  }
  int64_t number(const std::string& path) const {
    int64_t found = -1;
    dm_get_int(at(path), &found);
    return found;
  }
  bool flag(const std::string& path) const {
    int found = 0;
    return dm_get_bool(at(path), &found) && found;
  }
  bool has(const std::string& path) const { return at(path).node != nullptr; }

 private:
  std::string text_;
  Result<Value> value_;
};

}  // namespace dormouse
