// The audit trail of the control listener: one log line for every verb that was asked for, with who asked and what came
// of it, and the event access.refused for every token that was refused.
// Not the event of what a verb did (component.unloaded): its box publishes that. Knows no route's business: it reads
// verb and object from the route's pattern. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/events.h"
#include "http/router.h"

namespace dormouse {

class Audit : public std::enable_shared_from_this<Audit> {
 public:
  // `events` and `clock` outlive it.
  Audit(EventLog& events, const Clock& clock) : events_(events), clock_(clock) {}

  // Every route of the table that needs a token writes its line from now on, and takes ?reason=. The one call that a
  // table of verbs needs.
  void watch(std::vector<Route>& routes);

  // A request whose token was refused; it reached no route. Control thread.
  void token_refused(const Request& request, const std::string& peer);

  // A verb that came another way than over HTTP (a signal), once it has ended. `outcome`: "done", or an error's code.
  void acted(std::string_view verb, std::string_view object, std::string_view from, std::string_view outcome);

  // What was refused, verbs and tokens together, is written this often; the rest is counted in the next line.
  static constexpr unsigned kRefusedPerSecondMax = 10;

 private:
  struct Verb {
    std::string verb, object, peer;
    std::string reason = {};
    bool dry_run = false;
  };
  static Verb verb_of(const Route& route, const Request& request, std::string peer);
  void write(const Verb& verb, std::string_view outcome);
  // How many refusals were only counted since the last one that was written; nothing when this one is not written.
  std::optional<uint64_t> admit_refused();

  EventLog& events_;
  const Clock& clock_;
  std::mutex mutex_;  // guards the three below
  Time window_began_{};
  unsigned refused_in_window_ = 0;
  uint64_t only_counted_ = 0;
};

}  // namespace dormouse
