#include "cli/log.h"

#include <pthread.h>
#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <thread>

#include "base/crash_signals.h"
#include "cli/table.h"

namespace dormouse {
namespace {

// Standard error, and whether the line of log_last_line() has reached it: lines are written in their order, so all that
// came before has.
class StandardError : public spdlog::sinks::stderr_sink_mt {
 public:
  void log(const spdlog::details::log_msg& message) override {
    spdlog::sinks::stderr_sink_mt::log(message);
    if (message.level == spdlog::level::critical) last_line_written.store(true, std::memory_order_release);
  }
  static inline std::atomic<bool> last_line_written{false};
};

spdlog::level::level_enum level_of(const std::string& kind) {
  const bool bad = kind.find("fail") != std::string::npos || kind.find("leftover") != std::string::npos ||
                   kind.find("crashed") != std::string::npos || kind.find("refused") != std::string::npos ||
                   kind.find("warning") != std::string::npos;
  return bad ? spdlog::level::warn : spdlog::level::info;
}

}  // namespace

void start_logging(const std::string& level) {
  // Lines are written by a thread of their own: whoever does not read our standard error may stop that one, and never a
  // reactor. What does not fit is dropped, oldest first.
  constexpr size_t kLinesWaitingMax = 512;
  spdlog::init_thread_pool(kLinesWaitingMax, 1, [] {
    const sigset_t blocked = all_but_crash_signals();
    pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
    pthread_setname_np(pthread_self(), "dm-log");
  });
  auto logger = std::make_shared<spdlog::async_logger>("", std::make_shared<StandardError>(), spdlog::thread_pool(),
                                                       spdlog::async_overflow_policy::overrun_oldest);
  // 2026-01-31T12:00:00.123Z info component.ready ...: sorts, greps, and needs no time zone files.
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

uint64_t log_events(const EventLog& events, uint64_t after) {
  for (const Event& event : events.since(after)) {
    if (event.sequence > after + 1) spdlog::warn("events.missed count={}", event.sequence - after - 1);
    std::string fields;
    if (!event.cause.empty()) fields += " cause=" + printable(event.cause);
    for (const auto& [name, value] : event.fields) fields += " " + name + "=" + printable(value.text());
    if (!event.actor.name.empty()) fields += " actor=" + printable(event.actor.name);
    spdlog::log(level_of(event.kind), "{} {}{}", event.kind, event.object, fields);
    after = event.sequence;
  }
  return after;
}

void log_last_line(const std::string& line, Duration time) {
  constexpr Duration kLook = std::chrono::milliseconds(1);
  spdlog::critical("{}", line);
  for (Duration waited{}; waited < time && !StandardError::last_line_written.load(std::memory_order_acquire);
       waited += kLook)
    std::this_thread::sleep_for(kLook);
}

}  // namespace dormouse
