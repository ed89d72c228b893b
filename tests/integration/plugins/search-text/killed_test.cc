#include <csignal>

#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <iterator>
#include <random>
#include <sstream>
#include <string>
#include <thread>

#include "integration/plugins/search-text/text_host.h"
#include "support/live/child_process.h"
#include "support/temp_folder.h"

namespace dormouse {
namespace {

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The number in the last whole line that is one; the host's log stands between them.
int64_t last_acknowledged(const std::string& output, int64_t otherwise) {
  std::istringstream lines(output.substr(0, output.rfind('\n') + 1));
  int64_t last = otherwise;
  for (std::string line; std::getline(lines, line);)
    if (!line.empty() && line.find_first_not_of("0123456789") == std::string::npos) last = std::stoll(line);
  return last;
}

}  // namespace

TEST_CASE("every document that was acknowledged is found after each of forty kills") {
  const TempFolder folder;
  const std::string output = folder / "output";
  std::mt19937 random(11);
  int64_t acknowledged = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(100);
  int rounds = 0;
  for (; rounds < 40 && std::chrono::steady_clock::now() < deadline; ++rounds) {
    ChildProcess::Options options;
    options.output = output;
    ChildProcess adder = ChildProcess::start({DORMOUSE_ADDER, folder / "state", std::to_string(acknowledged)}, options);
    // It is killed somewhere in its work, which has begun when it says so for the first time.
    std::string lines;
    while (lines.find('\n') == std::string::npos && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      lines = content(output);
      if (!adder.running()) break;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 20'000));
    adder.signal(SIGKILL);
    REQUIRE(adder.wait(std::chrono::seconds(10)) == 128 + SIGKILL);
    lines = content(output);
    INFO("round " << rounds << ": " << lines);
    REQUIRE(lines.find("FAILED") == std::string::npos);
    acknowledged = last_acknowledged(lines, acknowledged);
  }
  INFO(acknowledged << " acknowledged in " << rounds << " rounds");
  CHECK(rounds >= 20);  // of a machine with other work to do no more is asked; else it is forty
  CHECK(acknowledged >= rounds);
  TextHost texts(folder / "state");
  CHECK(texts.count() >= acknowledged);
}

}  // namespace dormouse
