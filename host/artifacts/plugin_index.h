// The plugin index: the plugin files in the configured folders, with their manifests and safety classes. It reads
// files; it runs no plugin and maps none. Owner: the carrier (components/in_process.h). Any thread; readers get
// immutable snapshots. Functions that read files block on the disk.
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

// One plugin file: usable, or with the problem that makes it unusable.
struct PluginEntry {
  std::string path;
  std::string identity;    // file_identity() of the file that was read
  bool is_folder = false;  // a folder of plugins that cannot be read; `problem` says why
  std::string id;          // from the manifest; without one, the file name
  std::string version;
  std::string sha256;                        // with an allow-list, and after with_hashes(); else empty
  std::shared_ptr<const Manifest> manifest;  // null when `problem` is set
  Safety safety;
  Status problem;  // ok: the file is usable
};

struct PluginIndexOptions {
  std::vector<std::string> folders;  // searched in order; the first file with an id and version wins
  std::vector<std::string> allow;    // sha256 of the only files that may be used; empty: any
};

// Checks a file without running it: the layout that the dynamic loader would follow (load_image.h), and the plugin's
// table against the manifest (static_table.h). Scan, inspect, check, dry runs and each load call this. Errors:
// invalid_argument "is damaged"; those of handshake().
Status check_without_running(const PluginFile& file, const ElfFacts& facts, const Manifest& manifest);

class PluginIndex {
 public:
  explicit PluginIndex(PluginIndexOptions options);
  ~PluginIndex();

  using Snapshot = std::shared_ptr<const std::vector<PluginEntry>>;
  // Reads all folders again and replaces the snapshot. A missing folder becomes an entry with a problem. Files that did
  // not change (device, inode, size, times) are not read again.
  Snapshot scan();
  // Returns what scan() would, without replacing the snapshot.
  Snapshot look();
  Snapshot snapshot() const;
  // `snapshot` with the hash of each file that has not changed since, of unusable files too. Reads each file once and
  // remembers the hash until the file changes. Blocks on the disk, so never from a reactor.
  Snapshot with_hashes(const Snapshot& snapshot);

  // The entry for plugin `id`: of `version`, or if that is empty the newest usable version. Scans if the plugin is not
  // known yet. Errors: not_found with near names and the searched folders; the problem of an entry, when all matching
  // entries are unusable.
  Result<PluginEntry> find(const std::string& id, const std::string& version);

  // Whether the allow-list permits this content. Errors: failed_precondition with the hash to add.
  Status check_allowed(const std::string& path, const std::string& sha256) const;

 private:
  struct Known;  // the facts read from a file, and its identity

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
