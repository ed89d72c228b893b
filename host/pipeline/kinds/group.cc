#include "pipeline/kinds/group.h"

#include <algorithm>

namespace dormouse {
namespace {

bool counts(const Graph& graph, const Group& group, uint16_t member) {
  return group.join != Join::all || !graph.nodes[member].optional;
}

}  // namespace

void GroupRun::begin(const Graph& graph, const Group& group) {
  running_ = static_cast<uint16_t>(group.members.size());
  counting_ = static_cast<uint16_t>(std::count_if(group.members.begin(), group.members.end(),
                                                  [&](uint16_t member) { return counts(graph, group, member); }));
  ok_ = fallbacks_ = 0;
  winner_ = Node::kNone;
  failure_ = Failure();
}

GroupRun::Verdict GroupRun::member_ended(const Graph& graph, const Group& group, uint16_t member, Outcome outcome) {
  --running_;
  if (counts(graph, group, member)) {
    --counting_;
    if (outcome == Outcome::ok) ++ok_;
    if (outcome == Outcome::fallback) ++fallbacks_;
  }
  if (outcome == Outcome::ok && winner_ == Node::kNone) winner_ = member;

  if (group.join != Join::all && ok_ >= group.needed) return Verdict::met;
  if (running_ == 0) return ok_ + fallbacks_ >= group.needed ? Verdict::met : Verdict::missed;
  if (group.on_error == OnError::partial) return Verdict::goes_on;
  // fail_fast: as soon as the members that still run cannot make up for those that failed.
  return ok_ + fallbacks_ + counting_ < group.needed ? Verdict::missed : Verdict::goes_on;
}

}  // namespace dormouse
