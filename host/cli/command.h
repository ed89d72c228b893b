// What every subcommand is given, and how main reaches them: each file of this box adds one command to the command
// line. Main thread only.
#pragma once

#include <string>

#include "cli/exit_code.h"
#include "cli/syntax.h"
#include "config/config.h"

namespace dormouse {

struct CommandContext {
  Environment environment;
  ExitCode exit = ExitCode::ok;  // set by the command that ran
};

// The environment as a value; later changes of the process's own are not seen.
Environment read_environment(char** environ);

// Parses and runs. Prints its own errors; returns what main returns.
int run_command_line(int argc, char** argv, Environment environment);

// `context` outlives the parsing.
void add_run(const Syntax& line, CommandContext& context);
void add_call(const Syntax& line, CommandContext& context);
void add_check(const Syntax& line, CommandContext& context);
void add_train(const Syntax& line, CommandContext& context);
void add_plugin(const Syntax& line, CommandContext& context);
void add_ctl(const Syntax& line, CommandContext& context);

}  // namespace dormouse
