#include "cli/readiness.h"

#include <algorithm>
#include <utility>

#include "cli/service_notify.h"

namespace dormouse {
namespace {

// Asked for again every kLookAgain, so that a load may take as long as its own load_timeout allows.
constexpr std::string_view kExtension = "EXTEND_TIMEOUT_USEC=30000000";

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

int64_t ms_between(Time from, Time to) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count();
}

}  // namespace

Readiness::Readiness(const Config& config, Registry& registry) : registry_(registry) {
  for (const ComponentConfig& component : config.components)
    if (component.spec.preload) preloads_.push_back(component.spec.name);
}

Status Readiness::operator()() const {
  return stopping_ ? Status(Code::unavailable, "the host is stopping") : registry_.readiness();
}

bool Readiness::is_loading() const {
  return std::any_of(preloads_.begin(), preloads_.end(), [&](const std::string& name) {
    const ComponentStatus status = registry_.find(name)->status();
    return status.state == State::loading && status.last_error.ok();
  });
}

ReadinessNotices::ReadinessNotices(Readiness& readiness, EventLog& events, const Clock& clock,
                                   const Environment& environment, Time started)
    : readiness_(readiness), events_(events), clock_(clock), environment_(environment), started_(started) {}

void ReadinessNotices::look() {
  const Status now = readiness_();
  if (ready_ != now.ok()) {
    ready_ = now.ok();
    if (now.ok()) {
      events_.publish("host.ready", "host", {{"took_ms", ms_between(started_, clock_.now())}});
    } else {
      events_.publish("host.not_ready", "host", {{"reason", now.to_string()}});
    }
  }
  if (now.ok()) {
    if (!std::exchange(told_ready_, true)) notify_service_manager(environment_, "READY=1\nSTATUS=serving");
    return;
  }
  // A load that failed does not keep the service manager waiting: its own limit ends the start.
  std::string notice = "STATUS=not ready: " + one_line(now.to_string());
  const bool loading = readiness_.is_loading();
  if (notice == told_ && !loading) return;
  told_ = notice;
  if (loading) notice.append("\n").append(kExtension);
  notify_service_manager(environment_, notice);
}

void ReadinessNotices::reload_began() {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(clock_.now().time_since_epoch()).count();
  if (told_ready_) notify_service_manager(environment_, "RELOADING=1\nMONOTONIC_USEC=" + std::to_string(us));
}

void ReadinessNotices::reload_ended() {
  if (told_ready_) notify_service_manager(environment_, "READY=1\nSTATUS=serving");
}

void ReadinessNotices::stopping(Duration limit) {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(limit).count();
  notify_service_manager(environment_, "STOPPING=1\nSTATUS=stopping\nEXTEND_TIMEOUT_USEC=" + std::to_string(us));
}

}  // namespace dormouse
