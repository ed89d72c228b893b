// The safety class: how far a plugin can be unloaded, decided from its ELF files before any of its code runs.
// Pure functions over facts; nothing is opened here but by read_closure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "artifacts/elf.h"
#include "base/status.h"

namespace dormouse {

// From free to careful. Each class may do all that the ones before it need.
enum class SafetyClass : uint8_t {
  unmap,    // may run inline on reactors; unmaps at any time it is idle
  lane,     // runs on its lane only; unmaps once the lane is joined
  park,     // can be closed, its code stays mapped
  process,  // should run in a process of its own
};
std::string_view to_string(SafetyClass safety);

// One object of the NEEDED closure, the plugin itself first.
struct ClosureEntry {
  std::string name;  // soname, or the file for the plugin
  std::string path;
  bool loaded_by_host = false;  // already mapped: never unloaded with the plugin, so its own facts do not count
  ElfFacts facts;               // empty when loaded_by_host
};

struct Safety {
  SafetyClass safety = SafetyClass::unmap;
  std::vector<std::string> reasons;              // "libfoo.so.1 has 3 GNU-unique symbols (std::..., )": why not `unmap`
  std::vector<std::string> shared_runtimes;      // sonames the host pins before the first load: libgomp.so.1 ...
  std::vector<std::string> pinned_dependencies;  // sonames that will stay mapped without keeping the plugin itself
};

// Rules, each with its measurement in docs/unloading.md:
//   GNU-unique symbols or NODELETE in the plugin itself -> park; in a dependency -> that one is a pinned dependency
//   static TLS                                            -> park
//   __cxa_thread_atexit*, pthread_key_create, pthread_create, OpenMP imports in plugin or closure -> lane
//   a known shared runtime (libgomp, libomp, libtbb, BLAS thread pools) -> lane, and the host pins it
//   a Go or CUDA runtime                                  -> process
Safety classify(const std::vector<ClosureEntry>& closure);

// Follows DT_NEEDED from an open plugin file, stopping at what the host had mapped before its first plugin.
// Errors: read_elf's, and not_found naming the library that is missing and who needs it.
Result<std::vector<ClosureEntry>> read_closure(int fd, const std::string& path);

}  // namespace dormouse
