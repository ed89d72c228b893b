#include "cli/crashes.h"

namespace dormouse {

Result<CrashStore> open_crashes(const std::string& state_dir) {
  return CrashStore::open(state_dir + "/crashes");
}

Result<std::unique_ptr<CrashReporter>> report_crashes(const CrashStore* crashes,
                                                      std::function<void(const std::string& line)> last_words) {
  return CrashReporter::install(
      {.folder = crashes ? crashes->folder() : "", .version = DORMOUSE_VERSION, .last_words = std::move(last_words)});
}

void announce_crashes(CrashStore& crashes, EventLog& events, Metrics& metrics) {
  static constexpr MetricInfo kCrashes{
      "dormouse_component_crashes_total",
      "Processes that ended in a crash of this component, of those that are kept (GET /v1/crashes)."};
  metrics.declare(kCrashes);
  const auto or_dash = [](const std::string& text) { return text.empty() ? std::string("-") : text; };
  for (const CrashRecord& crash : crashes.list())
    metrics.counter(kCrashes, {{"component", or_dash(crash.component)}, {"signal", crash.signal}}).add();
  for (const CrashRecord& crash : crashes.take_unannounced())
    events.publish("component.crashed", or_dash(crash.component),
                   {{"method", or_dash(crash.method)},
                    {"request", or_dash(crash.request)},
                    {"signal", crash.signal},
                    {"file", or_dash(crash.file)},
                    {"offset", crash.offset},
                    {"crash", crash.id}});
}

}  // namespace dormouse
