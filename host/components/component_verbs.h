// The verbs of operators on a component (load, unload, reload, pin and so on). It decides whether a verb happens, has
// nothing to change, or is refused with the reason; ComponentLife then does the work. It keeps no state.
// Owner: the registry, beside the ComponentLife. Registry's loop thread only.
#pragma once

#include "base/status.h"
#include "components/component_life.h"
#include "components/pending_verbs.h"
#include "components/verbs.h"

namespace dormouse {

class ComponentVerbs {
 public:
  // `life` outlives it.
  explicit ComponentVerbs(ComponentLife& life) : life_(life) {}

  // Registry::request and Registry::give_up_load have their contract.
  void request(Verb verb, VerbOptions options, VerbReply done, VerbReply finished);
  Status give_up_load(bool dry_run);
  // The files on disk differ from those that were loaded (ComponentLife::is_outdated): does the same as Verb::reload,
  // without an operator.
  void take_changed_files();

 private:
  void pin(bool pin, const VerbOptions& options, VerbReply done);
  void load(const VerbOptions& options, VerbReply done);
  void reload(Cause cause, const VerbOptions& options, VerbReply done);
  void replace(Cause cause, const VerbOptions& options, VerbReply done);
  void close_and_reload(Cause cause, const std::string& why, const VerbOptions& options, VerbReply done);
  void descend(Verb verb, const VerbOptions& options, VerbReply done);
  void descend_from_callable(Verb verb, const VerbOptions& options, VerbReply done);
  void join_drain(Verb verb, const VerbOptions& options, VerbReply done);
  void end_load(Verb verb, const VerbOptions& options, VerbReply done);

  uint64_t await(Verb verb, Duration wait, const VerbOptions& options, VerbReply done);
  VerbReply bound(Verb verb, Duration wait, VerbReply done, VerbReply finished);
  void refuse(VerbReply& done, Error error) const;
  void refuse_busy(VerbReply& done) const;
  void explain(VerbReply& done, bool changed, std::string explanation) const;
  std::string what_it_takes() const;
  std::string state_words() const;

  ComponentLife& life_;
};

}  // namespace dormouse
