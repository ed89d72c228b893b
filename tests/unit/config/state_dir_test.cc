#include "config/state_dir.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "base/file.h"

using namespace dormouse;

namespace {

struct TemporaryFolder {
  char path[32] = "/tmp/dormouse-state-XXXXXX";
  TemporaryFolder() { REQUIRE(::mkdtemp(path)); }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string& name) const { return std::string(path) + "/" + name; }
};

}  // namespace

TEST_CASE("the state folder is found in the documented order") {
  Environment all{{"STATE_DIRECTORY", "/var/lib/a:/var/lib/b"}, {"XDG_STATE_HOME", "/xdg"}, {"HOME", "/home/u"}};
  CHECK(*find_state_dir("/set", all) == "/set");
  CHECK(*find_state_dir("", all) == "/var/lib/a");
  all.erase("STATE_DIRECTORY");
  CHECK(*find_state_dir("", all) == "/xdg/dormouse");
  all["XDG_STATE_HOME"] = "relative";
  CHECK(*find_state_dir("", all) == "/home/u/.local/state/dormouse");
  CHECK(find_state_dir("", {}).status().code() == Code::failed_precondition);
}

TEST_CASE("the state folder is made for us alone") {
  const TemporaryFolder folder;
  const auto state = StateDir::open(folder / "a/b");
  REQUIRE(state.ok());
  struct stat info;
  REQUIRE(::stat((folder / "a/b").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
}

TEST_CASE("a state folder open to others is refused") {
  const TemporaryFolder folder;
  REQUIRE(::mkdir((folder / "open").c_str(), 0755) == 0);
  REQUIRE(::chmod((folder / "open").c_str(), 0755) == 0);
  CHECK(StateDir::open(folder / "open").status().code() == Code::failed_precondition);
}

TEST_CASE("a state folder in use is refused and names the holder") {
  const TemporaryFolder folder;
  auto first = std::make_unique<Result<StateDir>>(StateDir::open(folder / "s"));
  REQUIRE(first->ok());
  const auto second = StateDir::open(folder / "s");
  REQUIRE(second.status().code() == Code::busy);
  CHECK_THAT(second.status().to_string(), Catch::Contains("process " + std::to_string(::getpid())));
  first.reset();
  CHECK(StateDir::open(folder / "s").ok());
}

TEST_CASE("the token is made once and is closed to others") {
  const TemporaryFolder folder;
  const auto state = StateDir::open(folder / "s");
  const auto token = state->token();
  REQUIRE(token.ok());
  CHECK(token->size() == 64);
  CHECK(*state->token() == *token);
  CHECK(*read_token(folder / "s") == *token);
  struct stat info;
  REQUIRE(::stat((folder / "s/token").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("two hosts have different tokens") {
  const TemporaryFolder folder;
  CHECK(*StateDir::open(folder / "a")->token() != *StateDir::open(folder / "b")->token());
}

TEST_CASE("a damaged or readable token is refused") {
  const TemporaryFolder folder;
  const auto state = StateDir::open(folder / "s");
  REQUIRE(write_file_atomically(folder / "s/token", "short\n", 0600).ok());
  CHECK(state->token().status().code() == Code::data_loss);
  REQUIRE(write_file_atomically(folder / "s/token", std::string(64, 'a') + "\n", 0644).ok());
  CHECK(state->token().status().code() == Code::failed_precondition);
}

TEST_CASE("the control address is there while published") {
  const TemporaryFolder folder;
  const auto state = StateDir::open(folder / "s");
  CHECK(read_control_address(folder / "s").status().code() == Code::not_found);
  REQUIRE(state->publish_control_address("127.0.0.1:4711").ok());
  CHECK(*read_control_address(folder / "s") == "127.0.0.1:4711");
  state->forget_control_address();
  CHECK(!read_control_address(folder / "s").ok());
}
