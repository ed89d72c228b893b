// A registry inside the benchmark, with the components to be measured. One for all benchmarks, made by main.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "components/loader.h"
#include "support/live/live_registry.h"

namespace dormouse::bench {

// A component that can be loaded here, and what is asked of it.
struct Subject {
  Component* component = nullptr;
  uint32_t method = 0;
  Value in;
};

class LocalHost {
 public:
  LocalHost();

  LiveRegistry host;
  Subject echo;
  Subject language;  // component null when there is no such plugin
};

Value text_value(const std::string& text);
// Asks until nothing is mapped. Throws when it stays.
void unload(LiveRegistry& host, Component& component);

// The benchmarks of call.cc, stage.cc and cold.cc.
void register_call_benchmarks(LocalHost& in_process);
void register_stage_benchmarks(LocalHost& in_process);
void register_cold_benchmarks(LocalHost& in_process);

}  // namespace dormouse::bench
