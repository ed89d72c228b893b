// Private copies of plugin files and models. The host maps only such copies: another program that cuts a mapped file
// short or writes over it would crash the host or change what it runs. It maps nothing (components/library.h does).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "artifacts/plugin_file.h"
#include "base/status.h"

namespace dormouse {

// A folder of copies: folder/<sha256>/<name>, 0400, each made once from the descriptor that was checked. Hashes are
// remembered by device, inode, size and times, also across starts (folder/hashes). A file system with reflink shares
// the blocks with the original. `Kind` says which old copies are removed. Owner: the carrier. Any thread, but never a
// reactor; different contents are copied at the same time, equal ones once.
class PrivateCopies {
 public:
  static constexpr size_t kCopiesKept = 2;  // for each name: the current copy, and the one before it
  enum class Kind : uint8_t {
    // `sources` are the plugin folders. Before its first copy, a process removes each copy that belongs to no file in
    // the sources and is not among the newest kCopiesKept of its name. Each process hashes each copy once.
    plugins,
    // `sources` is the folder of models. Before the first copy of a process and after each new copy, removes copies
    // that
    // are not among the newest kCopiesKept of their name, and all copies whose name has no folder in `sources`. A copy
    // whose times are still those of its making is not hashed again: models are large, and have checksums inside.
    models,
  };
  explicit PrivateCopies(std::string folder, std::vector<std::string> sources = {}, Kind kind = Kind::plugins);
  ~PrivateCopies();
  // Makes or finds the copy of `file`, verifies it, fills file.sha256, and returns the path of the copy. `name` is the
  // copy's file name; empty: the name of `file`. Blocks on the disk.
  // Errors: resource_exhausted (disk full), failed_precondition (the folder is another user's), each naming the path.
  Result<std::string> prepare(PluginFile& file, const std::string& name = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dormouse
