// What may be asked of a running host, in one table: in the words of `dormouse ctl`, and as a route. The command line
// of `ctl` and its help, the routes of the control listener, and the API description are all made from these rows; a
// test compares docs/operating.md with them. Data only: what a row does stands in control_routes.cc, how its answer
// looks in cli/ctl_output.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace dormouse {

// Who may. Each role has those before it; until there are named tokens, the one token has all.
enum class Role : uint8_t {
  open,     // no token
  read,     // may see content of requests
  operate,  // changes what a verb can change back
  admin,    // decides who may
};
std::string_view to_string(Role role);

enum class CommandId : uint8_t {
  status,
  reload,
  rollback,
  components,
  component,
  component_verb,  // the verb is the row's
  plugins,
  plugin,
  scan,
  pipelines,
  pipeline,
  generations,
  caches,
  cache,
  purge,
  memory,
  crashes,
  crash,
  events,
  operations,
  operation,
  cancel_operation,
  metrics,
  openapi,
  healthz,
  readyz,
};

// A flag of `ctl`, and the query parameter that it becomes.
struct CommandParameter {
  enum class Kind : uint8_t {
    text,
    number,
    yes,       // a flag without a value; "1" in the query
    duration,  // "5s"; a whole number in the query is milliseconds
    ago,       // on the command line "10m"; in the query milliseconds since 1970
  };
  std::string_view query;  // "wait"; empty: `ctl` keeps it to itself
  std::string_view flag;   // "--wait" or "-n,--count"; empty: over HTTP alone
  Kind kind;
  std::string_view help;
  std::string_view choices = {};  // "config|scripts": one of these words
};

struct Command {
  CommandId id;
  std::string_view noun;     // "components"; empty: the host
  std::string_view verb;     // "load"; empty: a read of all, or of the one that is named
  std::string_view method;   // "GET"
  std::string_view pattern;  // "/v1/components/{name}/load"
  Role role;
  std::string_view summary;  // one sentence
  std::vector<CommandParameter> parameters = {};
  std::string_view answer = "application/json";  // its content type with 200
  bool on_ctl = true;                            // false: a route without words of its own

  bool has_name() const { return pattern.find('{') != std::string_view::npos; }
  bool changes() const { return method != "GET"; }
};

// In the order in which people are shown them.
const std::vector<Command>& commands();

// "component" for "components".
std::string singular(std::string_view noun);

// How long a changing verb waits when nobody says: in `ctl`. Over HTTP it is 0.
inline constexpr Duration kVerbWait = std::chrono::seconds(30);

}  // namespace dormouse
