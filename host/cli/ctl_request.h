// From a row of the table of commands and what was typed to one HTTP request. Pure; any thread.
#pragma once

#include <map>
#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "http/commands.h"

namespace dormouse {

// What was typed behind the words of a command.
struct CtlArguments {
  std::string name;                           // NAME; empty when there is none
  std::map<std::string, std::string> values;  // by flag as in the table: "--wait"; absent or empty: not given
  std::map<std::string, bool> yes;            // flags without a value
  std::string timeout;                        // --timeout
};

struct CtlRequest {
  const Command* command = nullptr;
  std::string method, target;
  Duration timeout{};  // for the whole answer
};

// `now`: for flags that say how long ago. Errors: invalid_argument with the flag as object: a duration that is none, a
// flag that is not this command's.
Result<CtlRequest> request_of(const Command& command, const CtlArguments& arguments,
                              std::chrono::system_clock::time_point now);

// Of a flag; nothing when it was not given.
Result<Duration> duration_given(const CtlArguments& arguments, const std::string& flag, Duration absent);

std::string percent_encoded(const std::string& text);

}  // namespace dormouse
