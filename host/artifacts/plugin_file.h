// A plugin file or a model, opened, and trusted only if no other user could have written it. It judges owner and mode,
// not the content (elf.h, safety.h, load_image.h do). Functions that block on the disk, so never on a reactor.
#pragma once

#include <sys/stat.h>

#include <string>

#include "base/status.h"

namespace dormouse {

// A plugin or a model that passed the checks, held open. No code of the plugin has run.
struct PluginFile {
  std::string path;    // as configured
  std::string sha256;  // lower-case hex; empty until PrivateCopies::prepare or hash_plugin_file
  int fd = -1;         // owned
  PluginFile() = default;
  PluginFile(PluginFile&&) noexcept;
  PluginFile& operator=(PluginFile&&) noexcept;
  ~PluginFile();
};

// "dev:ino:size:mtime:ctime" of the file at `path`: differs after the file was replaced, was written in place with its
// mtime kept (`cp -p`), or got another mode or owner. Files that differ here may have equal content: content is
// compared by hash. Empty: there is no file.
std::string file_identity(const std::string& path);
std::string file_identity(const struct stat& info);

// Opens `path` once; neither the file nor its folder may be a symbolic link. Checks that file and folder belong to root
// or to the host's user and that no other user can write to them. Checks that no other user could replace a folder
// above: each belongs to root or to the host's user, and no other user can write to it, or it is sticky.
// Errors: not_found, invalid_argument (owner, mode, symlink, not a regular file), each with needed, found and remedy.
Result<PluginFile> open_plugin_file(const std::string& path);

// The SHA-256 of an open file, in lower-case hex. Errors: unavailable when the file changes during the reading; read
// errors.
Result<std::string> hash_plugin_file(const PluginFile& file);

// Opens a model of the state folder, never through a symbolic link; owner and mode are not checked. Errors: those of
// open_plugin_file.
Result<PluginFile> open_model_file(const std::string& path);

}  // namespace dormouse
