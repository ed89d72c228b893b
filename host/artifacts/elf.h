// Facts from ELF files, read with libelf, without mapping the files as code. It decides nothing (safety.h does). Data
// and functions that read files; any thread, but never a reactor.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace dormouse {

struct ElfFacts {
  std::string soname;
  std::vector<std::string> needed;             // DT_NEEDED
  std::vector<std::string> runpath;            // DT_RUNPATH or DT_RPATH, $ORIGIN not yet replaced
  bool nodelete = false;                       // DF_1_NODELETE
  bool static_tls = false;                     // DF_STATIC_TLS
  size_t tls_bytes = 0;                        // size of the TLS segment
  std::vector<std::string> unique_symbols;     // defined with STB_GNU_UNIQUE, mangled
  std::vector<std::string> undefined_symbols;  // imported, unversioned names
  bool go_runtime = false;                     // built by Go: its scheduler's threads never end
  bool cuda_code = false;                      // has device code, which registers with a driver and never unregisters
  bool exports_plugin_symbol = false;          // defines `dormouse_plugin` as an object
  uint64_t plugin_symbol_at = 0;               // its address in the object
  std::optional<std::string> manifest;         // content of .dormouse.manifest
};

// Reads the facts of the open file `fd`, a shared object. `object` names the file in errors.
// Errors: invalid_argument with needed and found: not ELF, truncated, 32-bit, another machine, not a shared object.
Result<ElfFacts> read_elf(int fd, std::string_view object);

// The path at which the dynamic loader would find `soname`, for a file in the folder `origin` with `runpath`; nullopt:
// nowhere. With an empty `origin`, paths relative to $ORIGIN are left out. The search goes through runpath,
// LD_LIBRARY_PATH, the loader's cache (ldconfig) and the default folders, like ld.so(8).
std::optional<std::string> find_shared_object(std::string_view soname, std::string_view origin,
                                              const std::vector<std::string>& runpath);

}  // namespace dormouse
