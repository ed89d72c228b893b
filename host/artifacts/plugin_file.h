// A plugin file or a model, opened and judged by who could have written it. Any thread.
#pragma once

#include <sys/stat.h>

#include <string>

#include "base/status.h"

namespace dormouse {

// A file that passed the checks, held open: a plugin, of which nothing was executed, or a model.
struct PluginFile {
  std::string path;    // as configured
  std::string sha256;  // lower-case hex; empty until PrivateCopies::prepare or hash_plugin_file
  int fd = -1;         // owned
  PluginFile() = default;
  PluginFile(PluginFile&&) noexcept;
  PluginFile& operator=(PluginFile&&) noexcept;
  ~PluginFile();
};

// "dev:ino:size:mtime" of the file at `path`, by which a replaced one is noticed; empty when there is none.
std::string file_identity(const std::string& path);
std::string file_identity(const struct stat& info);

// Opens `path` once, never through a symbolic link at any of its last two levels, and checks that file and folder
// belong to root or to us and are writable by nobody else, and that nobody else could put another folder in the place
// of one above: each belongs to root or to us, and is writable by nobody else or sticky. Errors: not_found,
// invalid_argument (owner, mode, symlink, not a regular file), each with needed, found and remedy.
Result<PluginFile> open_plugin_file(const std::string& path);

// The SHA-256 of an open file, in lower-case hex. Errors: unavailable when the file changes meanwhile, and read errors.
Result<std::string> hash_plugin_file(const PluginFile& file);

// Opens a model of the state folder, never through a symbolic link. Errors: as open_plugin_file, without its trust.
Result<PluginFile> open_model_file(const std::string& path);

}  // namespace dormouse
