#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "artifacts/private_copies.h"
#include "support/temp_folder.h"

using namespace dormouse;
namespace fs = std::filesystem;

namespace {

std::string content_of(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(path).rdbuf();
  return content.str();
}

mode_t mode_of(const std::string& path) {
  struct stat info {};
  REQUIRE(::lstat(path.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

// A plugin folder, a folder for copies, and one file.
struct Folders {
  TempFolder temp;
  std::string plugins = temp / "plugins";
  std::string libs = temp / "libs";
  std::string file = plugins + "/p.so";

  Folders() {
    fs::create_directory(plugins);
    ::chmod(plugins.c_str(), 0755);
    write("the content of a plugin");
  }
  // By renaming, as plugins are replaced.
  void write(const std::string& content) const {
    std::ofstream(file + ".new") << content;
    ::chmod((file + ".new").c_str(), 0644);
    fs::rename(file + ".new", file);
  }
  PluginFile open() const {
    Result<PluginFile> opened = open_plugin_file(file);
    REQUIRE(opened.ok());
    return std::move(*opened);
  }
  std::string prepared(PrivateCopies& copies) const {
    PluginFile opened = open();
    const Result<std::string> path = copies.prepare(opened);
    INFO(path.status().to_string());
    REQUIRE(path.ok());
    CHECK(*path == libs + "/" + opened.sha256 + "/p.so");
    return *path;
  }
  // Hashes are remembered once the file's times are some ticks of the clock in the past.
  void let_times_settle() const { std::this_thread::sleep_for(std::chrono::milliseconds(40)); }
};

}  // namespace

TEST_CASE("a copy has the content of the file and belongs to us alone") {
  const Folders f;
  PrivateCopies copies(f.libs);
  const std::string path = f.prepared(copies);
  CHECK(content_of(path) == "the content of a plugin");
  CHECK(mode_of(path) == 0400);
  CHECK(mode_of(f.libs) == 0700);
  CHECK(mode_of(fs::path(path).parent_path()) == 0700);
}

TEST_CASE("the same content is copied once") {
  const Folders f;
  PrivateCopies copies(f.libs);
  const std::string path = f.prepared(copies);
  const auto written = fs::last_write_time(path);
  f.write("the content of a plugin");
  CHECK(f.prepared(copies) == path);
  CHECK(fs::last_write_time(path) == written);
}

TEST_CASE("new content is another copy and the old one stays as it is") {
  const Folders f;
  PrivateCopies copies(f.libs);
  const std::string old_path = f.prepared(copies);
  f.write("another content");
  const std::string new_path = f.prepared(copies);
  CHECK(new_path != old_path);
  CHECK(content_of(old_path) == "the content of a plugin");
  CHECK(content_of(new_path) == "another content");
}

TEST_CASE("the copy is made from the descriptor and not from what has its name by then") {
  const Folders f;
  PrivateCopies copies(f.libs);
  PluginFile opened = f.open();
  f.write("something else under the same name");
  const Result<std::string> path = copies.prepare(opened);
  REQUIRE(path.ok());
  CHECK(content_of(*path) == "the content of a plugin");
}

TEST_CASE("a copy that is not what it should be is made anew") {
  const Folders f;
  const std::string path = [&] {
    PrivateCopies copies(f.libs);
    return f.prepared(copies);
  }();
  const auto spoilt = [&](auto spoil) {
    spoil();
    PrivateCopies copies(f.libs);
    CHECK(f.prepared(copies) == path);
    CHECK(content_of(path) == "the content of a plugin");
    CHECK(mode_of(path) == 0400);
    CHECK(fs::is_regular_file(fs::symlink_status(path)));
  };
  spoilt([&] {
    ::chmod(path.c_str(), 0600), std::ofstream(path) << "THE CONTENT OF A PLUGIN", ::chmod(path.c_str(), 0400);
  });
  spoilt([&] { ::chmod(path.c_str(), 0644); });
  spoilt([&] { fs::resize_file(path, 3); });
  spoilt([&] { fs::remove(path), fs::create_symlink(f.file, path); });
  spoilt([&] { std::ofstream(path + ".tmp") << "left by a process that died"; });
}

TEST_CASE("a copy that changes while the host runs is noticed") {
  const Folders f;
  PrivateCopies copies(f.libs);
  const std::string path = f.prepared(copies);
  f.let_times_settle();
  ::chmod(path.c_str(), 0600);
  std::ofstream(path) << "THE CONTENT OF A PLUGIN";
  ::chmod(path.c_str(), 0400);
  f.prepared(copies);
  CHECK(content_of(path) == "the content of a plugin");
}

TEST_CASE("hashes are remembered across starts and never trusted over the content") {
  const Folders f;
  f.let_times_settle();
  std::string path;
  {
    PrivateCopies copies(f.libs);
    path = f.prepared(copies);
  }
  const std::string hash = fs::path(path).parent_path().filename().string();
  std::string hashes = content_of(f.libs + "/hashes");
  const size_t at = hashes.find(hash);
  REQUIRE(at != std::string::npos);
  // With a wrong hash in the file, a second start looks for that one: it did not read the plugin again.
  hashes.replace(at, hash.size(), std::string(64, 'a'));
  std::ofstream(f.libs + "/hashes") << hashes;
  PrivateCopies copies(f.libs);
  PluginFile opened = f.open();
  const Result<std::string> wrong = copies.prepare(opened);
  CHECK(opened.sha256 == std::string(64, 'a'));
  REQUIRE_FALSE(wrong.ok());
  CHECK(wrong.status().code() == Code::unavailable);
  CHECK(fs::is_empty(f.libs + "/" + std::string(64, 'a')));
  CHECK(f.prepared(copies) == path);
}

TEST_CASE("a damaged file of hashes is ignored") {
  const Folders f;
  fs::create_directory(f.libs);
  ::chmod(f.libs.c_str(), 0700);
  for (const char* text :
       {"", "x", "dormouse plugin hashes 1\n1 2 3\n", "dormouse plugin hashes 1\n1 2 3 4 5 abc\n",
        "dormouse plugin hashes 1\n1 2 3 4 5 ../../../../../../../../../../../../../../../../etc/passwd\n"}) {
    std::ofstream(f.libs + "/hashes") << text;
    PrivateCopies copies(f.libs);
    f.prepared(copies);
  }
}

TEST_CASE("a folder that others may enter is refused") {
  const Folders f;
  fs::create_directory(f.libs);
  ::chmod(f.libs.c_str(), 0755);
  PrivateCopies copies(f.libs);
  PluginFile opened = f.open();
  const Result<std::string> path = copies.prepare(opened);
  CHECK(path.status().code() == Code::failed_precondition);
  CHECK(path.status().to_string().find(f.libs) != std::string::npos);
}

TEST_CASE("a disk that is full leaves nothing half done") {
  const Folders f;
  f.write(std::string(200000, 'x'));
  const std::string full = f.temp / "full";
  fs::create_directory(full);
  // A file system of 64 KiB; where it may not be mounted, the limit of a file's size stands in for it.
  const bool mounted = ::mount("none", full.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "size=64k") == 0;
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{65536, old.rlim_max};
  if (!mounted) ::setrlimit(RLIMIT_FSIZE, &small);
  {
    PrivateCopies copies(full + "/libs");
    PluginFile opened = f.open();
    const Result<std::string> path = copies.prepare(opened);
    ::setrlimit(RLIMIT_FSIZE, &old);
    ::signal(SIGXFSZ, handler);
    REQUIRE_FALSE(path.ok());
    if (mounted) CHECK(path.status().code() == Code::resource_exhausted);
    CHECK(path.status().to_string().find(full) != std::string::npos);
    CHECK(fs::is_empty(full + "/libs/" + opened.sha256));
  }
  if (mounted) ::umount(full.c_str());
}

TEST_CASE("many threads that want the same copy get the same whole one") {
  const Folders f;
  f.write(std::string(3000000, 'y'));
  PrivateCopies copies(f.libs);
  std::vector<std::thread> threads;
  std::vector<std::string> paths(8);
  for (std::string& path : paths)
    threads.emplace_back([&] {
      Result<PluginFile> opened = open_plugin_file(f.file);
      const Result<std::string> made = opened.ok() ? copies.prepare(*opened) : Result<std::string>(opened.status());
      path = made.ok() ? *made : made.status().to_string();
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& path : paths) CHECK(path == paths.front());
  CHECK(fs::file_size(paths.front()) == 3000000);
}

TEST_CASE("old copies are removed at the start but those of files that are there and the newest two") {
  const Folders f;
  const auto content = [](int i) { return "content number " + std::to_string(i); };
  std::vector<std::string> paths;
  for (int i = 0; i < 5; ++i) {
    f.write(content(i));
    std::this_thread::sleep_for(std::chrono::milliseconds(30));  // what changed just now is not remembered by its hash
    PrivateCopies copies(f.libs, {f.plugins});
    paths.push_back(f.prepared(copies));
    // Each a minute older than the next, whatever the clock of the file system resolves.
    fs::last_write_time(paths.back(), fs::file_time_type::clock::now() - std::chrono::minutes(10 - i));
  }
  CHECK(!fs::exists(paths[0]));
  CHECK(!fs::exists(fs::path(paths[0]).parent_path()));
  // The current one stays however old it looks, and what is no copy is left alone.
  std::ofstream(f.libs + "/note") << "not ours";
  fs::last_write_time(paths[4], fs::file_time_type::clock::now() - std::chrono::hours(1));
  PrivateCopies copies(f.libs, {f.plugins});
  CHECK(f.prepared(copies) == paths[4]);
  size_t left = 0;
  for (const std::string& path : paths) left += fs::exists(path);
  CHECK(left == 3);  // the newest two, and the current one
  CHECK(fs::exists(paths[4]));
  CHECK(fs::exists(f.libs + "/note"));
}

TEST_CASE("models that are copied at the same time leave each other's copies alone") {
  constexpr int kModels = 6, kRounds = 30;
  const TempFolder temp;
  fs::create_directories(temp / "models");
  const auto model_of = [&](int i) { return (temp / "models") + "/m" + std::to_string(i); };
  for (int i = 0; i < kModels; ++i) fs::create_directories(model_of(i));
  PrivateCopies copies(temp / "libs", {temp / "models"}, PrivateCopies::Kind::models);
  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kModels; ++i)
    threads.emplace_back([&, i] {
      const std::string path = model_of(i) + "/model";
      for (int round = 0; round < kRounds; ++round) {
        std::ofstream(path + ".new") << std::string(100'000, static_cast<char>('a' + i)) << round;
        ::chmod((path + ".new").c_str(), 0600);
        fs::rename(path + ".new", path);
        Result<PluginFile> opened = open_plugin_file(path);
        if (!opened.ok() || !copies.prepare(*opened, "m" + std::to_string(i)).ok()) ++failed;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 0);
}
