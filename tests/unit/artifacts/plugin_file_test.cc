#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "artifacts/plugin_file.h"
#include "support/temp_folder.h"

using namespace dormouse;
namespace fs = std::filesystem;

namespace {

// A folder with one file that passes all checks.
struct Folder {
  TempFolder temp;
  std::string folder = temp / "plugins";
  std::string file = folder + "/p.so";

  Folder() {
    fs::create_directory(folder);
    std::ofstream(file) << "content";
    ::chmod(folder.c_str(), 0755);
    ::chmod(file.c_str(), 0644);
  }
};

std::string refusal(const std::string& path) {
  const Result<PluginFile> file = open_plugin_file(path);
  if (file.ok()) return "ok";
  CHECK(file.status().code() == Code::invalid_argument);
  return file.status().error().message + ": " + file.status().error().found;
}

}  // namespace

TEST_CASE("a file of ours in a folder of ours is opened") {
  const Folder f;
  const Result<PluginFile> file = open_plugin_file(f.file);
  REQUIRE(file.ok());
  CHECK(file->path == f.file);
  CHECK(file->fd >= 0);
  CHECK((::fcntl(file->fd, F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("a file that is not there is not_found with its path") {
  const Folder f;
  const Result<PluginFile> file = open_plugin_file(f.folder + "/q.so");
  CHECK(file.status().code() == Code::not_found);
  CHECK(file.status().to_string().find(f.folder + "/q.so") != std::string::npos);
  CHECK(open_plugin_file(f.temp / "none/q.so").status().code() == Code::not_found);
}

TEST_CASE("a symbolic link is not followed at the file nor at its folder") {
  const Folder f;
  fs::create_symlink(f.file, f.folder + "/link.so");
  fs::create_directory_symlink(f.folder, f.temp / "link");
  CHECK(refusal(f.folder + "/link.so") == "cannot be used: a symbolic link");
  CHECK(refusal(f.temp / "link/p.so") == "cannot be used: a symbolic link");
  CHECK(refusal(f.temp / "link/./p.so") == "cannot be used: a symbolic link");
  CHECK(refusal(f.temp / "link//p.so") == "cannot be used: a symbolic link");
}

TEST_CASE("a link above the folder is followed") {
  const Folder f;
  fs::create_directory_symlink(f.temp.path(), f.temp / "above");
  CHECK(refusal(f.temp / "above/plugins/p.so") == "ok");
}

TEST_CASE("a file or folder that others may write is refused") {
  for (const mode_t bits : {mode_t{0020}, mode_t{0002}}) {
    const Folder f;
    ::chmod(f.file.c_str(), 0644 | bits);
    CHECK(refusal(f.file).find("is writable by others: mode 06") == 0);
    ::chmod(f.file.c_str(), 0644);
    ::chmod(f.folder.c_str(), 0755 | bits);
    CHECK(refusal(f.file).find("is writable by others: mode 07") == 0);
  }
}

TEST_CASE("a file of somebody else is refused") {
  if (::geteuid() != 0) return;  // only root can give files away
  const Folder f;
  REQUIRE(::chown(f.file.c_str(), 12345, 12345) == 0);
  CHECK(refusal(f.file) == "belongs to somebody else: user 12345");
  REQUIRE(::chown(f.file.c_str(), 0, 0) == 0);
  REQUIRE(::chown(f.folder.c_str(), 12345, 12345) == 0);
  CHECK(refusal(f.file) == "belongs to somebody else: user 12345");
}

TEST_CASE("what is no regular file is refused without waiting for it") {
  const Folder f;
  REQUIRE(::mkfifo((f.folder + "/fifo.so").c_str(), 0600) == 0);
  fs::create_directory(f.folder + "/folder.so");
  CHECK(refusal(f.folder + "/fifo.so") == "is no regular file: a folder or something special");
  CHECK(refusal(f.folder + "/folder.so") == "is no regular file: a folder or something special");
  CHECK(refusal(f.folder + "/") == "is no file: a folder");
  CHECK(refusal(f.file + "/x.so") == "cannot be used: no folder");
}

TEST_CASE("the hash of a file is its SHA-256") {
  const Folder f;
  const Result<PluginFile> file = open_plugin_file(f.file);
  REQUIRE(file.ok());
  const Result<std::string> hash = hash_plugin_file(*file);
  REQUIRE(hash.ok());
  CHECK(*hash == "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73");
}

TEST_CASE("moving a plugin file moves its descriptor") {
  const Folder f;
  Result<PluginFile> file = open_plugin_file(f.file);
  REQUIRE(file.ok());
  const int fd = file->fd;
  {
    PluginFile moved(std::move(*file));
    CHECK(moved.fd == fd);
  }
  CHECK(::fcntl(fd, F_GETFD) == -1);
}

TEST_CASE("a folder above that others could rename is refused and a sticky one is not") {
  const Folder f;
  const std::string above = f.temp / "above";
  fs::create_directories(above + "/plugins");
  fs::copy_file(f.file, above + "/plugins/p.so");
  ::chmod((above + "/plugins").c_str(), 0755);
  ::chmod((above + "/plugins/p.so").c_str(), 0644);
  ::chmod(above.c_str(), 0777);
  const Result<PluginFile> refused = open_plugin_file(above + "/plugins/p.so");
  REQUIRE(!refused.ok());
  CHECK(refused.status().to_string() == "folder " + above + ", above plugin folder " + above +
                                            "/plugins: is writable by others; needed no write permission for group "
                                            "and others, found mode 0777; chmod go-w " +
                                            above);
  ::chmod(above.c_str(), 01777);
  CHECK(refusal(above + "/plugins/p.so") == "ok");
  // Behind a link as well: what it leads to could be swapped.
  ::chmod(above.c_str(), 0777);
  fs::create_directory_symlink(above, f.temp / "link");
  CHECK(refusal(f.temp / "link/plugins/p.so") == "is writable by others: mode 0777");
}

TEST_CASE("the identity of a file differs when one of its times or its size or its inode does") {
  const Folder f;
  struct stat info {};
  REQUIRE(::stat(f.file.c_str(), &info) == 0);
  CHECK(file_identity(f.file) == file_identity(info));
  CHECK(file_identity(f.folder + "/q.so").empty());
  const auto differs = [&](auto change) {
    struct stat other = info;
    change(other);
    return file_identity(other) != file_identity(info);
  };
  CHECK(differs([](struct stat& s) { ++s.st_dev; }));
  CHECK(differs([](struct stat& s) { ++s.st_ino; }));
  CHECK(differs([](struct stat& s) { ++s.st_size; }));
  CHECK(differs([](struct stat& s) { ++s.st_mtim.tv_nsec; }));
  // Written in place with the size and the mtime of before, or given another mode.
  CHECK(differs([](struct stat& s) { ++s.st_ctim.tv_sec; }));
  CHECK(differs([](struct stat& s) { ++s.st_ctim.tv_nsec; }));
  // Reading is no change.
  CHECK_FALSE(differs([](struct stat& s) { ++s.st_atim.tv_sec; }));
}
