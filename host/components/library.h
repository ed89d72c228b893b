// One private copy of a plugin file (private_copies.h), mapped and proven unmapped. Knows nothing of components; the
// thread that calls map() runs the plugin's static constructors, the thread that calls unmap() its destructors.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "components/unmap_report.h"
#include "dormouse/plugin.h"

namespace dormouse {

// A mapped plugin. Not copyable; unmap() before destruction unless it should stay for good. Several may have the same
// copy mapped; only the last one's unmap() makes it go.
class Library {
 public:
  // Maps the private copy (RTLD_NOW | RTLD_LOCAL) and finds its exported table. Errors: load_failed with the loader's
  // message. Runs static constructors on this thread.
  static Result<std::unique_ptr<Library>> map(const std::string& copy_path);
  ~Library();

  const dm_plugin* plugin() const;  // not yet checked: see handshake.h
  uint64_t mapped_bytes() const;    // address space of its segments
  // Closes it and looks whether it is gone. Runs static destructors on this thread. At most once.
  UnmapReport unmap();

 private:
  struct Impl;
  explicit Library(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Keeps `soname` mapped for the life of the process (RTLD_NODELETE), before a plugin that needs it is mapped.
Status pin_shared_runtime(const std::string& soname);

}  // namespace dormouse
