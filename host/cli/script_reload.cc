#include "cli/script_reload.h"

#include "base/log.h"
#include "exec/thread.h"

namespace dormouse {
namespace {

void log_fault(LogLevel level, std::string_view kind, const ScriptError& error) {
  const std::string line = std::to_string(error.line);
  const LogField fields[] = {{"line", line}, {"stage", error.stage}, {"hint", error.hint}};
  write_log({level, kind, error.file, error.message, fields});
}

}  // namespace

void log_report(const LoadReport& report) {
  for (const ScriptError& error : report.errors) log_fault(LogLevel::error, "script.fault", error);
  // Beside errors they are mostly what follows from these.
  if (!report.errors.empty()) return;
  for (const ScriptError& warning : report.warnings) log_fault(LogLevel::warn, "script.warning", warning);
}

ScriptReload::~ScriptReload() {
  if (thread_.joinable()) thread_.join();
}

void ScriptReload::start() {
  if (thread_.joinable()) {
    again_ = true;
    return;
  }
  ended_ = false;
  Result<std::thread> started = start_thread(
      "dm-reload", [this] { run(); }, ThreadPriority::background);
  if (!started) {
    audit_.acted("reload", "scripts", "SIGHUP", to_string(started.status().code()));
    return wake_();
  }
  thread_ = std::move(*started);
}

bool ScriptReload::collect() {
  if (!thread_.joinable()) return true;
  if (!ended_) return false;
  thread_.join();
  if (!std::exchange(again_, false)) return true;
  start();
  return !thread_.joinable();
}

void ScriptReload::run() {
  const LoadReport report = engine_.load(false);
  log_report(report);
  std::string_view outcome = "done";
  if (!report.errors.empty()) outcome = to_string(Code::failed_precondition);
  if (!report.status.ok()) {
    outcome = to_string(report.status.code());
    write_log({LogLevel::error, "script.fault", "scripts", report.status.to_string()});
  }
  audit_.acted("reload", "scripts", "SIGHUP", outcome);
  ended_ = true;
  wake_();
}

}  // namespace dormouse
