// Copies of plugin files and models that nobody writes to while they are mapped.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "artifacts/plugin_file.h"
#include "base/status.h"

namespace dormouse {

// The private copies: folder/<sha256>/<name>, 0400, made once from the descriptor that was checked: what is mapped is a
// file that nobody cuts short or writes over while it is. Hashes are remembered by device, inode, size and times, also
// across starts (folder/hashes). Blocks are shared with the original where the file system can (reflink). Thread-safe:
// one copy at a time of one content, any number of different ones. Old copies are removed, as `Kind` says.
class PrivateCopies {
 public:
  static constexpr size_t kCopiesKept = 2;  // of a name: the current one, and the one to go back to
  enum class Kind : uint8_t {
    // `sources` are the plugin folders. Before the first copy of a process, those are removed that are neither of a
    // file in them nor among the newest kCopiesKept of their name. Each copy is hashed once by each process.
    plugins,
    // `sources` is the folder of models. Copies that are not among the newest kCopiesKept of their name are removed
    // before the first copy of a process and after each new one, and all of a name without a folder in `sources`. A
    // copy with the times that it was made with is not hashed again: models have checksums of their own, and are large.
    models,
  };
  explicit PrivateCopies(std::string folder, std::vector<std::string> sources = {}, Kind kind = Kind::plugins);
  ~PrivateCopies();
  // Fills file.sha256 and returns the path of the copy, which is verified to be what it should be. `name` is the one
  // of the copy; empty: that of the file.
  // Errors: resource_exhausted (disk full), failed_precondition (folder not ours), each naming the path.
  Result<std::string> prepare(PluginFile& file, const std::string& name = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dormouse
