#include "artifacts/plugin_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "base/file.h"
#include "base/object_names.h"
#include "base/unique_fd.h"

namespace dormouse {

PluginFile::PluginFile(PluginFile&& other) noexcept
    : path(std::move(other.path)), sha256(std::move(other.sha256)), fd(std::exchange(other.fd, -1)) {}

PluginFile& PluginFile::operator=(PluginFile&& other) noexcept {
  std::swap(path, other.path);
  std::swap(sha256, other.sha256);
  std::swap(fd, other.fd);
  return *this;
}

PluginFile::~PluginFile() {
  if (fd >= 0) close(fd);
}

namespace {

Status refused(std::string message, const std::string& object, std::string needed, std::string found,
               std::string remedy) {
  return Status(Error{.code = Code::invalid_argument,
                      .message = std::move(message),
                      .object = object,
                      .needed = std::move(needed),
                      .found = std::move(found),
                      .remedy = std::move(remedy)});
}

std::string octal(mode_t mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode & 07777));
  return text;
}

// Whoever can write the file or its folder can run code as this process.
Status check_trust(const struct stat& info, const std::string& object, const std::string& path) {
  if (info.st_uid != 0 && info.st_uid != geteuid())
    return refused("belongs to somebody else", object, "owner root or user " + std::to_string(geteuid()),
                   "user " + std::to_string(info.st_uid), "chown it");
  if (info.st_mode & (S_IWGRP | S_IWOTH))
    return refused("is writable by others", object, "no write permission for group and others",
                   "mode " + octal(info.st_mode), "chmod go-w " + path);
  return Status();
}

// Whoever may rename a folder above can put another one in its place. In a sticky one only its owner and the owner of
// what is in it may, and that one is checked as well.
Status check_ancestors(const std::filesystem::path& folder) {
  for (std::filesystem::path at = folder; at != at.parent_path();) {
    at = at.parent_path();
    struct stat info {};
    if (stat(at.c_str(), &info) != 0) return file_error("look at it", at.string(), errno);
    if (info.st_mode & S_ISVTX) info.st_mode &= ~static_cast<mode_t>(S_IWGRP | S_IWOTH);
    const std::string object = "folder " + at.string() + ", above plugin folder " + folder.string();
    if (Status trusted = check_trust(info, object, at.string()); !trusted.ok()) return trusted;
  }
  return Status();
}

// Along the path as it is written, and as it is without symbolic links: either could be swapped.
Status check_way_to(const std::string& folder) {
  std::error_code error;
  const std::filesystem::path written = std::filesystem::absolute(folder, error).lexically_normal();
  if (Status status = check_ancestors(written); error || !status.ok()) return status;
  const std::filesystem::path real = std::filesystem::canonical(folder, error);
  return error || real == written ? Status() : check_ancestors(real);
}

Status open_error(const std::string& object, const std::string& path, int error, const char* kind) {
  if (error == ELOOP || error == ENOTDIR)
    return refused("cannot be used", object, std::string("a ") + kind + " that is no symbolic link",
                   error == ELOOP ? "a symbolic link" : "no folder", "name the real path");
  const Status status = file_error("open it", path, error);
  Error named = status.error();
  named.object = object;
  return Status(std::move(named));
}

}  // namespace

std::string file_identity(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? file_identity(info) : std::string();
}

std::string file_identity(const struct stat& info) {
  const auto text = [](const timespec& at) { return std::to_string(at.tv_sec) + "." + std::to_string(at.tv_nsec); };
  return std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino) + ":" + std::to_string(info.st_size) + ":" +
         text(info.st_mtim) + ":" + text(info.st_ctim);
}

Result<PluginFile> open_plugin_file(const std::string& path) {
  // Normalised, so that "link/." does not follow the link behind O_NOFOLLOW's back.
  const std::filesystem::path normal = std::filesystem::path(path).lexically_normal();
  const std::string name = normal.filename().string();
  std::string folder = normal.parent_path().string();
  if (folder.empty()) folder = ".";
  const std::string file_object = plugin_file_object(path);
  const std::string folder_object = "plugin folder " + folder;
  if (name.empty() || name == "." || name == "..")
    return refused("is no file", file_object, "the path of a .so file", "a folder", {});

  const UniqueFd folder_fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder_fd) {
    // With O_DIRECTORY a link is reported as "not a folder".
    struct stat info {};
    const int error = errno == ENOTDIR && lstat(folder.c_str(), &info) == 0 && S_ISLNK(info.st_mode) ? ELOOP : errno;
    return open_error(folder_object, folder, error, "folder");
  }
  struct stat info {};
  if (fstat(folder_fd.get(), &info) != 0) return file_error("look at it", folder, errno);
  if (Status trusted = check_trust(info, folder_object, folder); !trusted.ok()) return trusted;
  if (Status trusted = check_way_to(folder); !trusted.ok()) return trusted;

  PluginFile file;
  file.path = path;
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  file.fd = openat(folder_fd.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file.fd < 0) return open_error(file_object, path, errno, "file");
  if (fstat(file.fd, &info) != 0) return file_error("look at it", path, errno);
  if (!S_ISREG(info.st_mode))
    return refused("is no regular file", file_object, "a regular file", "a folder or something special", {});
  if (Status trusted = check_trust(info, file_object, path); !trusted.ok()) return trusted;
  return file;
}

Result<PluginFile> open_model_file(const std::string& path) {
  PluginFile file;
  file.path = path;
  file.fd = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file.fd < 0) return open_error("model " + path, path, errno, "file");
  struct stat info {};
  if (fstat(file.fd, &info) != 0) return file_error("look at it", path, errno);
  if (!S_ISREG(info.st_mode))
    return refused("is no regular file", "model " + path, "a regular file", "a folder or something special",
                   "train the component again");
  return file;
}

}  // namespace dormouse
