#include "http/plugin_reads.h"

#include <algorithm>
#include <utility>

namespace dormouse {
namespace {

bool is_hashed(const PluginEntry& plugin) {
  return !plugin.sha256.empty() || !plugin.problem.ok();
}

}  // namespace

void PluginReads::read(Answer answer) {
  const PluginIndex::Snapshot snapshot = index_.snapshot();
  if (!snapshot->empty() && std::all_of(snapshot->begin(), snapshot->end(), is_hashed)) return answer(snapshot);
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(answer));
    if (waiting_.size() > 1) return;
  }
  const Status status = background_.submit([self = shared_from_this()] { self->read_files(); });
  if (status.ok()) return;
  std::vector<Answer> refused;
  {
    const std::lock_guard lock(mutex_);
    refused.swap(waiting_);
  }
  for (const Answer& each : refused) each(status);
}

void PluginReads::read_files() {
  const PluginIndex::Snapshot now = index_.snapshot();
  const PluginIndex::Snapshot hashed = index_.with_hashes(now->empty() ? index_.scan() : now);
  std::vector<Answer> waiting;
  {
    const std::lock_guard lock(mutex_);
    waiting.swap(waiting_);
  }
  for (const Answer& each : waiting) each(hashed);
}

}  // namespace dormouse
