#include "config/config_on_disk.h"

#include "base/file.h"
#include "config/document.h"

namespace dormouse {
namespace {

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size && a.st_mode == b.st_mode &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec &&
         a.st_ctim.tv_sec == b.st_ctim.tv_sec && a.st_ctim.tv_nsec == b.st_ctim.tv_nsec;
}

}  // namespace

ConfigOnDisk::ConfigOnDisk(const Config& config, Environment environment)
    : file_(config.file), text_(config.text), environment_(std::move(environment)) {}

std::string ConfigOnDisk::unlike_loaded() {
  struct stat now {};
  const bool is_there = ::stat(file_.c_str(), &now) == 0;
  if (is_there && same_file(now, seen_)) return found_;
  seen_ = now;
  return found_ = compare();
}

std::string ConfigOnDisk::compare() const {
  const Result<std::string> text = read_file(file_, YamlLimits{}.bytes_max);
  if (!text) return file_ + ": " + text.status().to_string_within(file_);
  if (*text == text_) return {};
  const ConfigReport report = parse_config(*text, file_, environment_);
  if (report.ok()) return file_ + " changed; a restart takes it";
  const size_t count = report.errors.size();
  return file_ + " changed, and a start would refuse it with " + std::to_string(count) +
         (count == 1 ? " error: " : " errors: ") + report.errors.front().to_string();
}

}  // namespace dormouse
