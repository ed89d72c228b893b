// The script files of one configuration, as they are on disk: folders become their *.lua in order of name.
// Blocks on the disk, so never on a reactor.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "graph/script_errors.h"
#include "graph/source_text.h"
#include "pipeline/engine_options.h"
#include "script/script_host.h"

namespace dormouse {

struct ScriptFile {
  ScriptKind kind;
  std::shared_ptr<const SourceText> source;
};

// Reads them all. What cannot be read, a folder among them, is an error with its path: an unreadable folder is not an
// empty one.
std::vector<ScriptFile> read_scripts(const EngineOptions& options, ScriptErrors& errors);

// One number for the files and folders of `options`: names, sizes and times of change, without reading them. As long as
// it stays the same, the texts do.
uint64_t stamp_of_files(const EngineOptions& options);

// One file that is not the same in two readings.
struct FileChange {
  enum class What : uint8_t { changed, added, removed };
  What what;
  std::string file;
};
// What `now` has another text of than `before`, what is new in it, and what is gone.
std::vector<FileChange> changes(const std::vector<ScriptFile>& before, const std::vector<ScriptFile>& now);

// "a.lua changed, b.lua is new, and 4 more"; empty when there is none.
std::string to_string(const std::vector<FileChange>& changes);

}  // namespace dormouse
