#include "base/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "base/unique_fd.h"

namespace dormouse {
namespace {

std::string folder_of(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string octal(mode_t mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode & 07777));
  return text;
}

std::string this_user() {
  return "user " + std::to_string(geteuid());
}

Status write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written >= 0) {
      content.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      return file_error("write it", path, errno);
    }
  }
  return {};
}

// The rename itself is only on the disk once the folder is.
Status sync_folder(const std::string& folder) {
  UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return file_error("open it", folder, errno);
  // Some file systems cannot sync a folder and say EINVAL; there is nothing better to do on those.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) return file_error("sync it", folder, errno);
  return {};
}

// A file that disappears unless it was renamed to its final name.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& final_path) : path_(final_path + ".XXXXXX") {
    fd_.reset(::mkostemp(path_.data(), O_CLOEXEC));
    present_ = static_cast<bool>(fd_);
  }
  ~TemporaryFile() {
    if (present_) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  int fd() const { return fd_.get(); }
  bool present() const { return present_; }
  bool rename_to(const std::string& final_path) {
    if (::rename(path_.c_str(), final_path.c_str()) != 0) return false;
    present_ = false;
    return true;
  }

 private:
  std::string path_;
  UniqueFd fd_;
  bool present_ = false;
};

Status make_folders(const std::string& path) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
      // Above a folder that exists one may be forbidden to create (EACCES, EROFS) without any harm.
      const int error = errno;
      struct stat there;
      if (::stat(part.c_str(), &there) != 0) return file_error("create it", part, error);
    }
    if (end == std::string::npos) return {};
  }
}

// The folder of `path` that is not there, the outermost one; "" when all are.
std::string missing_folder(const std::string& path) {
  std::string missing;
  struct stat there;
  for (std::string at = folder_of(path); ::stat(at.c_str(), &there) != 0 && at != missing; at = folder_of(at))
    missing = at;
  return missing;
}

}  // namespace

Status file_error(std::string_view action, const std::string& path, int errno_value) {
  Error error;
  error.object = path;
  error.message = "cannot " + std::string(action) + ": ";
  switch (errno_value) {
    case ENOENT:
      error.code = Code::not_found;
      error.message += "no such file or folder";
      error.remedy = "check the path";
      if (const std::string missing = missing_folder(path); !missing.empty()) {
        error.remedy += "; there is no folder " + missing;
      }
      break;
    case EACCES:
    case EPERM:
      error.code = Code::failed_precondition;
      error.message += "no permission";
      error.remedy = "give " + this_user() + " access to it and to the folders above it";
      break;
    case EROFS:
      error.code = Code::failed_precondition;
      error.message += "the file system is read-only";
      error.remedy = "choose a path on a writable file system";
      break;
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
      error.code = Code::failed_precondition;
      error.message += std::generic_category().message(errno_value);
      error.remedy = "check the path";
      break;
    case ENOSPC:
    case EDQUOT:
      error.code = Code::resource_exhausted;
      error.message += errno_value == ENOSPC ? "the disk is full" : "the disk quota is used up";
      error.remedy = "free space on the file system of " + folder_of(path);
      break;
    case EMFILE:
    case ENFILE:
      error.code = Code::resource_exhausted;
      error.message += "too many open files";
      error.remedy = "raise the limit of open files (ulimit -n, LimitNOFILE=)";
      break;
    default:
      error.code = Code::unavailable;
      error.message += std::generic_category().message(errno_value);
  }
  return Status(std::move(error));
}

Result<std::string> read_file(const std::string& path, size_t bytes_max) {
  // O_NONBLOCK: opening a FIFO must not wait for a writer. It changes nothing for the regular files that pass.
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) return file_error("open it", path, errno);
  struct stat facts;
  if (::fstat(fd.get(), &facts) != 0) return file_error("look at it", path, errno);
  if (!S_ISREG(facts.st_mode))
    return Error{.code = Code::invalid_argument,
                 .message = "it is not a regular file",
                 .object = path,
                 .needed = "",
                 .found = "",
                 .remedy = ""};

  // The size is not trusted: it is 0 in /proc, and a file may grow while it is read.
  std::string content;
  std::array<char, 16 * 1024> chunk;
  for (;;) {
    const ssize_t got = ::read(fd.get(), chunk.data(), chunk.size());
    if (got == 0) return content;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_error("read it", path, errno);
    if (content.size() + static_cast<size_t>(got) > bytes_max) {
      return Error{.code = Code::invalid_argument,
                   .message = "the file is too large",
                   .object = path,
                   .needed = "at most " + std::to_string(bytes_max) + " bytes",
                   .found = std::to_string(std::max<off_t>(facts.st_size, off_t(bytes_max) + 1)) + " or more",
                   .remedy = ""};
    }
    content.append(chunk.data(), static_cast<size_t>(got));
  }
}

Status write_file_atomically(const std::string& path, std::string_view content, mode_t mode) {
  TemporaryFile temporary(path);
  if (!temporary.present()) return file_error("create a file beside it", path, errno);
  // mkostemp made it 0600, so a secret is at no moment readable by others.
  if (Status written = write_all(temporary.fd(), content, path); !written.ok()) return written;
  if (::fchmod(temporary.fd(), mode) != 0) return file_error("set its mode", path, errno);
  if (::fsync(temporary.fd()) != 0) return file_error("sync it", path, errno);
  if (!temporary.rename_to(path)) return file_error("replace it", path, errno);
  return sync_folder(folder_of(path));
}

namespace {
Status check_existing(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return file_error("open the folder", path, errno);
  struct stat facts;
  if (::fstat(fd.get(), &facts) != 0) return file_error("look at it", path, errno);
  if (facts.st_uid != geteuid()) {
    return Status({.code = Code::failed_precondition,
                   .message = "the folder belongs to somebody else",
                   .object = path,
                   .needed = "owner " + this_user(),
                   .found = "user " + std::to_string(facts.st_uid),
                   .remedy = "run as its owner, or choose another folder"});
  }
  if ((facts.st_mode & 077) != 0) {
    return Status({.code = Code::failed_precondition,
                   .message = "the folder is open to others",
                   .object = path,
                   .needed = "mode 0700",
                   .found = octal(facts.st_mode),
                   .remedy = "chmod 700 " + path + " (systemd: StateDirectoryMode=0700)"});
  }
  return {};
}
}  // namespace

Status ensure_private_folder(const std::string& path) {
  if (path.empty()) return Status({.code = Code::invalid_argument, .message = "the path of the folder is empty"});
  if (Status made = make_folders(path); !made.ok()) return made;
  return check_existing(path);
}

Status check_private_folder(const std::string& path) {
  if (path.empty()) return ensure_private_folder(path);
  struct stat facts;
  if (::stat(path.c_str(), &facts) == 0) return check_existing(path);
  // The folder that would get a new one: the nearest that exists.
  std::string parent = path;
  int error = errno;
  while (error == ENOENT && parent.size() > 1) {
    parent = folder_of(parent);
    error = ::access(parent.c_str(), W_OK | X_OK) == 0 ? 0 : errno;
  }
  return error == 0 ? Status() : file_error("make the folder", path, error);
}

}  // namespace dormouse
