// One plugin file on its way into memory and out again: checked, copied privately, mapped, proven unmapped.
// Knows nothing of components; the thread that calls map() runs the plugin's static constructors, the thread that calls
// unmap() its destructors.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "components/handshake.h"
#include "dormouse/plugin.h"

namespace dormouse {

// A file that passed the checks, held open: a plugin, of which nothing was executed, or a model.
struct PluginFile {
  std::string path;    // as configured
  std::string sha256;  // lower-case hex; empty until PrivateCopies::prepare or hash_plugin_file
  int fd = -1;         // owned
  PluginFile() = default;
  PluginFile(PluginFile&&) noexcept;
  PluginFile& operator=(PluginFile&&) noexcept;
  ~PluginFile();
};

// "dev:ino:size:mtime" of the file at `path`, by which a replaced one is noticed; empty when there is none.
std::string file_identity(const std::string& path);

// Opens `path` once, never through a symbolic link at any of its last two levels, and checks that file and folder
// belong to root or to us and are writable by nobody else, and that nobody else could put another folder in the place
// of one above: each belongs to root or to us, and is writable by nobody else or sticky. Errors: not_found,
// invalid_argument (owner, mode, symlink, not a regular file), each with needed, found and remedy.
Result<PluginFile> open_plugin_file(const std::string& path);

// The SHA-256 of an open file, in lower-case hex. Errors: unavailable when the file changes meanwhile, and read errors.
Result<std::string> hash_plugin_file(const PluginFile& file);

// Opens a model of the state folder, never through a symbolic link. Errors: as open_plugin_file, without its trust.
Result<PluginFile> open_model_file(const std::string& path);

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

// How unmap ended.
struct UnmapReport {
  bool unmapped = false;                         // proven: RTLD_NOLOAD finds nothing and the link map has no entry
  std::string cause;                             // otherwise: why the loader kept it, as far as it can be known
  std::vector<std::string> pinned_dependencies;  // came with the plugin and stayed
};

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
