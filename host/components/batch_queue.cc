#include "components/batch_queue.h"

#include <algorithm>

namespace dormouse {

namespace {

// Of the time a batch took: what waiting for the next one may cost at most.
constexpr int kWaitShare = 16;
constexpr Duration kWaitMin = std::chrono::microseconds(60);  // less, and waking up again takes longer
constexpr Duration kWaitMax = std::chrono::microseconds(500);

// Fewer calls together gain too little to run them on two threads at once.
constexpr unsigned kShareMin = 8;

}  // namespace

BatchQueue::BatchQueue(Limits limits) : limits_(limits), pending_max_(limits.pending_max) {}
BatchQueue::~BatchQueue() = default;

Result<BatchQueue::Next> BatchQueue::push(std::shared_ptr<CallJob>& job) {
  const std::lock_guard lock(mutex_);
  // The first to wait is always taken in: whether the lane has room for its turn is the lane's to say.
  if (waiting_ > 0 && waiting_ >= pending_max_)
    return Error{.code = Code::queue_full,
                 .message = "too many calls wait to be answered",
                 .needed = "at most " + std::to_string(pending_max_) + " waiting calls",
                 .found = std::to_string(waiting_),
                 .remedy = "try again later, or raise max_pending"};
  jobs_[static_cast<size_t>(job->options.priority)].push_back(std::move(job));
  ++waiting_;
  if (turn_due_) return Next::nothing;
  if (limits_.delay <= Duration{} || waiting_ >= limits_.batch_max) {
    turn_due_ = true;
    return Next::turn;
  }
  return std::exchange(timer_set_, true) ? Next::nothing : Next::timer;
}

BatchQueue::Next BatchQueue::due() {
  const std::lock_guard lock(mutex_);
  timer_set_ = false;
  if (waiting_ == 0 || turn_due_) return Next::nothing;
  turn_due_ = true;
  return Next::turn;
}

BatchQueue::Turn BatchQueue::take() {
  const std::lock_guard lock(mutex_);
  const unsigned share = std::max(kShareMin, (waiting_ + limits_.threads - 1) / limits_.threads);
  Turn turn{pop(std::min(limits_.batch_max, share)), false};
  // What is left has waited longer than the batch just taken: nothing is gained by another delay.
  turn.again = turn_due_ = waiting_ > 0;
  return turn;
}

Duration BatchQueue::worth_waiting() const {
  const std::lock_guard lock(mutex_);
  const Duration wait = std::min(last_ran_ / kWaitShare, kWaitMax);
  return waiting_ < last_count_ && wait >= kWaitMin ? wait : Duration{};
}

void BatchQueue::answered(size_t count, Duration ran) {
  const std::lock_guard lock(mutex_);
  last_count_ = count > 1 ? count : 0;
  last_ran_ = ran;
}

void BatchQueue::set_pending_max(unsigned pending_max) {
  const std::lock_guard lock(mutex_);
  pending_max_ = pending_max;
}

void BatchQueue::withdraw(const CallJob& job) {
  const std::lock_guard lock(mutex_);
  auto& jobs = jobs_[static_cast<size_t>(job.options.priority)];
  const auto found = std::find_if(jobs.begin(), jobs.end(), [&](const auto& each) { return each.get() == &job; });
  if (found == jobs.end()) return;
  jobs.erase(found);
  --waiting_;
}

std::vector<std::shared_ptr<CallJob>> BatchQueue::take_all() {
  const std::lock_guard lock(mutex_);
  turn_due_ = false;
  return pop(waiting_);
}

std::vector<std::shared_ptr<CallJob>> BatchQueue::pop(unsigned count) {
  std::vector<std::shared_ptr<CallJob>> taken;
  taken.reserve(std::min(count, waiting_));
  for (auto& jobs : jobs_)
    while (!jobs.empty() && taken.size() < count) {
      if (jobs.front()->claim()) taken.push_back(std::move(jobs.front()));
      jobs.pop_front();
      --waiting_;
    }
  return taken;
}

}  // namespace dormouse
