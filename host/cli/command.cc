#include "cli/command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string_view>

#include "base/suggest.h"
#include "cli/table.h"

namespace dormouse {
namespace {

constexpr const char* kFooter = R"(
Exit codes:
  0  done
  1  tried and failed
  2  the command line was not understood
  3  the configuration, a script or a plugin file has errors
  4  cannot start: a port, the state folder or a permission is not to be had
  5  no host answers at the control address
  6  refused now and nothing changed; may work later
  7  not allowed: no token, or its role is too small
  8  not finished within --wait; it goes on
  128 + n  ended by signal n

Any key of the configuration can be set in the environment: DORMOUSE_HOST__DATA__LISTEN=127.0.0.1:9000.)";

// "unknown command 'frob' (did you mean ...?); ctl has status, ...", when that is why the line was not understood.
std::string unknown_command(const CLI::App& root, int argc, char** argv) {
  const CLI::App* at = &root;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.starts_with('-')) {
      if (word.find('=') == std::string::npos && i + 1 < argc) return "";  // the next word may be its value
      continue;
    }
    std::vector<std::string> known;
    const CLI::App* next = nullptr;
    for (const CLI::App* command : at->get_subcommands([](const CLI::App*) { return true; })) {
      if (!command->get_group().empty()) known.push_back(command->get_name());
      if (command->check_name(word)) next = command;
    }
    const bool takes_names = !at->get_options([](const CLI::Option* each) { return each->get_positional(); }).empty();
    if (known.empty() || (takes_names && !next)) return "";
    if (!next) {
      std::string text = "unknown command '" + printable(word.substr(0, 64)) + "'" + did_you_mean(word, known) + "; " +
                         at->get_name() + " has ";
      for (const std::string& name : known) text += (name == known.front() ? "" : ", ") + name;
      return text;
    }
    at = next;
  }
  return "";
}

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
    const std::string unknown = unknown_command(app, argc, argv);
    if (unknown.empty())
      app.exit(error);
    else
      std::fprintf(stderr, "dormouse: %s\n", unknown.c_str());
    return static_cast<int>(ExitCode::usage);
  } catch (const std::exception& error) {
    // Nothing of ours throws on purpose: memory, or a library.
    std::fprintf(stderr, "dormouse: %s\n", error.what());
    return static_cast<int>(ExitCode::failed);
  }
  return static_cast<int>(context.exit);
}

}  // namespace dormouse
