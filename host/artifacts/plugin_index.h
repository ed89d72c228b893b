// The plugin index: which plugin files exist in the configured folders, and what they say about themselves.
// Parses only; runs nothing and maps nothing. Thread-safe; readers get immutable snapshots.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "artifacts/elf.h"
#include "artifacts/manifest.h"
#include "artifacts/safety.h"
#include "base/status.h"

namespace dormouse {

struct PluginFile;

// A file that may be used, or why it may not.
struct PluginEntry {
  std::string path;
  std::string identity;    // file_identity() of the file that was read
  bool is_folder = false;  // a folder of plugins that cannot be read; `problem` says why
  std::string id;          // from the manifest; the file name when there is none
  std::string version;
  std::string sha256;                        // with an allow-list, and in what with_hashes() answers; else empty
  std::shared_ptr<const Manifest> manifest;  // null when `problem` is set
  Safety safety;
  Status problem;  // ok, or what was needed, found, and what to do
};

struct PluginIndexOptions {
  std::vector<std::string> folders;  // searched in order; the first file with an id and version wins
  std::vector<std::string> allow;    // sha256 of the only files that may be used; empty: any
};

// What a file promises against what it offers, as far as both can be read without running it: the manifest, the layout
// that the dynamic loader would follow, and the plugin's table. Asked by each look at a file (scan, inspect, check, dry
// runs) and by each load. Errors: invalid_argument, damaged; handshake()'s.
Status check_without_running(const PluginFile& file, const ElfFacts& facts, const Manifest& manifest);

class PluginIndex {
 public:
  explicit PluginIndex(PluginIndexOptions options);
  ~PluginIndex();

  using Snapshot = std::shared_ptr<const std::vector<PluginEntry>>;
  // Reads all folders anew. A missing folder is an entry with a problem, not a failed scan. Files that did not change
  // (device, inode, size, times) are not read again.
  Snapshot scan();
  // What scan() would find. Keeps nothing but what it has read of the files.
  Snapshot look();
  Snapshot snapshot() const;
  // `snapshot` with the hash of every file that is still the one that was scanned, also of those that may not be used.
  // Reads each file once and remembers the hash until the file changes. Blocks on the disk, so never from a reactor.
  Snapshot with_hashes(const Snapshot& snapshot);

  // The entry for plugin `id`, in `version` when not empty, else the newest usable one. Scans when it is not known yet.
  // Errors: not_found with near names and the folders searched; the entry's problem when all that match are unusable.
  Result<PluginEntry> find(const std::string& id, const std::string& version);

  // Whether the allow-list lets this content in. Errors: failed_precondition with the hash to add.
  Status check_allowed(const std::string& path, const std::string& sha256) const;

 private:
  struct Known;  // what was read from a file, and by what the file is recognised

  Snapshot read_folders();
  PluginEntry look_at(const std::string& path, std::map<std::string, Known>& known);
  void allow(const PluginFile& file, PluginEntry& entry) const;
  std::string remembered_hash(const std::string& path);
  static std::optional<PluginEntry> find_in(const std::vector<PluginEntry>& entries, const std::string& id,
                                            const std::string& version);
  Status not_found(const std::vector<PluginEntry>& entries, const std::string& id, const std::string& version) const;

  const PluginIndexOptions options_;
  std::mutex scanning_;                 // held during a scan: two at once would read everything twice
  std::map<std::string, Known> known_;  // by path; guarded by scanning_
  mutable std::mutex mutex_;            // guards snapshot_
  Snapshot snapshot_;
};

}  // namespace dormouse
