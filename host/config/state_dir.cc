#include "config/state_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "base/file.h"

namespace dormouse {
namespace {

constexpr size_t kTokenBytes = 32;
constexpr size_t kSmallFileMax = 4096;

std::string from(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

Result<std::string> random_hex(size_t bytes) {
  std::string hex;
  std::array<unsigned char, kTokenBytes> raw{};
  if (::getrandom(raw.data(), bytes, 0) != static_cast<ssize_t>(bytes))
    return Status(Code::unavailable, "the kernel gave no random bytes");
  for (size_t i = 0; i < bytes; ++i) {
    hex += "0123456789abcdef"[raw[i] >> 4];
    hex += "0123456789abcdef"[raw[i] & 15];
  }
  return hex;
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

Status busy(const std::string& path, const std::string& pid) {
  return Status(Error{.code = Code::busy,
                      .message = "is in use by another process",
                      .object = "state folder " + path,
                      .found = pid.empty() ? "its lock held" : "its lock held by process " + pid,
                      .remedy = "stop that process, or give this one a folder of its own with host.state_dir"});
}

Status write_pid(int fd, const std::string& path) {
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
    return file_error("write it", path, errno);
  return {};
}

bool is_token(const std::string& text) {
  return text.size() == 2 * kTokenBytes && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

Result<std::string> find_state_dir(const std::string& configured, const Environment& environment) {
  if (!configured.empty()) return std::filesystem::absolute(configured).lexically_normal().string();
  // systemd separates several with colons.
  if (const std::string set = from(environment, "STATE_DIRECTORY"); !set.empty()) return set.substr(0, set.find(':'));
  // The XDG rule: a relative path is invalid and ignored.
  if (const std::string set = from(environment, "XDG_STATE_HOME"); set.starts_with('/')) return set + "/dormouse";
  if (const std::string home = from(environment, "HOME"); home.starts_with('/')) return home + "/.local/state/dormouse";
  return Status(Error{.code = Code::failed_precondition,
                      .message = "there is no place for it",
                      .object = "state folder",
                      .found = "none of host.state_dir, STATE_DIRECTORY, XDG_STATE_HOME and HOME set",
                      .remedy = "set host.state_dir"});
}

Result<StateDir> StateDir::open(std::string path) {
  if (Status status = ensure_private_folder(path); !status.ok()) return status;
  const std::string lock_path = path + "/lock";
  UniqueFd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return file_error("open it", lock_path, errno);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return file_error("lock it", lock_path, errno);
    Result<std::string> holder = read_file(lock_path, kSmallFileMax);
    return busy(path, holder ? first_line(*holder) : "");
  }
  if (Status status = write_pid(lock.get(), lock_path); !status.ok()) return status;
  return StateDir(std::move(path), std::move(lock));
}

Status StateDir::check(const std::string& path) {
  if (Status status = check_private_folder(path); !status.ok()) return status;
  const std::string lock_path = path + "/lock";
  // Shared, and for an instant: the holder's lock is exclusive.
  const UniqueFd lock(::open(lock_path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!lock && errno != ENOENT) return file_error("open it", lock_path, errno);
  if (lock && ::flock(lock.get(), LOCK_SH | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return file_error("lock it", lock_path, errno);
    Result<std::string> holder = read_file(lock_path, kSmallFileMax);
    return busy(path, holder ? first_line(*holder) : "");
  }
  const Status token = read_token(path).status();
  return token.ok() || token.code() == Code::not_found ? Status() : token;
}

Result<std::string> StateDir::token() const {
  if (Result<std::string> kept = read_token(path_); kept || kept.status().code() != Code::not_found) return kept;
  Result<std::string> token = random_hex(kTokenBytes);
  if (!token) return token;
  if (Status status = write_file_atomically(path_ + "/token", *token + "\n", 0600); !status.ok()) return status;
  return token;
}

Status StateDir::publish_control_address(const std::string& address) const {
  return write_file_atomically(path_ + "/control", address + "\n", 0600);
}

void StateDir::forget_control_address() const {
  ::unlink((path_ + "/control").c_str());
}

Result<std::string> read_token(const std::string& state_dir) {
  const std::string path = state_dir + "/token";
  Result<std::string> text = read_file(path, kSmallFileMax);
  if (!text) return text;
  struct stat info;
  if (::stat(path.c_str(), &info) == 0 && (info.st_mode & 077) != 0) {
    return Status(Error{.code = Code::failed_precondition,
                        .message = "others may read it",
                        .object = path,
                        .needed = "mode 0600",
                        .remedy = "delete it (a new one is made at the next start)"});
  }
  const std::string token = first_line(*text);
  if (!is_token(token)) {
    return Status(Error{.code = Code::data_loss,
                        .message = "is damaged",
                        .object = path,
                        .needed = "64 hexadecimal digits",
                        .remedy = "delete it (a new one is made at the next start)"});
  }
  return token;
}

Result<std::string> read_control_address(const std::string& state_dir) {
  Result<std::string> text = read_file(state_dir + "/control", kSmallFileMax);
  if (!text) return text;
  return first_line(*text);
}

}  // namespace dormouse
