// Verbs of operators (verbs.h) that wait until their component has reached a state. A list with timers; it decides
// nothing (component_verbs.h does). Owner: the ComponentLife. Registry's loop thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/events.h"
#include "base/task.h"
#include "components/verbs.h"
#include "exec/event_loop.h"

namespace dormouse {

using VerbReply = UniqueFunction<void(VerbAnswer)>;

class PendingVerbs {
 public:
  explicit PendingVerbs(EventLoop& loop) : loop_(loop) {}

  // Most verbs that wait for one component.
  static constexpr size_t kMax = 256;

  bool empty() const { return verbs_.empty(); }
  size_t size() const { return verbs_.size(); }
  bool any(Verb verb) const;
  // The operator of the oldest verb that has one; empty: none has.
  Actor first_actor() const;

  // Keeps a verb until answer(), and returns its number. If `wait` is not zero and the verb still waits after it,
  // `late` is called with the number.
  uint64_t add(Verb verb, Duration wait, VerbReply done, Actor actor, UniqueFunction<void(uint64_t)> late);
  // Removes a verb and returns its reply, without an answer. Empty: the verb does not wait any more.
  VerbReply take(uint64_t number);
  // Answers all waiting verbs.
  void answer(const VerbAnswer& answer);

  // A reply that bounds the time until the first answer. If it is called within `wait`, it calls `done`. Otherwise,
  // when `wait` has passed, `goes_on` makes an answer for `done`, and the reply then calls `finished`. If `goes_on`
  // returns nothing, `done` still gets the later answer.
  static VerbReply bound(EventLoop& loop, Duration wait, UniqueFunction<std::optional<VerbAnswer>()> goes_on,
                         VerbReply done, VerbReply finished);

 private:
  struct Pending {
    Verb verb;
    VerbReply done;
    uint64_t number = 0;
    EventLoop::TimerId timer = 0;  // the end of its wait
    Actor actor;
  };
  EventLoop& loop_;
  std::vector<Pending> verbs_;
  uint64_t last_ = 0;
};

}  // namespace dormouse
