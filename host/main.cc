// The binary: one program, one command line. What a running host is made of, in order, stands in cli/run.cc.
#include <malloc.h>
#include <unistd.h>

#include <cstdio>

#include "cli/command.h"

int main(int argc, char** argv) {
  // An arena of its own for each thread that lives, up to this many; an arena whose thread has ended serves the next
  // one. Whoever trims or frees much holds the lock of one arena for milliseconds. With shared arenas the reactors
  // stood in malloc for so long (docs/performance.md).
  mallopt(M_ARENA_MAX, 128);
  const int exit_code = dormouse::run_command_line(argc, argv, dormouse::read_environment(environ));
  // An answer that did not reach its file is a failure.
  if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return exit_code;
  std::perror("dormouse: standard output");
  return exit_code ? exit_code : static_cast<int>(dormouse::ExitCode::failed);
}
