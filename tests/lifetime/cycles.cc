#include "lifetime/cycles.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <iostream>
#include <set>
#include <thread>

namespace dormouse {
namespace {

int64_t median(std::vector<int64_t> samples) {
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  std::nth_element(samples.begin(), middle, samples.end());
  return *middle;
}

// The `tenth`-th of ten parts, counted from 0.
int64_t median_of_tenth(const std::vector<int64_t>& samples, size_t tenth) {
  const auto at = [&](size_t i) { return samples.begin() + static_cast<std::ptrdiff_t>(samples.size() * i / 10); };
  return median({at(tenth), at(tenth + 1)});
}

// What this process holds, without the stacks that the C library keeps. It frees the stack of a detached thread
// (OpenMP's) only when it next frees a stack, so a thread is joined first.
ProcessFacts read_without_kept_stacks() {
  std::thread([] {}).join();
  return read_process();
}

// A joined thread leaves the kernel's list a moment after join has returned, and on a busy machine a moment is long. So
// a count that is too high is looked at again until it is right or `settling_max` has passed.
ProcessFacts read_settled(const ProcessFacts& wanted, std::chrono::milliseconds settling_max) {
  const auto until = std::chrono::steady_clock::now() + settling_max;
  ProcessFacts facts = read_without_kept_stacks();
  while (
      (facts.threads > wanted.threads || facts.mappings > wanted.mappings || facts.descriptors > wanted.descriptors) &&
      std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    facts = read_without_kept_stacks();
  }
  return facts;
}

// The base line: read until two readings agree.
ProcessFacts read_base_line() {
  ProcessFacts facts = read_without_kept_stacks();
  for (int same = 0; same < 20;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const ProcessFacts next = read_without_kept_stacks();
    same = next.threads == facts.threads && next.mappings == facts.mappings && next.descriptors == facts.descriptors
               ? same + 1
               : 0;
    facts = next;
  }
  return facts;
}

}  // namespace

std::string CycleReport::to_string() const {
  const auto change = [](const char* name, uint64_t from, uint64_t to) {
    return std::string(name) + " " + std::to_string(from) + " -> " + std::to_string(to);
  };
  return what + ": " + std::to_string(cycles) + " cycles; " + change("mappings", before.mappings, after.mappings) +
         ", " + change("threads", before.threads, after.threads) + ", " +
         change("descriptors", before.descriptors, after.descriptors) + ", " +
         change("resident KiB", before.resident_bytes >> 10, after.resident_bytes >> 10) + ", growth KiB " +
         std::to_string(resident_growth / 1024) + ", slope KiB " + std::to_string(resident_slope / 1024);
}

CycleReport run_cycles(const std::string& what, unsigned cycles, const std::function<void()>& cycle,
                       std::chrono::milliseconds settling_max) {
  CycleReport report;
  report.what = what;
  report.cycles = kSanitized ? std::max(cycles / kSanitizerFactor, 10u) : cycles;
  std::vector<int64_t> resident(report.cycles, 1);  // written to now, so that its own pages are no growth
  for (unsigned i = 0; i < kWarmUpCycles; ++i) cycle();
  report.before = read_base_line();
  const std::vector<std::string> mappings_before = read_mappings();
  for (int64_t& sample : resident) {
    cycle();
    sample = static_cast<int64_t>(resident_bytes());
  }
  report.after = read_settled(report.before, settling_max);
  if (report.after.mappings != report.before.mappings) {
    const std::set<std::string> known(mappings_before.begin(), mappings_before.end());
    for (const std::string& line : read_mappings())
      if (!known.count(line)) report.new_mappings.push_back(line);
  }
  report.resident_growth = median_of_tenth(resident, 9) - median_of_tenth(resident, 0);
  report.resident_slope = median_of_tenth(resident, 9) - median_of_tenth(resident, 5);
  std::cout << report.to_string() << std::endl;
  return report;
}

void check_nothing_is_left(const CycleReport& report) {
  std::string lines;
  for (const std::string& line : report.new_mappings) lines += line + "\n";
  INFO(report.to_string() << "\n" << lines);
  if (kSanitized) {
    // Their own heap grows by anonymous mappings as it likes; a file is what a plugin would leave.
    for (const std::string& line : report.new_mappings) CHECK(line.find('/') == std::string::npos);
  } else {
    CHECK(report.after.mappings == report.before.mappings);
  }
  CHECK(report.after.threads == report.before.threads);
  CHECK(report.after.descriptors == report.before.descriptors);
  if (kSanitized) return;
  CHECK(report.resident_growth <= kResidentGrowthMax);
  CHECK(report.resident_slope <= kResidentSlopeMax);
}

bool file_is_mapped(const std::string& name) {
  const std::vector<std::string> lines = read_mappings();
  return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
    return line.size() >= name.size() && line.compare(line.size() - name.size(), name.size(), name) == 0;
  });
}

Value text_value(const std::string& text) {
  ValueWriter writer;
  writer.map_begin();
  writer.key("text");
  writer.string(text);
  writer.map_end();
  return *writer.finish();
}

void unload_completely(LiveRegistry& host, Component& component, const std::string& file) {
  const VerbAnswer answer = host.request(component, Verb::unload, {std::chrono::seconds(60), false});
  INFO(answer.status.to_string() << " " << answer.explanation);
  REQUIRE(answer.status.ok());
  REQUIRE(answer.component.state == State::unloaded);
  REQUIRE(answer.component.unmapping_proven);
  REQUIRE_FALSE(file_is_mapped(file));
}

}  // namespace dormouse
