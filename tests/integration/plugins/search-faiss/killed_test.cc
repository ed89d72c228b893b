#include <csignal>

#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <thread>

#include "integration/plugins/search-faiss/vector_host.h"
#include "support/live/child_process.h"
#include "support/temp_folder.h"

namespace dormouse {
namespace {

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The number in the last whole line.
int64_t last_acknowledged(const std::string& lines, int64_t otherwise) {
  const size_t end = lines.rfind('\n');
  if (end == std::string::npos) return otherwise;
  const size_t begin = lines.rfind('\n', end - 1);
  return std::stoll(lines.substr(begin == std::string::npos ? 0 : begin + 1, end));
}

// Kills hosts that add, and do something else beside, `rounds` times. Each of them first looks whether all is there
// that those before it acknowledged.
void kill_again_and_again(const std::string& beside, int rounds, unsigned seed) {
  const TempFolder folder;
  const std::string output = folder / "output";
  std::mt19937 random(seed);
  int64_t acknowledged = 0;
  for (int round = 0; round < rounds; ++round) {
    ChildProcess::Options options;
    options.output = output;
    ChildProcess adder =
        ChildProcess::start({DORMOUSE_ADDER, folder / "state", std::to_string(acknowledged), beside}, options);
    // It is killed somewhere in its work, which has begun when it says so for the first time.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (content(output).find('\n') == std::string::npos && adder.running() &&
           std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 20'000));
    adder.signal(SIGKILL);
    REQUIRE(adder.wait(std::chrono::seconds(10)) == 128 + SIGKILL);
    const std::string lines = content(output);
    INFO("round " << round << ": " << lines);
    REQUIRE(lines.find("FAILED") == std::string::npos);
    REQUIRE(last_acknowledged(lines, -1) > acknowledged);
    acknowledged = last_acknowledged(lines, acknowledged);
  }
  VectorHost vectors("flat", 1, folder / "state");
  CHECK_NOTHROW(vectors.must_have(acknowledged));
}

}  // namespace

TEST_CASE("every vector that was acknowledged is found after each of a hundred kills") {
  kill_again_and_again("add", 100, 11);
}

TEST_CASE("a kill while a snapshot is written costs no vector") {
  kill_again_and_again("save", 30, 12);
}

TEST_CASE("a kill while the component leaves costs no vector") {
  kill_again_and_again("unload", 30, 13);
}

}  // namespace dormouse
