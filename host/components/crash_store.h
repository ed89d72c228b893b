// The crashes that this state folder remembers: state_dir/crashes/, a small text file each, written by the handler of
// a dying process (crash_reporter.h) and read by the next one.
// Reads and tidies; writes nothing of its own. Thread: any; blocks on the disk.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace dormouse {

struct CrashFrame {
  std::string file;     // path of the shared object; "" when the address was in none
  uint64_t offset = 0;  // inside it, as addr2line wants it; the address itself when there is no file
};

struct CrashRecord {
  std::string id;         // "20260131-025811", the time; "-2" behind it for a second one of that second
  std::string at;         // RFC 3339, UTC
  uint64_t pid = 0;       // of the process that ended
  std::string version;    // of the host
  std::string component;  // "" when the thread was in no plugin that the host knew of
  std::string plugin;
  std::string plugin_version;
  std::string method;   // or "open", "close", "timer" ...
  std::string request;  // 16 hex digits, as in Dormouse-Request-Id; "" for none
  uint64_t batch = 1;   // calls answered together; `request` is the first of them
  std::string signal;   // "SIGSEGV"; "exit(3)" when a plugin ended the process
  std::string address;  // that was touched, "0x18"; "" when the signal has none
  std::string thread;   // its name
  std::string file;     // of the first frame outside of the host and the C library, else of the first
  uint64_t offset = 0;
  std::vector<CrashFrame> frames;  // innermost first, at most kCrashFramesMax
};

inline constexpr size_t kCrashFramesMax = 32;
inline constexpr size_t kCrashFileBytesMax = 16 * 1024;
// The file that a running process keeps open for its own crash; empty as long as there is none.
inline constexpr const char* kCrashPending = "next";

// Errors: data_loss, what is there is no such record.
Result<CrashRecord> parse_crash(std::string_view text, const std::string& id);

class CrashStore {
 public:
  static constexpr size_t kKept = 64;  // at about 2 KiB; older ones are removed by open()

  // Makes the folder (0700), adopts what a process left unfinished, removes all but the newest kKept. Only for the
  // process that owns the state folder. Errors: ensure_private_folder's.
  static Result<CrashStore> open(std::string folder);

  const std::string& folder() const { return folder_; }
  // Newest first. Files that are no records are left out.
  std::vector<CrashRecord> list() const;
  // Errors: not_found, data_loss.
  Result<CrashRecord> read(const std::string& id) const;
  // Those that no earlier call of any process returned, oldest first.
  std::vector<CrashRecord> take_unannounced();

 private:
  explicit CrashStore(std::string folder) : folder_(std::move(folder)) {}
  std::string folder_;
};

}  // namespace dormouse
