// Reads the script files of a configuration from disk. A folder stands for its *.lua files, in order of name. It does
// not run or check them (generation.h does). Functions; they block on the disk, so never on a reactor.
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

// Reads all files. Each file or folder that cannot be read is an error with its path: an unreadable folder does not
// count as an empty one.
std::vector<ScriptFile> read_scripts(const EngineOptions& options, ScriptErrors& errors);

// One number from names, sizes and times of change of the files and folders of `options`, without reading them. While
// the number stays the same, the texts do.
uint64_t stamp_of_files(const EngineOptions& options);

// One file that differs between two readings.
struct FileChange {
  enum class What : uint8_t { changed, added, removed };
  What what;
  std::string file;
};
// The files that differ between `before` and `now`: changed, added, removed.
std::vector<FileChange> changes(const std::vector<ScriptFile>& before, const std::vector<ScriptFile>& now);

// "a.lua changed, b.lua is new, and 4 more"; empty when there is none.
std::string to_string(const std::vector<FileChange>& changes);

}  // namespace dormouse
