// The safety class of a plugin: how safely its code can be unloaded. Decided from its ELF files before any of its code
// runs; no judgment about what the plugin's functions do. Pure functions, except read_closure(), which opens files.
// Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "artifacts/elf.h"
#include "base/status.h"

namespace dormouse {

// Ordered: each class is more restricted than the one before it.
enum class SafetyClass : uint8_t {
  unmap,    // may run inline on reactors; can be unmapped whenever it is idle
  lane,     // runs on its lane only; can be unmapped once the lane is joined
  park,     // can be closed; its code stays mapped
  process,  // should run in a separate process
};
std::string_view to_string(SafetyClass safety);

// One object of the NEEDED closure, the plugin itself first.
struct ClosureEntry {
  std::string name;  // soname, or the file for the plugin
  std::string path;
  bool loaded_by_host = false;  // mapped before the first plugin: never unloaded, so its facts do not count
  ElfFacts facts;               // empty when loaded_by_host
};

struct Safety {
  SafetyClass safety = SafetyClass::unmap;
  std::vector<std::string> reasons;              // "libfoo.so.1 has 3 GNU-unique symbols (std::..., )": why not `unmap`
  std::vector<std::string> shared_runtimes;      // sonames the host pins before the first load: libgomp.so.1 ...
  std::vector<std::string> pinned_dependencies;  // sonames that stay mapped after the plugin is unmapped
};

// Rules, each with its measurement in docs/unloading.md:
//   GNU-unique symbols or NODELETE in the plugin itself -> park; in a dependency -> it is a pinned dependency
//   static TLS                                            -> park
//   __cxa_thread_atexit*, pthread_key_create, pthread_create, OpenMP imports in plugin or closure -> lane
//   a known shared runtime (libgomp, libomp, libtbb, BLAS thread pools) -> lane, and the host pins it
//   a Go or CUDA runtime                                  -> process
Safety classify(const std::vector<ClosureEntry>& closure);

// Follows DT_NEEDED from an open plugin file. Stops at objects that the host had mapped before its first plugin.
// Errors: those of read_elf(); not_found, naming the missing library and the object that needs it.
Result<std::vector<ClosureEntry>> read_closure(int fd, const std::string& path);

}  // namespace dormouse
