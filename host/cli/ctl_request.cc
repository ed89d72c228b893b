#include "cli/ctl_request.h"

#include <algorithm>
#include <cctype>
#include <cstdio>

#include "base/units.h"

namespace dormouse {
namespace {

using Kind = CommandParameter::Kind;

constexpr Duration kAnswerTimeout = std::chrono::seconds(10);
// Without a wait a verb may take its time: a load its load_timeout, twice when it queues.
constexpr Duration kVerbTimeout = std::chrono::seconds(150);

int64_t whole_ms(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

std::string given(const CtlArguments& arguments, std::string_view flag) {
  if (flag == "NAME") return arguments.name;
  const auto found = arguments.values.find(std::string(flag));
  return found == arguments.values.end() ? "" : found->second;
}

// What the parameter is in the query; empty: not given.
Result<std::string> query_value(const CommandParameter& parameter, const CtlArguments& arguments,
                                std::chrono::system_clock::time_point now) {
  const std::string flag(parameter.flag);
  if (parameter.kind == Kind::yes) {
    const auto found = arguments.yes.find(flag);
    return std::string(found != arguments.yes.end() && found->second ? "1" : "");
  }
  const std::string text = given(arguments, flag);
  if (text.empty() || (parameter.kind != Kind::duration && parameter.kind != Kind::ago)) return text;
  const Result<Duration> duration = duration_given(arguments, flag, Duration{});
  if (!duration) return duration.status();
  if (parameter.kind == Kind::duration) return std::to_string(whole_ms(*duration));
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>((now - *duration).time_since_epoch());
  return std::to_string(std::max<int64_t>(since.count(), 0));
}

// Flags stand for two commands when a word has two meanings, as `ctl reload [NAME]`.
Status only_own_flags(const Command& command, const CtlArguments& arguments) {
  const auto known = [&](const std::string& flag) {
    return std::any_of(command.parameters.begin(), command.parameters.end(),
                       [&](const CommandParameter& parameter) { return parameter.flag == flag; });
  };
  const auto refused = [&](const std::string& flag) {
    return Status(Error{.code = Code::invalid_argument,
                        .message = "is no flag of this command",
                        .object = flag,
                        .remedy = "see dormouse ctl --help"});
  };
  for (const auto& [flag, value] : arguments.values)
    if (!value.empty() && !known(flag)) return refused(flag);
  for (const auto& [flag, set] : arguments.yes)
    if (set && !known(flag)) return refused(flag);
  return {};
}

}  // namespace

Result<Duration> duration_given(const CtlArguments& arguments, const std::string& flag, Duration absent) {
  const std::string text = flag == "--timeout" ? arguments.timeout : given(arguments, flag);
  if (text.empty()) return absent;
  Result<Duration> duration = parse_duration(text);
  if (duration) return duration;
  Error error = duration.status().error();
  error.object = flag;
  return error;
}

std::string percent_encoded(const std::string& text) {
  std::string encoded;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-') {
      encoded += c;
    } else {
      char escape[4];
      std::snprintf(escape, sizeof escape, "%%%02X", static_cast<unsigned char>(c));
      encoded += escape;
    }
  }
  return encoded;
}

Result<CtlRequest> request_of(const Command& command, const CtlArguments& arguments,
                              std::chrono::system_clock::time_point now) {
  if (Status status = only_own_flags(command, arguments); !status.ok()) return status;
  CtlRequest request{&command, std::string(command.method), std::string(command.pattern), {}};
  if (const size_t at = request.target.find('{'); at != std::string::npos)
    request.target.replace(at, request.target.find('}') + 1 - at, percent_encoded(arguments.name));
  const bool waits = std::any_of(command.parameters.begin(), command.parameters.end(),
                                 [](const CommandParameter& each) { return each.query == "wait"; });
  const Result<Duration> wait =
      duration_given(arguments, "--wait", command.changes() && waits ? kVerbWait : Duration{});
  if (!wait) return wait.status();
  std::string query;
  for (const CommandParameter& parameter : command.parameters) {
    if (parameter.query.empty() || parameter.flag.empty()) continue;
    Result<std::string> value = query_value(parameter, arguments, now);
    if (!value) return value.status();
    if (parameter.query == "wait" && *wait > Duration{}) value = std::to_string(whole_ms(*wait));
    if (value->empty()) continue;
    query += (query.empty() ? "?" : "&") + std::string(parameter.query) + "=" + percent_encoded(*value);
  }
  request.target += query;
  const bool open_end = command.changes() && *wait == Duration{};
  const Result<Duration> timeout =
      duration_given(arguments, "--timeout", open_end ? kVerbTimeout : kAnswerTimeout + *wait);
  if (!timeout) return timeout.status();
  request.timeout = *timeout;
  return request;
}

}  // namespace dormouse
