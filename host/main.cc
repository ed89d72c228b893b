// The binary: one program, one command line. What a running host is made of, in order, stands in cli/run.cc.
#include <malloc.h>
#include <unistd.h>

#include <cstdio>

#include "cli/command.h"

int main(int argc, char** argv) {
  // Two arenas for all threads. With glibc's default, eight for each core, fifty load and unload cycles left three
  // times the memory behind (ARCHITECTURE.md section 11).
  mallopt(M_ARENA_MAX, 2);
  const int exit_code = dormouse::run_command_line(argc, argv, dormouse::read_environment(environ));
  // An answer that did not reach its file is a failure.
  if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return exit_code;
  std::perror("dormouse: standard output");
  return exit_code ? exit_code : static_cast<int>(dormouse::ExitCode::failed);
}
