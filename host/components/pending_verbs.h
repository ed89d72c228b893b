// Verbs of operators that wait for their component to arrive somewhere. Loop thread only.
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

  // How many may wait for one component.
  static constexpr size_t kMax = 256;

  bool empty() const { return verbs_.empty(); }
  size_t size() const { return verbs_.size(); }
  bool any(Verb verb) const;
  // Of all who wait, the first operator.
  Actor first_actor() const;

  // Keeps a verb until answer(), and names it. With a wait, `late` gets the number when that has passed and it is still
  // here.
  uint64_t add(Verb verb, Duration wait, VerbReply done, Actor actor, UniqueFunction<void(uint64_t)> late);
  // Takes one out, unanswered; empty: it is not here any more.
  VerbReply take(uint64_t number);
  // Answers all.
  void answer(const VerbAnswer& answer);

  // The same reply within `wait`: when that has passed and `goes_on` says so, the asker is answered with what it gives,
  // and the end goes to `finished`. `goes_on` gives nothing when somebody else ends the wait at that very time.
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
