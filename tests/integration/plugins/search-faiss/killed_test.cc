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

}  // namespace

TEST_CASE("every vector that was acknowledged is found after each of a hundred kills") {
  const TempFolder folder;
  const std::string output = folder / "output";
  std::mt19937 random(11);
  int64_t acknowledged = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(150);
  int rounds = 0;
  for (; rounds < 100 && std::chrono::steady_clock::now() < deadline; ++rounds) {
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
  CHECK(rounds >= 20);  // of a machine with other work to do no more is asked; else it is a hundred
  CHECK(acknowledged >= rounds);
  VectorHost vectors("flat", 1, folder / "state");
  CHECK(vectors.count() >= acknowledged);
}

}  // namespace dormouse
