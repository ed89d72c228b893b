#include "base/file.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>

namespace dormouse {
namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "dormouse-file-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Folder() { fs::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  size_t entries() const { return static_cast<size_t>(std::distance(fs::directory_iterator(path_), {})); }

 private:
  std::string path_;
};

mode_t mode_of(const std::string& path) {
  struct stat facts;
  REQUIRE(::stat(path.c_str(), &facts) == 0);
  return facts.st_mode & 07777;
}

TEST_CASE("what was written is read back") {
  const Folder folder;
  const std::string content("a\0b\n", 4);
  REQUIRE(write_file_atomically(folder / "f", content, 0600).ok());
  CHECK(*read_file(folder / "f", 100) == content);
  REQUIRE(write_file_atomically(folder / "f", "", 0600).ok());
  CHECK(read_file(folder / "f", 0)->empty());
}

TEST_CASE("a written file has the mode asked for whatever the umask and nothing is left beside it") {
  const Folder folder;
  const mode_t before = ::umask(0077);
  CHECK(write_file_atomically(folder / "open", "x", 0644).ok());
  ::umask(0);
  CHECK(write_file_atomically(folder / "secret", "x", 0600).ok());
  CHECK(write_file_atomically(folder / "open", "y", 0640).ok());
  ::umask(before);
  CHECK(mode_of(folder / "open") == 0640);
  CHECK(mode_of(folder / "secret") == 0600);
  CHECK(folder.entries() == 2);
}

TEST_CASE("a write that fails leaves the old file and nothing else") {
  const Folder folder;
  fs::create_directories(folder / "taken/inside");  // a file cannot replace a folder that is not empty
  const Status status = write_file_atomically(folder / "taken", "x", 0600);
  CHECK_FALSE(status.ok());
  CHECK(status.error().object == folder / "taken");
  CHECK(folder.entries() == 1);
  CHECK(write_file_atomically(folder / "none/f", "x", 0600).code() == Code::not_found);
}

TEST_CASE("writing through a symbolic link replaces the link and not its target") {
  const Folder folder;
  std::ofstream(folder / "target") << "old";
  fs::create_symlink(folder / "target", folder / "link");
  REQUIRE(write_file_atomically(folder / "link", "new", 0600).ok());
  CHECK(*read_file(folder / "target", 10) == "old");
  CHECK(*read_file(folder / "link", 10) == "new");
}

TEST_CASE("a file larger than the bound is refused with both sizes") {
  const Folder folder;
  REQUIRE(write_file_atomically(folder / "f", std::string(100'000, 'x'), 0600).ok());
  CHECK(read_file(folder / "f", 100'000)->size() == 100'000);
  const Status status = read_file(folder / "f", 99'999).status();
  CHECK(status.code() == Code::invalid_argument);
  CHECK(status.error().needed == "at most 99999 bytes");
  CHECK(status.error().found == "100000 or more");
}

TEST_CASE("only regular files are read and a pipe does not block") {
  const Folder folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(read_file(folder / "pipe", 10).status().code() == Code::invalid_argument);
  CHECK(read_file(folder / "", 10).status().code() == Code::invalid_argument);
  CHECK(read_file("/dev/null", 10).status().code() == Code::invalid_argument);
  CHECK(read_file("/proc/self/status", 100'000)->find("Name:") == 0);
}

TEST_CASE("a missing file is not found and named") {
  const Folder folder;
  const Status status = read_file(folder / "none", 10).status();
  CHECK(status.code() == Code::not_found);
  CHECK(status.error().object == folder / "none");
}

TEST_CASE("a private folder is made with its parents and accepted again") {
  const Folder folder;
  REQUIRE(ensure_private_folder(folder / "a/b//c/").ok());
  CHECK(mode_of(folder / "a") == 0700);
  CHECK(mode_of(folder / "a/b/c") == 0700);
  CHECK(ensure_private_folder(folder / "a/b/c").ok());
}

TEST_CASE("a folder open to others is refused and not repaired") {
  const Folder folder;
  REQUIRE(ensure_private_folder(folder / "d").ok());
  for (const mode_t mode : {0750, 0705, 0777, 0710}) {
    REQUIRE(::chmod((folder / "d").c_str(), mode) == 0);
    const Status status = ensure_private_folder(folder / "d");
    CHECK(status.code() == Code::failed_precondition);
    CHECK(status.error().remedy.find("chmod 700 " + (folder / "d")) == 0);
    CHECK(mode_of(folder / "d") == mode);
  }
}

TEST_CASE("a file in the place of a private folder is refused") {
  const Folder folder;
  REQUIRE(write_file_atomically(folder / "f", "", 0600).ok());
  CHECK(ensure_private_folder(folder / "f").code() == Code::failed_precondition);
  CHECK(ensure_private_folder(folder / "f/below").code() == Code::failed_precondition);
  CHECK(ensure_private_folder("").code() == Code::invalid_argument);
}

TEST_CASE("a folder of somebody else is refused with both owners") {
  if (::geteuid() == 0) {
    const Folder folder;
    REQUIRE(ensure_private_folder(folder / "d").ok());
    REQUIRE(::chown((folder / "d").c_str(), 65534, 65534) == 0);
    const Status status = ensure_private_folder(folder / "d");
    CHECK(status.code() == Code::failed_precondition);
    CHECK(status.error().found == "user 65534");
  } else {
    // The root folder is there everywhere, and it is not ours.
    const Status status = ensure_private_folder("/");
    CHECK(status.code() == Code::failed_precondition);
    CHECK(status.error().found == "user 0");
  }
}

TEST_CASE("errors of the system become a code and a remedy") {
  CHECK(file_error("write it", "/d/f", ENOSPC).code() == Code::resource_exhausted);
  CHECK(file_error("write it", "/d/f", ENOSPC).to_string() ==
        "/d/f: cannot write it: the disk is full; free space on the file system of /d");
  CHECK(file_error("open it", "/d/f", EACCES).code() == Code::failed_precondition);
  CHECK(file_error("open it", "/d/f", EACCES).error().remedy.find("access") != std::string::npos);
  CHECK(file_error("open it", "/f", EROFS).code() == Code::failed_precondition);
  CHECK(file_error("open it", "f", ENOENT).error().remedy == "check the path");
  CHECK(file_error("open it", "/no-such-folder/d/f", ENOENT).error().remedy ==
        "check the path; there is no folder /no-such-folder");
  CHECK(file_error("open it", "no-such-folder/f", ENOENT).error().remedy ==
        "check the path; there is no folder no-such-folder");
  CHECK(file_error("open it", "/no-such-file", ENOENT).error().remedy == "check the path");
  CHECK(file_error("open it", "no-such-file", ENOENT).error().remedy == "check the path");
  CHECK(file_error("open it", "/f", EMFILE).code() == Code::resource_exhausted);
  CHECK(file_error("open it", "/f", EIO).code() == Code::unavailable);
}

}  // namespace
}  // namespace dormouse
