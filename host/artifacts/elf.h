// Facts from ELF files, read without mapping them as code. Uses libelf; decides nothing (safety.h does).
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
  bool cuda_code = false;                      // holds device code, which registers itself with a driver for good
  bool exports_plugin_symbol = false;          // defines `dormouse_plugin` as an object
  uint64_t plugin_symbol_at = 0;               // its address in the object
  std::optional<std::string> manifest;         // content of .dormouse.manifest
};

// Reads an open file of a shared object. `object` names it in errors.
// Errors: invalid_argument with needed and found: not ELF, truncated, 32-bit, another machine, not a shared object.
Result<ElfFacts> read_elf(int fd, std::string_view object);

// Where the dynamic loader would find `soname` for a file in `origin` with `runpath`; nullopt when nowhere. An empty
// `origin` leaves out what is relative to $ORIGIN. Looks at runpath, LD_LIBRARY_PATH, the loader's cache (ldconfig) and
// the default folders, like ld.so(8).
std::optional<std::string> find_shared_object(std::string_view soname, std::string_view origin,
                                              const std::vector<std::string>& runpath);

}  // namespace dormouse
