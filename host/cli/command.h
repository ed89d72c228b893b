// What every subcommand is given, and how main reaches them: each file of this box adds one command to the command
// line. The only box that sees CLI11. Main thread only.
#pragma once

#include <string>

#include "cli/exit_code.h"
#include "config/config.h"

namespace CLI {
class App;
}

namespace dormouse {

struct CommandContext {
  Environment environment;
  ExitCode exit = ExitCode::ok;  // set by the command that ran
};

// The environment as a value; later changes of the process's own are not seen.
Environment read_environment(char** environ);

// Parses and runs. Prints its own errors; returns what main returns.
int run_command_line(int argc, char** argv, Environment environment);

// `context` outlives `app`.
void add_run(CLI::App& app, CommandContext& context);
void add_call(CLI::App& app, CommandContext& context);
void add_check(CLI::App& app, CommandContext& context);
void add_train(CLI::App& app, CommandContext& context);
void add_plugin(CLI::App& app, CommandContext& context);
void add_ctl(CLI::App& app, CommandContext& context);

}  // namespace dormouse
