#include "cli/command.h"

#include <string_view>

namespace dormouse {
namespace {

constexpr const char* kFooter = R"(
Exit codes:
  0  done
  1  tried and failed
  2  the command line was not understood
  3  the configuration, a script or a plugin file has errors
  4  cannot start: a port, the state folder or a permission is not available
  5  no host answers at the control address
  6  refused; nothing changed, and a later try may succeed
  7  not allowed: no token, or a token without the needed role
  8  not finished within --wait; the operation goes on
  128 + n  ended by signal n

An environment variable overrides a key of the configuration: DORMOUSE_HOST__DATA__LISTEN=127.0.0.1:9000 sets host.data.listen.)";

}  // namespace

Environment read_environment(char** environ) {
  Environment environment;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view text(*entry);
    const size_t equals = text.find('=');
    if (equals != std::string_view::npos) environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

int run_command_line(int argc, char** argv, Environment environment) {
  CommandContext context{std::move(environment), ExitCode::ok};
  CommandLine line(
      "Dormouse: a host that loads components when a request needs them, and unloads them when they are idle.",
      "dormouse " DORMOUSE_VERSION, kFooter);
  for (const auto add : {add_run, add_call, add_check, add_train, add_plugin, add_ctl}) add(line.root(), context);
  switch (line.parse(argc, argv)) {
    case CommandLine::Outcome::ran:
      break;
    case CommandLine::Outcome::helped:
      return static_cast<int>(ExitCode::ok);
    case CommandLine::Outcome::not_understood:
      return static_cast<int>(ExitCode::usage);
    case CommandLine::Outcome::failed:
      return static_cast<int>(ExitCode::failed);
  }
  return static_cast<int>(context.exit);
}

}  // namespace dormouse
