#include "cli/parts.h"

#include <unistd.h>

#include <cstdio>
#include <future>

#include "base/process_metrics.h"
#include "cli/configuration.h"
#include "cli/exit_code.h"
#include "cli/table.h"

namespace dormouse {
namespace {

constexpr size_t kEventsKept = 4096;  // some 2 MiB when full; what `ctl events` can look back on

}  // namespace

HostParts::HostParts(unsigned threads) : events_(kEventsKept), control_(threads) {
  for (unsigned i = 0; i < threads; ++i) data_.push_back(std::make_unique<Reactor>(i));
  process_metrics_ = metrics_.collect([](MetricSink& sink) {
    collect_process_metrics(sink);
    collect_build_info(sink, DORMOUSE_VERSION);
  });
}

Result<std::unique_ptr<HostParts>> HostParts::create(const Config& config, const std::string& state_dir,
                                                     unsigned threads) {
  std::unique_ptr<HostParts> parts(new HostParts(threads));
  if (Status status = parts->control_.start(); !status.ok()) return status;
  for (auto& reactor : parts->data_)
    if (Status status = reactor->start(); !status.ok()) return status;

  RegistryOptions options = config.registry;
  options.state_dir = state_dir;
  auto registry = Registry::create(std::move(options), parts->clock_, parts->control_, parts->events_, parts->metrics_);
  if (!registry) return registry.status();
  parts->registry_ = std::move(*registry);
  std::vector<ComponentSpec> specs;
  for (const ComponentConfig& component : config.components)
    if (!component.spec.plugin.empty()) specs.push_back(component.spec);  // else an error of the configuration says so
  if (Status status = parts->registry_->add(std::move(specs)); !status.ok()) return status;
  if (threads > 0) {
    std::vector<EventLoop*> loops;
    for (auto& reactor : parts->data_) loops.push_back(reactor.get());
    parts->engine_ = std::make_unique<Engine>(config.scripts, *parts->registry_, std::move(loops), parts->clock_,
                                              parts->events_, parts->metrics_);
  }
  return parts;
}

HostParts::~HostParts() {
  // Not at once: a component that is being closed on another thread uses what goes down here. It ends sooner as a rule.
  constexpr Duration kGrace = std::chrono::seconds(10);
  const std::vector<std::string> leftovers = stop(kGrace);
  if (leftovers.empty()) return;
  for (const std::string& line : leftovers)
    std::fprintf(stderr, "dormouse: left behind after 10s: %s\n", printable(line).c_str());
  std::fflush(stdout);
  ::_exit(static_cast<int>(ExitCode::failed));  // code of a plugin still runs; nothing may be taken from under it
}

std::vector<Reactor*> HostParts::data_reactors() const {
  std::vector<Reactor*> reactors;
  for (const auto& reactor : data_) reactors.push_back(reactor.get());
  return reactors;
}

std::vector<std::string> HostParts::stop(Duration grace) {
  if (std::exchange(stopped_, true)) return {};
  std::vector<std::string> leftovers;
  if (registry_) {
    std::promise<std::vector<std::string>> left;
    registry_->stop(grace, [&left](std::vector<std::string> lines) { left.set_value(std::move(lines)); });
    leftovers = left.get_future().get();
  }
  // Loops end after the registry's last word, and before the engine and the registry that their tasks refer to.
  for (auto& reactor : data_) {
    reactor->stop();
    reactor->join();
  }
  control_.stop();
  control_.join();
  return leftovers;
}

bool complain_of(const LoadReport& report) {
  if (report.errors.empty())  // beside errors they are mostly what follows from these
    for (const ScriptError& warning : report.warnings)
      std::fprintf(stderr, "warning: %s\n", warning.to_string().c_str());
  for (const ScriptError& error : report.errors) std::fprintf(stderr, "%s\n", error.to_string().c_str());
  if (!report.status.ok()) complain(report.status);
  return report.errors.empty() && report.status.ok();
}

bool load_scripts_or_complain(Engine& engine) {
  return complain_of(engine.load(false));
}

}  // namespace dormouse
