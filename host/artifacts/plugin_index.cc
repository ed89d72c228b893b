#include "artifacts/plugin_index.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <set>

#include "artifacts/plugin_file.h"
#include "artifacts/static_table.h"
#include "base/file.h"
#include "base/object_names.h"
#include "base/suggest.h"

namespace dormouse {

// Trust is looked at anew each time, since a folder may change without its files; what a file says is remembered.
struct PluginIndex::Known {
  std::array<uint64_t, 7> identity{};  // device, inode, size, mtime and ctime
  PluginEntry entry;
};

namespace {

constexpr size_t kFilesMax = 4096;  // of one folder; a folder with more is a mistake in the config

std::array<uint64_t, 7> identity_of(const struct stat& info) {
  const auto number = [](auto value) { return static_cast<uint64_t>(value); };
  return {number(info.st_dev),         number(info.st_ino),          number(info.st_size),
          number(info.st_mtim.tv_sec), number(info.st_mtim.tv_nsec), number(info.st_ctim.tv_sec),
          number(info.st_ctim.tv_nsec)};
}

PluginEntry unusable(const std::string& path, Status problem) {
  PluginEntry entry;
  entry.path = path;
  entry.id = std::filesystem::path(path).stem().string();
  entry.problem = std::move(problem);
  return entry;
}

// Paths of the .so files in a folder, sorted, so that a scan does not depend on the order of the disk.
Result<std::vector<std::string>> files_in(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code failed;
  std::filesystem::directory_iterator entries(folder, failed);
  if (failed) return file_error("read the folder", folder, failed.value());
  for (; entries != std::filesystem::directory_iterator(); entries.increment(failed)) {
    if (failed) return file_error("read the folder", folder, failed.value());
    if (entries->path().extension() == ".so") paths.push_back(entries->path().string());
    if (paths.size() > kFilesMax)
      return Error{.code = Code::resource_exhausted,
                   .message = "too many files",
                   .object = "plugin folder " + folder,
                   .needed = "at most " + std::to_string(kFilesMax) + " plugins",
                   .found = "more",
                   .remedy = "name a folder that holds only plugins"};
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// Reads everything a file says about itself; the entry's problem says why it may not be used.
PluginEntry read_entry(const PluginFile& file) {
  const std::string object = plugin_file_object(file.path);
  Result<std::vector<ClosureEntry>> closure = read_closure(file.fd, file.path);
  if (!closure.ok()) return unusable(file.path, closure.status());
  const ElfFacts& facts = closure->front().facts;
  if (!facts.manifest || !facts.exports_plugin_symbol)
    return unusable(file.path, Status(Error{.code = Code::invalid_argument,
                                            .message = "is no Dormouse plugin",
                                            .object = object,
                                            .needed = facts.manifest ? "the symbol " DM_PLUGIN_SYMBOL
                                                                     : "an ELF section .dormouse.manifest",
                                            .found = "none",
                                            .remedy = "build it with dormouse_add_plugin()"}));
  Result<Manifest> manifest = parse_manifest(*facts.manifest, object);
  if (!manifest.ok()) return unusable(file.path, manifest.status());
  if (Status checked = check_without_running(file, facts, *manifest); !checked.ok()) {
    PluginEntry refused = unusable(file.path, checked);
    refused.id = manifest->id;
    refused.version = manifest->version;
    return refused;
  }
  PluginEntry entry;
  entry.path = file.path;
  entry.id = manifest->id;
  entry.version = manifest->version;
  entry.safety = classify(*closure);
  entry.manifest = std::make_shared<const Manifest>(std::move(*manifest));
  return entry;
}

// A file with an id and version that an earlier one has already is listed, but never used.
void refuse_doubles(std::vector<PluginEntry>& entries) {
  std::map<std::pair<std::string, std::string>, std::string> first;
  for (PluginEntry& entry : entries) {
    if (!entry.problem.ok()) continue;
    const auto [known, added] = first.emplace(std::pair(entry.id, entry.version), entry.path);
    if (added) continue;
    entry.manifest = nullptr;
    entry.problem = Status(Error{.code = Code::failed_precondition,
                                 .message = "is hidden by another file",
                                 .object = plugin_file_object(entry.path),
                                 .needed = "an id and version of its own",
                                 .found = entry.id + " " + entry.version + " in " + known->second,
                                 .remedy = "remove one of the two"});
  }
}

// ---- versions ----

struct Version {
  std::array<uint64_t, 3> numbers{};
  std::string_view pre;  // "rc.1"; a version without comes after all with
};

Version parse_version(std::string_view text) {
  Version version;
  text = text.substr(0, text.find('+'));
  for (uint64_t& number : version.numbers) {
    const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
    text.remove_prefix(static_cast<size_t>(end.ptr - text.data()));
    if (!text.empty() && text.front() == '.') text.remove_prefix(1);
  }
  if (!text.empty() && text.front() == '-') version.pre = text.substr(1);
  return version;
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Semantic Versioning 2.0.0, 11.4: numbers by value and before words, fewer parts before more.
bool pre_before(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const std::string_view x = a.substr(0, a.find('.'));
    const std::string_view y = b.substr(0, b.find('.'));
    a.remove_prefix(std::min(x.size() + 1, a.size()));
    b.remove_prefix(std::min(y.size() + 1, b.size()));
    if (x == y) continue;
    if (is_number(x) != is_number(y)) return is_number(x);
    if (is_number(x) && x.size() != y.size()) return x.size() < y.size();
    return x < y;
  }
  return a.empty() && !b.empty();
}

bool is_older(const std::string& a, const std::string& b) {
  const Version x = parse_version(a);
  const Version y = parse_version(b);
  if (x.numbers != y.numbers) return x.numbers < y.numbers;
  if (x.pre.empty() || y.pre.empty()) return !x.pre.empty() && y.pre.empty();
  return pre_before(x.pre, y.pre);
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? "(none)" : text;
}

// ", and /plugins/x.so, which cannot be used: is truncated": one of them may be the plugin that is looked for.
std::string unusable_files(const std::vector<PluginEntry>& entries) {
  size_t count = 0;
  const PluginEntry* first = nullptr;
  for (const PluginEntry& entry : entries) {
    if (entry.problem.ok()) continue;
    if (++count == 1) first = &entry;
  }
  if (!first) return "";
  return ", and " + first->path + ", which cannot be used: " + first->problem.error().message +
         (count > 1 ? " (and " + std::to_string(count - 1) + " more)" : "");
}

}  // namespace

Status check_without_running(const PluginFile& file, const ElfFacts& facts, const Manifest& manifest) {
  const std::string object = plugin_file_object(file.path);
  const Result<LoadImage> image = LoadImage::read(file.fd, object);
  if (!image.ok()) return image.status();
  return check_static_table(*image, facts.plugin_symbol_at, manifest, object);
}

PluginIndex::PluginIndex(PluginIndexOptions options)
    : options_(std::move(options)), snapshot_(std::make_shared<const std::vector<PluginEntry>>()) {}
PluginIndex::~PluginIndex() = default;

PluginIndex::Snapshot PluginIndex::snapshot() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

PluginIndex::Snapshot PluginIndex::scan() {
  const std::lock_guard scanning(scanning_);
  Snapshot snapshot = read_folders();
  const std::lock_guard lock(mutex_);
  snapshot_ = snapshot;
  return snapshot;
}

PluginIndex::Snapshot PluginIndex::look() {
  const std::lock_guard scanning(scanning_);
  return read_folders();
}

PluginIndex::Snapshot PluginIndex::with_hashes(const Snapshot& snapshot) {
  std::vector<PluginEntry> entries = *snapshot;
  for (PluginEntry& entry : entries)
    if (entry.sha256.empty()) entry.sha256 = remembered_hash(entry.path);
  Snapshot hashed = std::make_shared<const std::vector<PluginEntry>>(std::move(entries));
  const std::lock_guard lock(mutex_);
  if (snapshot_ == snapshot) snapshot_ = hashed;
  return hashed;
}

// Empty for a file that was replaced since it was scanned: its hash would stand beside the version of the one before.
// The file is read outside of the lock, for which loads wait.
std::string PluginIndex::remembered_hash(const std::string& path) {
  Known before;
  {
    const std::lock_guard scanning(scanning_);
    const auto known = known_.find(path);
    if (known == known_.end()) return {};
    before = known->second;
  }
  if (!before.entry.sha256.empty()) return before.entry.sha256;
  struct stat info {};
  const Result<PluginFile> file = open_plugin_file(path);
  if (!file.ok() || fstat(file->fd, &info) != 0 || before.identity != identity_of(info)) return {};
  Result<std::string> hash = hash_plugin_file(*file);
  if (!hash.ok()) return {};
  const std::lock_guard scanning(scanning_);
  const auto known = known_.find(path);
  if (known != known_.end() && known->second.identity == before.identity) known->second.entry.sha256 = *hash;
  return *hash;
}

PluginIndex::Snapshot PluginIndex::read_folders() {
  std::vector<PluginEntry> entries;
  std::map<std::string, Known> known;
  for (const std::string& folder : options_.folders) {
    Result<std::vector<std::string>> files = files_in(folder);
    if (!files.ok()) {
      entries.push_back(unusable(folder, files.status()));
      entries.back().is_folder = true;
      continue;
    }
    for (const std::string& path : *files) entries.push_back(look_at(path, known));
  }
  refuse_doubles(entries);
  known_ = std::move(known);
  return std::make_shared<const std::vector<PluginEntry>>(std::move(entries));
}

PluginEntry PluginIndex::look_at(const std::string& path, std::map<std::string, Known>& known) {
  Result<PluginFile> file = open_plugin_file(path);
  struct stat info {};
  if (!file.ok() || fstat(file->fd, &info) != 0) {
    PluginEntry entry = unusable(path, file.ok() ? file_error("look at it", path, errno) : file.status());
    entry.identity = file_identity(path);
    return entry;
  }
  const auto before = known_.find(path);
  // A file whose problem lies in other files (a missing library) is always read again.
  if (before != known_.end() && before->second.identity == identity_of(info) && before->second.entry.problem.ok()) {
    known.insert(*before);
    return before->second.entry;
  }
  PluginEntry entry = read_entry(*file);
  entry.identity = file_identity(info);
  if (entry.problem.ok() && !options_.allow.empty()) allow(*file, entry);
  known[path] = Known{identity_of(info), entry};
  return entry;
}

void PluginIndex::allow(const PluginFile& file, PluginEntry& entry) const {
  Result<std::string> hash = hash_plugin_file(file);
  entry.problem = hash.ok() ? check_allowed(file.path, *hash) : hash.status();
  if (hash.ok()) entry.sha256 = *hash;
  if (!entry.problem.ok()) entry.manifest = nullptr;
}

Status PluginIndex::check_allowed(const std::string& path, const std::string& sha256) const {
  if (options_.allow.empty()) return Status();
  if (std::find(options_.allow.begin(), options_.allow.end(), sha256) != options_.allow.end()) return Status();
  return Status(Error{.code = Code::failed_precondition,
                      .message = "is not on the allow-list",
                      .object = plugin_file_object(path),
                      .needed = "a sha256 listed in plugins.allow",
                      .found = sha256,
                      .remedy = "add " + sha256 + " to plugins.allow if you trust the file"});
}

Result<PluginEntry> PluginIndex::find(const std::string& id, const std::string& version) {
  if (auto found = find_in(*snapshot(), id, version); found && found->problem.ok()) return *found;
  const Snapshot fresh = scan();
  auto found = find_in(*fresh, id, version);
  if (found && found->problem.ok()) return *found;
  if (found) return found->problem;
  return not_found(*fresh, id, version);
}

// The newest usable entry; else one whose problem explains why there is none.
std::optional<PluginEntry> PluginIndex::find_in(const std::vector<PluginEntry>& entries, const std::string& id,
                                                const std::string& version) {
  const PluginEntry* best = nullptr;
  for (const PluginEntry& entry : entries) {
    // A file that could not be read has no version; asked for by any, its problem is the answer.
    if (entry.id != id || (!version.empty() && !entry.version.empty() && entry.version != version)) continue;
    if (!version.empty() && entry.version.empty() && entry.problem.ok()) continue;
    const bool better =
        !best || (entry.problem.ok() && (!best->problem.ok() || is_older(best->version, entry.version)));
    if (better) best = &entry;
  }
  return best ? std::optional(*best) : std::nullopt;
}

Status PluginIndex::not_found(const std::vector<PluginEntry>& entries, const std::string& id,
                              const std::string& version) const {
  std::vector<std::string> ids;
  std::vector<std::string> versions;
  for (const PluginEntry& entry : entries) {
    if (!entry.problem.ok()) continue;
    if (entry.id == id) versions.push_back(entry.version);
    if (std::find(ids.begin(), ids.end(), entry.id) == ids.end()) ids.push_back(entry.id);
  }
  Error error;
  error.code = Code::not_found;
  error.object = plugin_object(id);
  error.remedy = "put its .so file into one of the folders in plugins.path";
  if (versions.empty()) {
    error.message = "no such plugin";
    error.near = near_names(id, ids);
    error.found = joined(ids) + " in " + joined(options_.folders) + unusable_files(entries);
  } else {
    error.message = "no such version";
    error.needed = version;
    error.found = joined(versions) + " in " + joined(options_.folders);
  }
  return Status(std::move(error));
}

}  // namespace dormouse
