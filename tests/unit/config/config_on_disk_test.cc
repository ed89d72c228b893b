#include "config/config_on_disk.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "base/file.h"
#include "support/temp_folder.h"

using namespace dormouse;
using Catch::Contains;

TEST_CASE("a configuration that changed on disk is told with what a start would say") {
  TempFolder folder;
  const std::string file = folder / "host.yaml";
  const std::string text = "host: {threads: 1}\n";
  REQUIRE(write_file_atomically(file, text, 0600).ok());
  ConfigOnDisk on_disk(load_config(file, {}).config, {});
  CHECK(on_disk.unlike_loaded() == "");
  REQUIRE(write_file_atomically(file, "host: {threads: 2}\n", 0600).ok());
  CHECK(on_disk.unlike_loaded() == file + " changed; a restart takes it");
  CHECK(on_disk.unlike_loaded() == file + " changed; a restart takes it");
  REQUIRE(write_file_atomically(file, "host: {threds: 2}\n", 0600).ok());
  CHECK_THAT(on_disk.unlike_loaded(), Contains("a start would refuse it with 1 error: ") && Contains("threds"));
  std::filesystem::remove(file);
  CHECK_THAT(on_disk.unlike_loaded(), Contains(file + ": cannot open it: no such file"));
  REQUIRE(write_file_atomically(file, text, 0600).ok());
  CHECK(on_disk.unlike_loaded() == "");
}
