// The crash records of a state folder: state_dir/crashes/, one small text file each. The signal handler of a dying
// process writes them (crash_reporter.h); this class reads them in later processes, and removes old ones.
// Owner: its user. Any thread; the functions block on the disk, so never a reactor.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace dormouse {

struct CrashFrame {
  std::string file;     // path of the shared object; "": the address was in none
  uint64_t offset = 0;  // in the file, for addr2line; without a file, the address itself
};

struct CrashRecord {
  std::string id;         // "20260131-025811", the time; "-2" at the end for the second crash in one second
  std::string at;         // RFC 3339, UTC
  uint64_t pid = 0;       // of the process that ended
  std::string version;    // of the host
  std::string component;  // "": the thread was in no plugin that the host knew of
  std::string plugin;
  std::string plugin_version;
  std::string method;   // or "open", "close", "timer" ...
  std::string request;  // 16 hex digits, as in Dormouse-Request-Id; "" for none
  uint64_t batch = 1;   // calls answered together; `request` is the first of them
  std::string signal;   // "SIGSEGV"; "exit(3)" when a plugin ended the process
  std::string address;  // the address of the fault, "0x18"; "" when the signal has none
  std::string thread;   // name of the thread
  std::string file;     // of the first frame outside of the host and the C library, else of the first frame
  uint64_t offset = 0;
  std::vector<CrashFrame> frames;  // innermost first, at most kCrashFramesMax
};

inline constexpr size_t kCrashFramesMax = 32;
inline constexpr size_t kCrashFileBytesMax = 16 * 1024;
// The file that a running process keeps open for the record of its crash; empty until then.
inline constexpr const char* kCrashPending = "next";

// Reads the text of a record. Errors: data_loss, the text is no record.
Result<CrashRecord> parse_crash(std::string_view text, const std::string& id);

class CrashStore {
 public:
  static constexpr size_t kKept = 64;  // at about 2 KiB; older ones are removed by open()

  // Makes the folder (0700), gives an unnamed record of an earlier process its name, and removes all but the newest
  // kKept. Only in the process that owns the state folder. Errors: those of ensure_private_folder().
  static Result<CrashStore> open(std::string folder);

  const std::string& folder() const { return folder_; }
  // Newest first. Files that are no records are left out.
  std::vector<CrashRecord> list() const;
  // Errors: not_found, data_loss.
  Result<CrashRecord> read(const std::string& id) const;
  // The records that no earlier call, in any process, has returned; oldest first.
  std::vector<CrashRecord> take_unannounced();

 private:
  explicit CrashStore(std::string folder) : folder_(std::move(folder)) {}
  std::string folder_;
};

}  // namespace dormouse
