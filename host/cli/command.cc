#include "cli/command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string_view>

namespace dormouse {
namespace {

constexpr const char* kFooter = R"(
Exit codes:
  0  done
  1  the operation failed
  2  the command line was not understood
  3  the configuration, a script or a plugin file has errors
  4  cannot start: a port, the state folder or a permission is not to be had
  5  no host answers at the control address

Any key of the configuration can be set in the environment: DORMOUSE_HOST__DATA__LISTEN=127.0.0.1:9000.)";

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
  CLI::App app("Dormouse: a host that loads components when they are asked for, and gives them back when they idle.",
               "dormouse");
  app.set_version_flag("--version", "dormouse " DORMOUSE_VERSION);
  app.require_subcommand(1);
  app.footer(kFooter);
  add_run(app, context);
  add_call(app, context);
  add_check(app, context);
  add_train(app, context);
  add_plugin(app, context);
  add_ctl(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return static_cast<int>(ExitCode::usage);
  } catch (const std::exception& error) {
    // Nothing of ours throws on purpose: memory, or a library.
    std::fprintf(stderr, "dormouse: %s\n", error.what());
    return static_cast<int>(ExitCode::failed);
  }
  return static_cast<int>(context.exit);
}

}  // namespace dormouse
