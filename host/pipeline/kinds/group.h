// The kind `parallel`: decides when a group of stages has ended, and how. Pure: it gets the outcome of each member as
// an argument and returns a verdict; it begins and stops no stage (activation.h does). Owner: the NodeRun of the group.
// Thread: the loop's.
#pragma once

#include "graph/graph.h"
#include "pipeline/pipeline.h"
#include "pipeline/stage_trace.h"

namespace dormouse {

class GroupRun {
 public:
  // Prepares for a new request.
  void begin(const Graph& graph, const Group& group);

  enum class Verdict : uint8_t { goes_on, met, missed };
  // A member has ended and was not cancelled by its group. Once for each member, until the verdict is not goes_on. It
  // counts outcomes, not values. A fallback counts only when the real results do not suffice.
  Verdict member_ended(const Graph& graph, const Group& group, uint16_t member, Outcome outcome);

  // With join `any`: the first member that ended well.
  uint16_t winner() const { return winner_; }

  // The last member that failed, for the error of a group with verdict `missed`.
  struct Failure {
    uint16_t member = Node::kNone;  // none has failed
    Status error;
    FaultOf fault = FaultOf::host;
  };
  void failed(Failure failure) { failure_ = std::move(failure); }
  const Failure& failure() const { return failure_; }

 private:
  uint16_t running_ = 0;
  uint16_t counting_ = 0;  // running members whose outcome counts
  uint16_t ok_ = 0, fallbacks_ = 0;
  uint16_t winner_ = Node::kNone;
  Failure failure_;
};

}  // namespace dormouse
