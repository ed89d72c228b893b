#include "components/crash_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <filesystem>

#include "base/file.h"

namespace dormouse {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHeader = "dormouse crash 1\n";
constexpr std::string_view kUnannounced = ".new";  // behind the id, until take_unannounced()
constexpr size_t kIdBytesMax = 32;

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= kIdBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || c == '-'; });
}

std::string id_of(std::string_view name) {
  if (name.ends_with(kUnannounced)) name.remove_suffix(kUnannounced.size());
  return is_id(name) ? std::string(name) : std::string();
}

// Names of the records, newest first: they begin with the time.
std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& file : fs::directory_iterator(folder, error)) {
    std::string name = file.path().filename().string();
    if (!id_of(name).empty()) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) { return id_of(a) > id_of(b); });
  return names;
}

Result<CrashRecord> read_one(const std::string& folder, const std::string& name) {
  const Result<std::string> text = read_file(folder + "/" + name, kCrashFileBytesMax);
  if (!text.ok()) return text.status();
  return parse_crash(*text, id_of(name));
}

bool to_number(std::string_view text, uint64_t& number) {
  const bool hex = text.starts_with("0x");
  if (hex) text.remove_prefix(2);
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number, hex ? 16 : 10);
  return end.ec == std::errc() && end.ptr == text.data() + text.size();
}

// "0x1c2f0 /usr/lib/libx.so", or the offset alone.
bool to_frame(std::string_view text, CrashFrame& frame) {
  const size_t space = std::min(text.find(' '), text.size());
  if (!to_number(text.substr(0, space), frame.offset)) return false;
  frame.file = text.substr(std::min(space + 1, text.size()));
  return true;
}

// Unknown keys belong to a later version. False: the value is none of this key.
bool take(std::string_view key, std::string_view value, CrashRecord& record) {
  const std::string text(value);
  if (key == "at") record.at = text;
  if (key == "version") record.version = text;
  if (key == "component") record.component = text;
  if (key == "plugin") record.plugin = text;
  if (key == "plugin_version") record.plugin_version = text;
  if (key == "method") record.method = text;
  if (key == "request") record.request = text;
  if (key == "signal") record.signal = text;
  if (key == "address") record.address = text;
  if (key == "thread") record.thread = text;
  if (key == "file") record.file = text;
  if (key == "pid") return to_number(value, record.pid);
  if (key == "batch") return to_number(value, record.batch);
  if (key == "offset") return to_number(value, record.offset);
  if (key != "frame" || record.frames.size() == kCrashFramesMax) return true;
  return to_frame(value, record.frames.emplace_back());
}

// A host that is started again at once may crash twice within a second, and both records count: "ID", "ID-2", ...
std::string free_id(const std::string& folder, const std::string& id) {
  std::error_code ignored;
  std::string free = id;
  for (size_t i = 2; fs::exists(fs::path(folder) / free, ignored); ++i) free = id + "-" + std::to_string(i);
  return free;
}

// A process that died between writing its record and naming it has left it under the name it kept open.
void adopt_pending(const std::string& folder) {
  const std::string pending = folder + "/" + kCrashPending;
  struct stat info {};
  if (::lstat(pending.c_str(), &info) != 0) return;
  if (info.st_size > 0) {
    char name[kIdBytesMax];
    tm parts{};
    ::gmtime_r(&info.st_mtim.tv_sec, &parts);
    std::strftime(name, sizeof name, "/%Y%m%d-%H%M%S", &parts);
    const std::string kept = folder + name + std::string(kUnannounced);
    if (::rename(pending.c_str(), kept.c_str()) == 0) return;
  }
  ::unlink(pending.c_str());
}

}  // namespace

Result<CrashRecord> parse_crash(std::string_view text, const std::string& id) {
  const auto damaged = [&id](const std::string& found) {
    return Error{.code = Code::data_loss,
                 .message = "is damaged",
                 .object = "crash " + id,
                 .needed = "lines of a key and a value",
                 .found = found};
  };
  if (!text.starts_with(kHeader)) return damaged("another first line");
  text.remove_prefix(kHeader.size());
  CrashRecord record;
  record.id = id;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const size_t space = std::min(line.find(' '), line.size());
    if (!take(line.substr(0, space), line.substr(std::min(space + 1, line.size())), record))
      return damaged("'" + std::string(line.substr(0, 64)) + "'");
  }
  if (record.signal.empty()) return damaged("no signal");
  return record;
}

Result<CrashStore> CrashStore::open(std::string folder) {
  if (Status ours = ensure_private_folder(folder); !ours.ok()) return ours;
  adopt_pending(folder);
  const std::vector<std::string> names = names_in(folder);
  for (size_t i = kKept; i < names.size(); ++i) ::unlink((folder + "/" + names[i]).c_str());
  return CrashStore(std::move(folder));
}

std::vector<CrashRecord> CrashStore::list() const {
  std::vector<CrashRecord> records;
  for (const std::string& name : names_in(folder_))
    if (Result<CrashRecord> record = read_one(folder_, name); record.ok()) records.push_back(std::move(*record));
  return records;
}

Result<CrashRecord> CrashStore::read(const std::string& id) const {
  for (const std::string& name : names_in(folder_))
    if (id_of(name) == id) return read_one(folder_, name);
  return Error{.code = Code::not_found,
               .message = "there is no crash of this id",
               .object = "crash " + id.substr(0, kIdBytesMax),
               .remedy = "dormouse ctl crashes lists them"};
}

std::vector<CrashRecord> CrashStore::take_unannounced() {
  std::vector<CrashRecord> records;
  for (const std::string& name : names_in(folder_)) {
    if (!name.ends_with(kUnannounced)) continue;
    Result<CrashRecord> record = read_one(folder_, name);
    const std::string path = folder_ + "/" + name, id = free_id(folder_, id_of(name));
    if (::rename(path.c_str(), (folder_ + "/" + id).c_str()) != 0 || !record.ok()) continue;
    record->id = id;
    records.push_back(std::move(*record));
  }
  std::reverse(records.begin(), records.end());
  return records;
}

}  // namespace dormouse
