// The kind `parallel`: when a group of stages has ended, and how. Pure: it is given what its members came to, and
// answers. It starts, stops and knows nothing.
#pragma once

#include "graph/graph.h"
#include "pipeline/pipeline.h"
#include "pipeline/stage_trace.h"

namespace dormouse {

class GroupRun {
 public:
  // For a new request.
  void begin(const Graph& graph, const Group& group);

  enum class Verdict : uint8_t { goes_on, met, missed };
  // A member has ended by itself. Once for each, until the verdict is another than goes_on. Counts outcomes, not
  // values; a fallback counts only when the real results do not suffice.
  Verdict member_ended(const Graph& graph, const Group& group, uint16_t member, Outcome outcome);

  // With join `any`: the first member that ended well.
  uint16_t winner() const { return winner_; }

  // What the last member that failed came to, for the error of a group that is missed.
  struct Failure {
    uint16_t member = Node::kNone;  // none has failed
    Status error;
    FaultOf fault = FaultOf::host;
  };
  void failed(Failure failure) { failure_ = std::move(failure); }
  const Failure& failure() const { return failure_; }

 private:
  uint16_t running_ = 0;
  uint16_t counting_ = 0;  // of those that run: members whose ends count
  uint16_t ok_ = 0, fallbacks_ = 0;
  uint16_t winner_ = Node::kNone;
  Failure failure_;
};

}  // namespace dormouse
