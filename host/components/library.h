// A mapped plugin file: maps a private copy (private_copies.h), and proves that it is unmapped. It knows nothing of
// components, and does not check the plugin's table (handshake.h does). Owner: the LoadedPlugin. The thread that calls
// map() runs the plugin's static constructors, the thread that calls unmap() its static destructors.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "components/unmap_report.h"
#include "dormouse/plugin.h"

namespace dormouse {

// A mapped plugin. Call unmap() before destruction, unless the code should stay mapped for good. Several objects may
// map the same copy; only the unmap() of the last one removes the code.
class Library {
 public:
  // Maps the private copy (RTLD_NOW | RTLD_LOCAL) and finds its exported table. Errors: load_failed with the loader's
  // message. Runs static constructors on this thread.
  static Result<std::unique_ptr<Library>> map(const std::string& copy_path);
  ~Library();

  const dm_plugin* plugin() const;  // not yet checked: see handshake.h
  uint64_t mapped_bytes() const;    // address space of its segments
  // Closes the library and looks whether its code is gone. Runs static destructors on this thread. At most once.
  UnmapReport unmap();

 private:
  struct Impl;
  explicit Library(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Keeps the library `soname` mapped for the life of the process (RTLD_NODELETE). Before a plugin that needs it is
// mapped.
Status pin_shared_runtime(const std::string& soname);

}  // namespace dormouse
