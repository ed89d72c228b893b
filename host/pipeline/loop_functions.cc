#include "pipeline/loop_functions.h"

namespace dormouse {
namespace {

constexpr Duration kCleanAfter = std::chrono::milliseconds(500);  // of a Lua state that holds much garbage
constexpr Duration kCleanSlice = std::chrono::milliseconds(1);

constexpr MetricInfo kBudgetExceeded{"dormouse_lua_budget_exceeded_total",
                                     "Entries into Lua that were stopped because they used up their CPU time."};
constexpr MetricInfo kScriptErrors{"dormouse_script_errors_total",
                                   "Faults of stage functions while serving, by the stage's place in its script."};

}  // namespace

LoopFunctions::LoopFunctions(EventLoop& loop, Arrivals& arrivals, Callees& callees, const Clock& clock,
                             const ScriptLimits& limits, Metrics& metrics)
    : loop_(loop),
      arrivals_(arrivals),
      callees_(callees),
      clock_(clock),
      limits_(limits),
      metrics_(metrics),
      budget_exceeded_(metrics.counter(kBudgetExceeded)) {
  metrics.declare(kScriptErrors);
}

bool LoopFunctions::put_off(const Address& at, FunctionSlot slot) {
  if (resting_) put_off_.emplace_back(at, slot);
  return resting_;
}

void LoopFunctions::budget_exceeded() {
  budget_exceeded_.add();
  if (resting_) return;
  resting_ = true;
  loop_.post([this, keep = arrivals_.shared_from_this()] { begin_put_off(); });
}

void LoopFunctions::begin_put_off() {
  resting_ = false;
  while (!resting_ && !put_off_.empty()) {
    const auto [at, slot] = put_off_.front();
    put_off_.pop_front();
    arrivals_.on_turn(at, slot);
  }
}

void LoopFunctions::count_fault(const std::string& file, int line) {
  metrics_.counter(kScriptErrors, {{"script", file}, {"line", std::to_string(line)}}).add();
}

void LoopFunctions::clean_later(const PipelinePtr& of, LoopScripts& scripts) {
  if (scripts.is_cleaned || !scripts.state->is_bloated()) return;
  scripts.is_cleaned = true;
  loop_.at(loop_.now() + kCleanAfter, [this, keep = arrivals_.shared_from_this(),
                                       of = std::weak_ptr<const Pipeline>(of), &scripts] { clean(of, scripts); });
}

// In slices, each a turn of the loop.
void LoopFunctions::clean(const std::weak_ptr<const Pipeline>& of, LoopScripts& scripts) {
  const PipelinePtr hold = of.lock();
  if (!hold) return;
  if (scripts.state->clean(kCleanSlice, clock_)) {
    scripts.is_cleaned = false;
    return;
  }
  loop_.post([this, keep = arrivals_.shared_from_this(), of, &scripts] { clean(of, scripts); });
}

}  // namespace dormouse
