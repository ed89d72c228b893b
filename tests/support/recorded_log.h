// The log of the process as a list, for as long as one lives. Any thread may write.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "base/log.h"

namespace dormouse {

class RecordedLog final : public LogSink {
 public:
  RecordedLog() { set_log_sink(this); }
  ~RecordedLog() override { set_log_sink(nullptr); }
  bool wants(LogLevel) const override { return true; }
  void write(const LogLine& line) override {
    std::string text =
        std::string(to_string(line.level)) + " " + std::string(line.kind) + " " + std::string(line.object);
    if (!line.text.empty()) text.append(" ").append(line.text);
    for (const LogField& field : line.fields) text.append(" ").append(field.name).append("=").append(field.value);
    std::lock_guard lock(mutex_);
    lines_.push_back(std::move(text));
  }
  std::vector<std::string> lines() const {
    std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace dormouse
