// Whether the configuration file still is what the host was started with. One thread at a time; blocks on the disk.
#pragma once

#include <sys/stat.h>

#include <string>

#include "config/config.h"

namespace dormouse {

class ConfigOnDisk {
 public:
  // `config` as it was loaded, with `environment`.
  ConfigOnDisk(const Config& config, Environment environment);

  // "host.yaml changed; a restart takes it", or with the first error that a start would end with; empty: it is the
  // same. Reads the file only when it was touched.
  std::string unlike_loaded();

 private:
  std::string compare() const;

  const std::string file_;
  const std::string text_;
  const Environment environment_;
  struct stat seen_ {};
  std::string found_;
};

}  // namespace dormouse
