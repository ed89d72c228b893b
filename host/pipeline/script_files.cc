#include "pipeline/script_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/file.h"
#include "base/fnv.h"

namespace dormouse {
namespace {

constexpr size_t kScriptBytesMax = size_t{1} << 20;
constexpr size_t kScriptFilesMax = 1000;
constexpr size_t kNamedChangesMax = 3;  // in one sentence; operators have the list in the answer of a reload

// The *.lua of a folder in order of name; everything else stands for itself. Errors: file_error's.
Result<std::vector<std::string>> files_of(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) return std::vector<std::string>{path};
  std::vector<std::string> inside;
  std::error_code failed;
  std::filesystem::directory_iterator it(path, failed);
  for (; !failed && it != std::filesystem::directory_iterator(); it.increment(failed))
    if (it->path().extension() == ".lua") inside.push_back(it->path().string());
  if (failed) return file_error("read this folder", path, failed.value());
  std::sort(inside.begin(), inside.end());
  return inside;
}

void read_into(const std::vector<std::string>& paths, ScriptKind kind, std::vector<ScriptFile>& into,
               ScriptErrors& errors) {
  for (const std::string& path : paths) {
    const auto refuse = [&](const std::string& file, const Status& why) {
      errors.add(SourceText(file, ""), 0, why.to_string_within(file));
    };
    const Result<std::vector<std::string>> files = files_of(path);
    if (!files.ok()) {
      refuse(path, files.status());
      continue;
    }
    for (const std::string& file : *files) {
      if (into.size() == kScriptFilesMax)
        return errors.add(SourceText(file, ""), 0, "more than " + std::to_string(kScriptFilesMax) + " script files");
      Result<std::string> text = read_file(file, kScriptBytesMax);
      if (text.ok())
        into.push_back({kind, std::make_shared<SourceText>(file, std::move(*text))});
      else
        refuse(file, text.status());
    }
  }
}

class Stamp {
 public:
  void add(uint64_t number) { hash_.add(number); }
  void add(const std::string& text) {
    hash_.add(text);
    add(text.size());
  }
  // A file by what its inode says; one that is not there, or not to be seen, by why.
  void add_file(const std::string& path) {
    add(path);
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) return add(static_cast<uint64_t>(errno));
    for (const auto part : {static_cast<uint64_t>(found.st_dev), static_cast<uint64_t>(found.st_ino),
                            static_cast<uint64_t>(found.st_size), static_cast<uint64_t>(found.st_mode),
                            static_cast<uint64_t>(found.st_mtim.tv_sec), static_cast<uint64_t>(found.st_mtim.tv_nsec),
                            static_cast<uint64_t>(found.st_ctim.tv_sec), static_cast<uint64_t>(found.st_ctim.tv_nsec)})
      add(part);
  }
  uint64_t value() const { return hash_.value(); }

 private:
  Fnv hash_;
};

const ScriptFile* find(const std::vector<ScriptFile>& files, const ScriptFile& wanted) {
  const auto found = std::find_if(files.begin(), files.end(), [&](const ScriptFile& file) {
    return file.kind == wanted.kind && file.source->name() == wanted.source->name();
  });
  return found == files.end() ? nullptr : &*found;
}

}  // namespace

std::vector<ScriptFile> read_scripts(const EngineOptions& options, ScriptErrors& errors) {
  std::vector<ScriptFile> files;
  read_into(options.pipelines, ScriptKind::pipelines, files, errors);
  read_into(options.policies, ScriptKind::policies, files, errors);
  return files;
}

uint64_t stamp_of_files(const EngineOptions& options) {
  Stamp stamp;
  for (const auto* paths : {&options.pipelines, &options.policies}) {
    for (const std::string& path : *paths) {
      stamp.add_file(path);
      const Result<std::vector<std::string>> files = files_of(path);
      stamp.add(static_cast<uint64_t>(files.status().code()));
      if (!files.ok()) continue;
      for (size_t i = 0; i < std::min(files->size(), kScriptFilesMax); ++i) stamp.add_file((*files)[i]);
    }
  }
  return stamp.value();
}

std::vector<FileChange> changes(const std::vector<ScriptFile>& before, const std::vector<ScriptFile>& now) {
  std::vector<FileChange> found;
  for (const ScriptFile& file : now) {
    const ScriptFile* old = find(before, file);
    if (!old)
      found.push_back({FileChange::What::added, file.source->name()});
    else if (old->source->text() != file.source->text())
      found.push_back({FileChange::What::changed, file.source->name()});
  }
  for (const ScriptFile& file : before)
    if (!find(now, file)) found.push_back({FileChange::What::removed, file.source->name()});
  return found;
}

std::string to_string(const std::vector<FileChange>& changes) {
  std::string text;
  for (size_t i = 0; i < std::min(changes.size(), kNamedChangesMax); ++i) {
    const FileChange& change = changes[i];
    text += (i == 0 ? "" : ", ") + change.file;
    text += change.what == FileChange::What::changed ? " changed"
            : change.what == FileChange::What::added ? " is new"
                                                     : " is gone";
  }
  if (changes.size() > kNamedChangesMax) text += ", and " + std::to_string(changes.size() - kNamedChangesMax) + " more";
  return text;
}

}  // namespace dormouse
