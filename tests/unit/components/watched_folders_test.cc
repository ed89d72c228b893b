#include "components/watched_folders.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "support/temp_folder.h"

using namespace dormouse;
namespace fs = std::filesystem;

namespace {

// Events of the kernel are there when the call that makes them returns: nothing waits here.
struct Host {
  TempFolder temp;
  std::string plugins = temp / "plugins";
  std::string models = temp / "models";

  Host() {
    fs::create_directory(plugins);
    fs::create_directory(models);
  }
  void put(const std::string& file) const { std::ofstream(temp / file) << "content"; }
  WatchedFolders watch(std::vector<std::string> folders) const {
    Result<WatchedFolders> made = WatchedFolders::create(std::move(folders), models);
    REQUIRE(made.ok());
    return std::move(*made);
  }
};

}  // namespace

TEST_CASE("a file that is written or renamed or removed is heard once") {
  const Host host;
  WatchedFolders folders = host.watch({host.plugins});
  CHECK_FALSE(folders.heard());
  host.put("plugins/a.so");
  CHECK(folders.heard());
  CHECK_FALSE(folders.heard());
  fs::rename(host.plugins + "/a.so", host.plugins + "/b.so");
  CHECK(folders.heard());
  fs::remove(host.plugins + "/b.so");
  CHECK(folders.heard());
  CHECK_FALSE(folders.look());
}

TEST_CASE("another mode of a file or of its folder is heard") {
  const Host host;
  host.put("plugins/a.so");
  WatchedFolders folders = host.watch({host.plugins});
  REQUIRE(::chmod((host.plugins + "/a.so").c_str(), 0640) == 0);
  CHECK(folders.heard());
  REQUIRE(::chmod(host.plugins.c_str(), 0750) == 0);
  CHECK(folders.heard());
  CHECK_FALSE(folders.look());
}

TEST_CASE("each folder that comes is noticed while another one is still missing") {
  const Host host;
  fs::remove(host.models);
  WatchedFolders folders = host.watch({host.plugins, host.temp / "later", host.temp / "never"});
  CHECK_FALSE(folders.look());
  fs::create_directory(host.temp / "later");
  CHECK_FALSE(folders.heard());
  CHECK(folders.look());
  CHECK_FALSE(folders.look());
  host.put("later/a.so");
  CHECK(folders.heard());
  fs::create_directory(host.models);
  CHECK(folders.look());
}

TEST_CASE("a folder that is renamed away is heard and the one in its place is watched instead") {
  const Host host;
  fs::create_directory(host.temp / "new");
  WatchedFolders folders = host.watch({host.plugins});
  fs::rename(host.plugins, host.temp / "old");
  fs::rename(host.temp / "new", host.plugins);
  CHECK(folders.heard());
  CHECK(folders.look());
  CHECK_FALSE(folders.heard());
  CHECK_FALSE(folders.look());
  host.put("old/a.so");
  CHECK_FALSE(folders.heard());
  host.put("plugins/a.so");
  CHECK(folders.heard());
}

TEST_CASE("a folder that is removed and made again is watched again") {
  const Host host;
  WatchedFolders folders = host.watch({host.plugins});
  SECTION("between two looks") {
    fs::remove(host.plugins);
    fs::create_directory(host.plugins);
    CHECK(folders.heard());
  }
  SECTION("with a look at the path without folder") {
    fs::remove(host.plugins);
    CHECK(folders.heard());
    CHECK(folders.look());
    CHECK_FALSE(folders.look());
    fs::create_directory(host.plugins);
  }
  CHECK(folders.look());
  CHECK_FALSE(folders.heard());
  host.put("plugins/a.so");
  CHECK(folders.heard());
}

TEST_CASE("a switched link above a folder is noticed by the next look") {
  const Host host;
  fs::create_directories(host.temp / "r1/plugins");
  fs::create_directories(host.temp / "r2/plugins");
  fs::create_directory_symlink("r1", host.temp / "current");
  WatchedFolders folders = host.watch({host.temp / "current/plugins"});
  fs::create_directory_symlink("r2", host.temp / "next");
  fs::rename(host.temp / "next", host.temp / "current");
  CHECK_FALSE(folders.heard());
  CHECK(folders.look());
  CHECK_FALSE(folders.look());
  host.put("r2/plugins/a.so");
  CHECK(folders.heard());
  host.put("r1/plugins/a.so");
  CHECK_FALSE(folders.heard());
}

TEST_CASE("a folder to which two paths lead stays watched when one of them leads elsewhere") {
  const Host host;
  fs::create_directory_symlink(".", host.temp / "current");
  WatchedFolders folders = host.watch({host.plugins, host.temp / "current/plugins"});
  fs::create_directories(host.temp / "r2/plugins");
  fs::remove(host.temp / "current");
  fs::create_directory_symlink("r2", host.temp / "current");
  CHECK(folders.look());
  host.put("plugins/a.so");
  CHECK(folders.heard());
  host.put("r2/plugins/a.so");
  CHECK(folders.heard());
}

TEST_CASE("the folder of a model that comes is watched") {
  const Host host;
  WatchedFolders folders = host.watch({host.plugins});
  fs::create_directory(host.models + "/intent");
  CHECK(folders.heard());
  CHECK(folders.look());
  fs::create_symlink("0001", host.models + "/intent/current");
  CHECK(folders.heard());
}
