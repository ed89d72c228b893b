#include "cli/ctl_request.h"

#include <catch2/catch.hpp>

#include "cli/exit_code.h"

using namespace dormouse;
using namespace std::chrono_literals;

namespace {

const Command& command(std::string_view noun, std::string_view verb, bool named) {
  for (const Command& each : commands())
    if (each.on_ctl && each.noun == noun && each.verb == verb && each.has_name() == named) return each;
  FAIL("no such command");
  return commands().front();
}

const auto kNow = std::chrono::system_clock::time_point(1'000'000s);

CtlRequest made(const Command& command, const CtlArguments& arguments) {
  const Result<CtlRequest> request = request_of(command, arguments, kNow);
  INFO(request.status().to_string());
  REQUIRE(request.ok());
  return *request;
}

}  // namespace

TEST_CASE("a verb waits for thirty seconds when nobody says") {
  CtlArguments arguments;
  arguments.name = "a/b";
  const CtlRequest request = made(command("components", "unload", true), arguments);
  CHECK(request.method == "POST");
  CHECK(request.target == "/v1/components/a%2Fb/unload?wait=30000");
  CHECK(request.timeout == 40s);
}

TEST_CASE("a wait of zero is the old way and has time for a load") {
  CtlArguments arguments;
  arguments.name = "a";
  arguments.values["--wait"] = "0s";
  const CtlRequest request = made(command("components", "load", true), arguments);
  CHECK(request.target == "/v1/components/a/load?wait=0");
  CHECK(request.timeout == 150s);
}

TEST_CASE("flags become query parameters with units") {
  CtlArguments arguments;
  arguments.name = "answers";
  arguments.values["--tag"] = "a b";
  arguments.values["--wait"] = "1.5s";
  arguments.values["--reason"] = "ticket 7";
  arguments.yes["--dry-run"] = true;
  CHECK(made(command("caches", "purge", true), arguments).target ==
        "/v1/caches/answers/purge?tag=a%20b&wait=1500&dry_run=1&reason=ticket%207");
  CtlArguments memory;
  memory.name = "echo";
  memory.yes["--history"] = true;
  memory.values["--since"] = "10s";
  CHECK(made(command("memory", "", false), memory).target == "/v1/memory?component=echo&history=1&since=999990000");
}

TEST_CASE("a read has ten seconds and an own timeout goes first") {
  CtlArguments arguments;
  CHECK(made(command("components", "", false), arguments).timeout == 10s);
  arguments.timeout = "3s";
  CHECK(made(command("components", "", false), arguments).timeout == 3s);
}

TEST_CASE("a flag of the other meaning of a word is refused by name") {
  CtlArguments arguments;
  arguments.name = "echo";
  arguments.values["--only"] = "scripts";
  const Result<CtlRequest> request = request_of(command("components", "reload", true), arguments, kNow);
  REQUIRE_FALSE(request.ok());
  CHECK(request.status().error().object == "--only");
  arguments.values = {{"--wait", "soon"}};
  CHECK(request_of(command("components", "reload", true), arguments, kNow).status().error().object == "--wait");
}

TEST_CASE("a refusal has the exit code of its kind") {
  CHECK(exit_code_of("busy", false) == ExitCode::refused);
  CHECK(exit_code_of("failed_precondition", false) == ExitCode::refused);
  CHECK(exit_code_of("failed_precondition", true) == ExitCode::config);
  CHECK(exit_code_of("unauthenticated", false) == ExitCode::not_allowed);
  CHECK(exit_code_of("forbidden", false) == ExitCode::not_allowed);
  CHECK(exit_code_of("load_failed", false) == ExitCode::failed);
  CHECK(exit_code_of("not_found", false) == ExitCode::failed);
  CHECK(exit_code_of("a word of a later version", false) == ExitCode::failed);
}
