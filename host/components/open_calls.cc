#include "components/open_calls.h"

#include "components/call_job.h"

namespace dormouse {

Status OpenCalls::add(const std::shared_ptr<CallJob>& job) {
  const std::lock_guard lock(mutex_);
  if (!refusal_.ok()) return refusal_;
  calls_.emplace(job.get(), job);
  return {};
}

void OpenCalls::remove(const CallJob& job) {
  const std::lock_guard lock(mutex_);
  calls_.erase(&job);
}

void OpenCalls::cancel_all(const Status& why) {
  std::vector<std::shared_ptr<CallJob>> jobs;
  {
    const std::lock_guard lock(mutex_);
    refusal_ = why;
    for (const auto& [key, weak] : calls_)
      if (auto job = weak.lock()) jobs.push_back(std::move(job));
  }
  for (const auto& job : jobs) job->end_with(why);
}

}  // namespace dormouse
