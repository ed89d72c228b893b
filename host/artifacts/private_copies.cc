#include "artifacts/private_copies.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sha2.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <condition_variable>
#include <ctime>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <vector>

#include "artifacts/link_map.h"
#include "base/file.h"
#include "base/unique_fd.h"

namespace dormouse {
namespace {

constexpr size_t kChunkBytes = 256 * 1024;
constexpr size_t kRememberedMax = 1024;  // files; a line is about 130 bytes
constexpr size_t kHashesFileBytesMax = 256 * 1024;
constexpr const char* kHashesHeader = "dormouse plugin hashes 1\n";
constexpr size_t kHashCharacters = SHA256_DIGEST_LENGTH * 2;

// What a file is recognised by. A write changes ctime, which no owner can set back.
struct FileIdentity {
  std::array<uint64_t, 5> facts{};  // device, inode, size, mtime and ctime in nanoseconds
  auto operator<=>(const FileIdentity&) const = default;
  uint64_t size() const { return facts[2]; }
};

uint64_t nanoseconds(const timespec& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(time.tv_nsec);
}

FileIdentity identity_of(const struct stat& info) {
  return {{info.st_dev, info.st_ino, static_cast<uint64_t>(info.st_size), nanoseconds(info.st_mtim),
           nanoseconds(info.st_ctim)}};
}

std::optional<FileIdentity> identity_of(int fd) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return std::nullopt;
  return identity_of(info);
}

// Times advance with the kernel's tick (at most 10 ms), so a write right after the hash was taken could leave them as
// they are. What changed this recently is hashed again next time.
bool is_settled(const FileIdentity& identity) {
  constexpr uint64_t kTicks = 20'000'000;
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return nanoseconds(now) > identity.facts[4] + kTicks;
}

bool is_hash(std::string_view text) {
  return text.size() == kHashCharacters &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string hex(const std::array<uint8_t, SHA256_DIGEST_LENGTH>& digest) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : digest) text += {kDigits[byte >> 4], kDigits[byte & 15]};
  return text;
}

bool write_all(int fd, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t written = write(fd, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    data += written;
    size -= static_cast<size_t>(written);
  }
  return true;
}

// Hashes all of `from`, and writes it to `to` when that is a descriptor.
Result<std::string> hash_and_copy(int from, const std::string& from_path, int to, const std::string& to_path) {
  SHA2_CTX context;
  SHA256Init(&context);
  std::vector<char> chunk(kChunkBytes);
  for (off_t offset = 0;;) {
    const ssize_t got = pread(from, chunk.data(), chunk.size(), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_error("read it", from_path, errno);
    if (got == 0) break;
    SHA256Update(&context, reinterpret_cast<const uint8_t*>(chunk.data()), static_cast<size_t>(got));
    if (to >= 0 && !write_all(to, chunk.data(), static_cast<size_t>(got)))
      return file_error("write it", to_path, errno);
    offset += got;
  }
  std::array<uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256Final(digest.data(), &context);
  return hex(digest);
}

Status changed(const std::string& path) {
  return Status(Error{.code = Code::unavailable,
                      .message = "changed while it was read",
                      .object = "file " + path,
                      .remedy = "try again; replace files by renaming, not by writing over them"});
}

// ---- the file of hashes: "device inode size mtime ctime hash", a line each ----

bool read_line(std::string_view line, std::map<FileIdentity, std::string>& hashes) {
  FileIdentity identity;
  const char* at = line.data();
  const char* end = line.data() + line.size();
  for (uint64_t& fact : identity.facts) {
    const auto number = std::from_chars(at, end, fact);
    if (number.ec != std::errc() || number.ptr == end || *number.ptr != ' ') return false;
    at = number.ptr + 1;
  }
  const std::string_view hash(at, static_cast<size_t>(end - at));
  if (!is_hash(hash)) return false;
  hashes.emplace(identity, hash);
  return true;
}

// Empty when anything about it is not as it was written: it is only a cache.
std::map<FileIdentity, std::string> parse_hashes(std::string_view text) {
  std::map<FileIdentity, std::string> hashes;
  if (!text.starts_with(kHashesHeader)) return {};
  text.remove_prefix(std::string_view(kHashesHeader).size());
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos || hashes.size() == kRememberedMax || !read_line(text.substr(0, end), hashes))
      return {};
    text.remove_prefix(end + 1);
  }
  return hashes;
}

std::string print_hashes(const std::map<FileIdentity, std::string>& hashes) {
  std::string text = kHashesHeader;
  for (const auto& [identity, hash] : hashes) {
    for (const uint64_t fact : identity.facts) text += std::to_string(fact) + " ";
    text += hash + "\n";
  }
  return text;
}

}  // namespace

Result<std::string> hash_plugin_file(const PluginFile& file) {
  const auto before = identity_of(file.fd);
  Result<std::string> hash = hash_and_copy(file.fd, file.path, -1, {});
  if (!hash.ok() || (before && before == identity_of(file.fd))) return hash;
  return changed(file.path);
}

namespace {

namespace fs = std::filesystem;

// One copy: libs_dir/<sha256>/<name>.
struct Copy {
  fs::path folder;
  std::string name;
  fs::file_time_type made;
};

// What lies in libs_dir, newest first. Nothing else is ever touched.
std::vector<Copy> copies_in(const std::string& libs_dir) {
  std::vector<Copy> copies;
  std::error_code error;
  for (const fs::directory_entry& folder : fs::directory_iterator(libs_dir, error)) {
    if (!is_hash(folder.path().filename().string()) || folder.is_symlink(error) || !folder.is_directory(error))
      continue;
    for (const fs::directory_entry& file : fs::directory_iterator(folder.path(), error))
      copies.push_back({folder.path(), file.path().filename().string(), file.last_write_time(error)});
  }
  std::sort(copies.begin(), copies.end(), [](const Copy& a, const Copy& b) { return a.made > b.made; });
  return copies;
}

// Removes the copies that are neither in `current` (by hash) nor among the newest of their name, and those of names
// that are not wanted. What is mapped stays mapped; what cannot be removed stays.
void prune(const std::string& libs_dir, const std::set<std::string>& current,
           const std::function<bool(const std::string& name)>& is_wanted) {
  std::map<std::string, size_t> kept;
  std::error_code error;
  for (const Copy& copy : copies_in(libs_dir)) {
    const bool wanted = is_wanted(copy.name);
    if (wanted && kept[copy.name]++ < PrivateCopies::kCopiesKept) continue;
    if (wanted && current.contains(copy.folder.filename().string())) continue;
    fs::remove(copy.folder / copy.name, error);
    fs::remove(copy.folder, error);  // when it is empty
  }
}

}  // namespace

struct PrivateCopies::Impl {
  const std::string libs_dir;
  const std::vector<std::string> sources;
  const Kind kind;
  std::mutex starting;       // held while the folder is checked and tidied up: no copy is made meanwhile
  std::shared_mutex making;  // shared while a copy is made, alone while old ones are removed
  std::mutex mutex;          // guards what follows; never held while a file is read or written
  std::condition_variable copied;
  bool folder_checked = false;
  std::map<FileIdentity, std::string> hashes;
  std::map<std::string, FileIdentity> verified;  // copies whose content was hashed by this process, by path
  std::set<std::string> in_progress;             // paths of copies that some thread is making or verifying
  std::mutex hashes_file;                        // held while libs_dir/hashes is written

  Impl(std::string dir, std::vector<std::string> from, Kind of)
      : libs_dir(std::move(dir)), sources(std::move(from)), kind(of) {}

  std::string hashes_path() const { return libs_dir + "/hashes"; }

  // The hashes of the files in the plugin folders, as far as they are known without reading these: a file that has a
  // copy was hashed when it was made.
  std::set<std::string> current_hashes() {
    std::set<std::string> current;
    std::error_code error;
    for (const std::string& folder : sources) {
      for (const fs::directory_entry& file : fs::directory_iterator(folder, error)) {
        struct stat info {};
        if (lstat(file.path().c_str(), &info) != 0) continue;
        if (auto known = remembered(identity_of(info))) current.insert(std::move(*known));
      }
    }
    return current;
  }

  // Not while a copy is being made: its folder looks like one that nobody uses.
  void remove_old() {
    const std::unique_lock alone(making);
    if (kind == Kind::plugins) return prune(libs_dir, current_hashes(), [](const std::string&) { return true; });
    prune(libs_dir, {}, [this](const std::string& name) {
      std::error_code error;
      return std::any_of(sources.begin(), sources.end(),
                         [&](const std::string& folder) { return fs::is_directory(folder + "/" + name, error); });
    });
  }

  // Creates the folder, reads what an earlier start has left in it, and removes what is old.
  Status check_folder() {
    const std::lock_guard start(starting);
    {
      const std::lock_guard lock(mutex);
      if (folder_checked) return Status();
    }
    if (Status folder = ensure_private_folder(libs_dir); !folder.ok()) return folder;
    const Result<std::string> text = read_file(hashes_path(), kHashesFileBytesMax);
    std::map<FileIdentity, std::string> read = text.ok() ? parse_hashes(*text) : std::map<FileIdentity, std::string>();
    {
      const std::lock_guard lock(mutex);
      hashes.merge(read);
      folder_checked = true;
    }
    remove_old();
    return Status();
  }

  // ---- hashes ----

  std::optional<std::string> remembered(const FileIdentity& identity) {
    const std::lock_guard lock(mutex);
    const auto known = hashes.find(identity);
    return known == hashes.end() ? std::nullopt : std::optional(known->second);
  }

  void remember(const FileIdentity& identity, const std::string& hash) {
    if (is_settled(identity)) keep_hash(identity, hash);
  }

  void keep_hash(const FileIdentity& identity, const std::string& hash) {
    {
      const std::lock_guard lock(mutex);
      // Files that were replaced leave their entries behind; starting over is simpler than ageing.
      if (hashes.size() >= kRememberedMax) hashes.clear();
      hashes[identity] = hash;
    }
    const std::lock_guard writing(hashes_file);
    std::string text;
    {
      const std::lock_guard lock(mutex);
      text = print_hashes(hashes);
    }
    // A cache that cannot be written costs the next start some milliseconds; the copy itself is what matters.
    (void)write_file_atomically(hashes_path(), text, 0600);
  }

  void forget(const FileIdentity& identity) {
    const std::lock_guard lock(mutex);
    hashes.erase(identity);
  }

  Status find_hash(PluginFile& file, const FileIdentity& identity) {
    if (auto known = remembered(identity)) {
      file.sha256 = std::move(*known);
      return Status();
    }
    Result<std::string> hash = hash_plugin_file(file);
    if (!hash.ok()) return hash.status();
    file.sha256 = std::move(*hash);
    remember(identity, file.sha256);
    return Status();
  }

  // ---- copies ----

  // While one lives no other thread works on the copy at `path`.
  class Turn {
   public:
    Turn(Impl& impl, const std::string& path) : impl_(impl), path_(path) {
      std::unique_lock lock(impl_.mutex);
      impl_.copied.wait(lock, [&] { return !impl_.in_progress.count(path_); });
      impl_.in_progress.insert(path_);
    }
    ~Turn() {
      const std::lock_guard lock(impl_.mutex);
      impl_.in_progress.erase(path_);
      impl_.copied.notify_all();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Impl& impl_;
    const std::string& path_;
  };

  // Whether the copy at `path` is there and is what it should be. Its content is hashed once per process.
  bool is_good(const std::string& path, const std::string& sha256, uint64_t size) {
    const UniqueFd fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    struct stat info {};
    if (!fd || fstat(fd.get(), &info) != 0) return false;
    const bool plausible = S_ISREG(info.st_mode) && info.st_uid == geteuid() && (info.st_mode & 07777) == 0400 &&
                           static_cast<uint64_t>(info.st_size) == size;
    if (!plausible) return false;
    {
      const std::lock_guard lock(mutex);
      const auto known = verified.find(path);
      if (known != verified.end() && known->second == identity_of(info)) return true;
    }
    if (kind == Kind::models && remembered(identity_of(info)) == sha256) return true;
    const Result<std::string> hash = hash_and_copy(fd.get(), path, -1, {});
    if (!hash.ok() || *hash != sha256) return false;
    note_verified(path, identity_of(info));
    return true;
  }

  void note_verified(const std::string& path, const FileIdentity& identity) {
    const std::lock_guard lock(mutex);
    verified[path] = identity;
  }

  Status make(const PluginFile& file, const std::string& folder, const std::string& path) {
    const std::shared_lock beside_others(making);
    if (Status ours = ensure_private_folder(folder); !ours.ok()) return ours;
    // Of this process alone: `train` may make the same copy while the host does.
    const std::string temporary = path + ".tmp." + std::to_string(getpid());
    unlink(temporary.c_str());  // of a process that died half-way and had our number
    const Status written = write_copy(file, temporary);
    if (written.ok() && rename(temporary.c_str(), path.c_str()) == 0) return Status();
    Status failed = written.ok() ? file_error("rename it", temporary, errno) : written;
    unlink(temporary.c_str());
    return failed;
  }

  Status write_copy(const PluginFile& file, const std::string& temporary) {
    const UniqueFd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) return file_error("create it", temporary, errno);
    const bool shared = ioctl(fd.get(), FICLONE, file.fd) == 0;
    const Result<std::string> hash =
        shared ? hash_and_copy(fd.get(), temporary, -1, {}) : hash_and_copy(file.fd, file.path, fd.get(), temporary);
    if (!hash.ok()) return hash.status();
    if (*hash != file.sha256) return changed(file.path);
    if (fchmod(fd.get(), 0400) != 0) return file_error("set its mode", temporary, errno);
    if (fsync(fd.get()) != 0) return file_error("sync it", temporary, errno);
    return Status();
  }
};

PrivateCopies::PrivateCopies(std::string folder, std::vector<std::string> sources, Kind kind)
    : impl_(std::make_unique<Impl>(std::move(folder), std::move(sources), kind)) {}
PrivateCopies::~PrivateCopies() = default;

Result<std::string> PrivateCopies::prepare(PluginFile& file, const std::string& name) {
  if (Status folder = impl_->check_folder(); !folder.ok()) return folder;
  const std::optional<FileIdentity> identity = identity_of(file.fd);
  if (!identity) return file_error("look at it", file.path, errno);
  if (Status hashed = impl_->find_hash(file, *identity); !hashed.ok()) return hashed;
  const std::string folder = impl_->libs_dir + "/" + file.sha256;
  const std::string path = folder + "/" + (name.empty() ? std::string(name_in_path(file.path)) : name);
  const Impl::Turn turn(*impl_, path);
  if (impl_->is_good(path, file.sha256, identity->size())) return path;
  if (Status made = impl_->make(file, folder, path); !made.ok()) {
    impl_->forget(*identity);
    return made;
  }
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) return file_error("look at it", path, errno);
  impl_->note_verified(path, identity_of(info));
  if (impl_->kind == Kind::models) {
    // Nobody else can have written to it meanwhile, so its times need not settle.
    impl_->keep_hash(identity_of(info), file.sha256);
    // The original is not read again; what is mapped from now on is the copy.
    (void)posix_fadvise(file.fd, 0, 0, POSIX_FADV_DONTNEED);
    impl_->remove_old();
  }
  return path;
}

}  // namespace dormouse
