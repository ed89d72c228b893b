// What requests feel of a plugin that is replaced beside them: another build of it is renamed into place and reloaded
// 100 times, 20 times a second. The replaced component is asked 200 times a second all the while, and so are three
// stages of other components, whose times count: from the moment a request was due, so that none waits unseen.
//   dormouse_bench_replace [REPLACEMENTS [ROUNDS]]   the row `replace`; 100 and 5
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "exec/thread.h"
#include "support/live/http_client.h"
#include "support/report.h"
#include "support/servers.h"

namespace dormouse::bench {
namespace {

using std::chrono::steady_clock;

constexpr auto kAskEvery = std::chrono::milliseconds(5);
constexpr auto kReplaceEvery = std::chrono::milliseconds(50);
constexpr auto kPatience = std::chrono::seconds(30);
constexpr const char* kOthers = "/v1/pipelines/three_stages";
constexpr const char* kReplaced = "/v1/pipelines/replaced";

// A client on a thread of its own that posts one body at a steady pace, until it is ended.
class PacedClient {
 public:
  PacedClient(uint16_t port, const char* target, const char* body)
      : thread_([this, port, request = http_request("POST", target, body)] {
          ask_for_short_turns();  // as the host's reactors do, so that a late client is no late answer
          HttpClient client(port, kPatience);
          for (auto due = steady_clock::now(); !ended_; due += kAskEvery) {
            std::this_thread::sleep_until(due);
            HttpAnswer answer;
            const std::string mistake = client.exchange(request, answer);
            times_ms_.push_back(std::chrono::duration<double, std::milli>(steady_clock::now() - due).count());
            if (mistake.empty() && answer.status == 200) continue;
            ++failed_;
            std::cerr << fmt::format("a request failed: {} {} {}\n", mistake, answer.status, answer.body);
          }
        }) {}
  ~PacedClient() { end(); }
  void end() {
    ended_ = true;
    if (thread_.joinable()) thread_.join();
    std::sort(times_ms_.begin(), times_ms_.end());
  }

  // After end().
  double p99_ms() const { return times_ms_[times_ms_.size() * 99 / 100]; }
  double worst_ms() const { return times_ms_.back(); }
  size_t requests() const { return times_ms_.size(); }
  size_t failed() const { return failed_; }

 private:
  std::atomic<bool> ended_{false};
  std::vector<double> times_ms_;
  size_t failed_ = 0;
  std::thread thread_;
};

// A folder with one plugin, of which there is another build whenever one is wanted: the same code, other bytes behind
// its end.
class Builds {
 public:
  Builds() : folder_(bench_folder() + "/replace-plugins") {
    std::filesystem::create_directories(folder_);
    std::filesystem::permissions(folder_, std::filesystem::perms(0755));
    std::ifstream file(std::string(DORMOUSE_PLUGINS) + "/echo.so", std::ios::binary);
    original_.assign(std::istreambuf_iterator<char>(file), {});
    if (original_.empty()) throw std::runtime_error("cannot read the plugin echo");
    put_next();
  }
  const std::string& folder() const { return folder_; }
  // As an operator does it: a whole file, renamed into place.
  void put_next() {
    const std::string path = folder_ + "/echo.so";
    const std::string next = path + ".new";
    std::ofstream file(next, std::ios::binary);
    file << original_ << "build " << ++number_;
    if (!file.flush()) throw std::runtime_error("cannot write " + next);
    std::filesystem::permissions(next, std::filesystem::perms(0644));
    std::filesystem::rename(next, path);
  }

 private:
  const std::string folder_;
  std::string original_;
  unsigned number_ = 0;
};

// Replaces the plugin `count` times. Says how long they took together, without the pauses.
double replace_again_and_again(Builds& builds, const ControlAccess& control, unsigned count) {
  HttpClient client(control.port, kPatience);
  const std::string reload = http_request("POST", "/v1/components/replaced/reload?wait=30s", {}, control.authorized);
  std::chrono::duration<double, std::milli> took{};
  auto due = steady_clock::now();
  for (unsigned i = 0; i < count; due += kReplaceEvery) {
    std::this_thread::sleep_until(due);
    builds.put_next();
    const auto began = steady_clock::now();
    HttpAnswer answer;
    const std::string mistake = client.exchange(reload, answer);
    took += steady_clock::now() - began;
    if (mistake.empty() && answer.status == 409) continue;  // those before still drain
    if (!mistake.empty() || answer.status != 200)
      throw std::runtime_error(fmt::format("a replacement failed: {} {} {}", mistake, answer.status, answer.body));
    ++i;
  }
  return took.count();
}

struct Felt {
  double p99_ms = 0, worst_ms = 0;
};

class Measurement {
 public:
  explicit Measurement(unsigned replacements)
      : plan_(plan_dormouse({.name = "replace",
                             .components = "  parser: {plugin: stages}\n  hasher: {plugin: stages}\n"
                                           "  responder: {plugin: stages}\n  replaced: {plugin: echo}\n",
                             .plugins = {DORMOUSE_BENCH_PLUGINS, builds_.folder()},
                             .pipelines = {pipeline("three_stages"), pipeline("replaced")},
                             .environment = {}})),
        server_(plan_),
        replacements_(replacements) {
    round([] {});                      // loads what the requests need
    control_ = control_of("replace");  // written a little after the first answer
  }

  Felt quiet() {
    return round([this] { std::this_thread::sleep_for(kReplaceEvery * replacements_); });
  }
  Felt replacing() {
    return round(
        [this] { replace_ms_.add(replace_again_and_again(builds_, control_, replacements_) / replacements_); });
  }
  size_t requests() const { return requests_; }
  size_t failed() const { return failed_; }
  const Series& replace_ms() const { return replace_ms_; }

 private:
  static std::string pipeline(const std::string& name) {
    return std::string(DORMOUSE_BENCH_SOURCE) + "/pipelines/" + name + ".lua";
  }
  template <class Beside>
  Felt round(Beside beside) {
    PacedClient others(plan_.port, kOthers, R"({"id":"4711","text":"what attractions are in Cairo?"})");
    PacedClient replaced(plan_.port, kReplaced, R"({"text":"what attractions are in Cairo?"})");
    std::this_thread::sleep_for(kReplaceEvery);
    beside();
    others.end();
    replaced.end();
    requests_ += others.requests() + replaced.requests();
    failed_ += others.failed() + replaced.failed();
    return {others.p99_ms(), others.worst_ms()};
  }

  Builds builds_;
  const ServerPlan plan_;
  const RunningServer server_;
  ControlAccess control_;
  const unsigned replacements_;
  size_t requests_ = 0, failed_ = 0;
  Series replace_ms_{"a replacement", "ms", {}};
};

void measure(unsigned replacements, unsigned rounds) {
  Measurement measurement(replacements);
  Series quiet{"p99 of other requests, nothing beside", "ms", {}}, beside{"p99 beside replacements", "ms", {}};
  Series worst_quiet{"slowest request, nothing beside", "ms", {}}, worst{"slowest beside replacements", "ms", {}};
  for (unsigned i = 0; i < rounds; ++i) {
    const Felt alone = measurement.quiet();
    const Felt felt = measurement.replacing();
    quiet.add(alone.p99_ms);
    worst_quiet.add(alone.worst_ms);
    beside.add(felt.p99_ms);
    worst.add(felt.worst_ms);
  }
  Report report("replace");
  for (const Series* each : {&quiet, &beside, &worst_quiet, &worst}) report.series(*each);
  report.series(measurement.replace_ms());
  report.figure("replacements", replacements * rounds, "");
  report.figure("requests", static_cast<double>(measurement.requests()), "");
  report.judge("failed requests", static_cast<double>(measurement.failed()), "", Bar::at_most, 0);
  report.judge("p99 beside replacements, against nothing beside", beside.median() / quiet.median(), "x", Bar::at_most,
               2);
}

unsigned positive(std::string_view text) {
  unsigned number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || number == 0)
    throw std::runtime_error(fmt::format("'{}' is no count of replacements or rounds", text));
  return number;
}

}  // namespace
}  // namespace dormouse::bench

int main(int argc, char** argv) {
  using dormouse::bench::positive;
  try {
    dormouse::bench::measure(argc > 1 ? positive(argv[1]) : 100, argc > 2 ? positive(argv[2]) : 5);
    return 0;
  } catch (const std::exception& e) {
    std::cerr << argv[0] << ": " << e.what() << "\n";
    return 1;
  }
}
