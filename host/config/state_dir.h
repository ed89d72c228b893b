// The state folder: found, checked, and locked by one process; and the token that lives in it.
// Knows no component: libs/, models/ and data/ below it belong to the registry.
// Thread: any; blocks on the disk, so at start and in commands only.
#pragma once

#include <string>

#include "base/status.h"
#include "base/unique_fd.h"
#include "config/config.h"

namespace dormouse {

// `configured`, else $STATE_DIRECTORY (its first entry), else $XDG_STATE_HOME/dormouse, else
// $HOME/.local/state/dormouse. Errors: failed_precondition when none of them is set.
Result<std::string> find_state_dir(const std::string& configured, const Environment& environment);

// The folder, ours alone for as long as this lives. The kernel lets the lock go with the process, however it ends.
class StateDir {
 public:
  // Makes the folder (0700) when it is missing. Errors: failed_precondition (owner, mode, no permission), busy (another
  // process has it; the message names its pid), resource_exhausted (disk full).
  static Result<StateDir> open(std::string path);
  // Whether open() and token() would succeed; makes and changes nothing. The same errors.
  static Status check(const std::string& path);

  const std::string& path() const { return path_; }
  // The control token: 64 hex digits from 32 random bytes, made once, 0600. Errors: as open, data_loss.
  Result<std::string> token() const;
  // Tells `ctl` where the control listener really is (port 0). Gone with forget_control_address.
  Status publish_control_address(const std::string& address) const;
  void forget_control_address() const;

 private:
  StateDir(std::string path, UniqueFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  std::string path_;
  UniqueFd lock_;
};

// Of a host that runs, for its clients. Errors: not_found, failed_precondition (not ours to read).
Result<std::string> read_token(const std::string& state_dir);
Result<std::string> read_control_address(const std::string& state_dir);

}  // namespace dormouse
