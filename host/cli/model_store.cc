#include "cli/model_store.h"

#include <fcntl.h>
#include <sha2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include "artifacts/model_files.h"
#include "base/file.h"
#include "base/object_names.h"
#include "components/registry.h"

namespace dormouse {
namespace {

namespace fs = std::filesystem;

// SHA-256 of what is fed, with the length before each part so that parts cannot be shifted into each other.
class Hash {
 public:
  Hash() { SHA256Init(&state_); }
  void add(std::string_view part) {
    const uint64_t size = part.size();
    SHA256Update(&state_, reinterpret_cast<const uint8_t*>(&size), sizeof size);
    SHA256Update(&state_, reinterpret_cast<const uint8_t*>(part.data()), part.size());
  }
  Status add_file(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return file_error("open it", path, errno);
    std::vector<char> block(size_t{1} << 20);
    uint64_t size = 0;
    for (;;) {
      const ssize_t got = ::read(fd.get(), block.data(), block.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return file_error("read it", path, errno);
      if (got == 0) break;
      SHA256Update(&state_, reinterpret_cast<const uint8_t*>(block.data()), static_cast<size_t>(got));
      size += static_cast<uint64_t>(got);
    }
    SHA256Update(&state_, reinterpret_cast<const uint8_t*>(&size), sizeof size);
    return {};
  }
  std::string hex() {
    std::array<char, SHA256_DIGEST_STRING_LENGTH> text{};
    SHA256End(&state_, text.data());
    return text.data();
  }

 private:
  SHA2_CTX state_;
};

bool is_data_file(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename().string();
  return entry.is_regular_file() && !name.starts_with('.') && !name.ends_with(".md") && !name.starts_with("LICENSE");
}

Status sync_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return file_error("open it", path, errno);
  return ::fsync(fd.get()) == 0 ? Status() : file_error("sync it", path, errno);
}

}  // namespace

Result<std::vector<std::string>> data_files(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      if (!fs::exists(path, error)) return file_error("read it", path, ENOENT);
      files.push_back(fs::absolute(path).lexically_normal().string());
      continue;
    }
    const size_t before = files.size();
    for (const fs::directory_entry& entry : fs::directory_iterator(path, error))
      if (is_data_file(entry)) files.push_back(fs::absolute(entry.path()).lexically_normal().string());
    if (error) return file_error("read it", path, error.value());
    if (files.size() == before)
      return Status(Error{.code = Code::invalid_argument,
                          .message = "has no data files in it",
                          .object = path,
                          .needed = "at least one"});
    std::sort(files.begin() + static_cast<ptrdiff_t>(before), files.end());
  }
  return files;
}

Result<std::string> model_hash(const PluginEntry& plugin, const std::string& type, const Value& settings,
                               const std::vector<std::string>& files, const std::vector<std::string>& options) {
  Hash hash;
  for (std::string_view part : {std::string_view("dormouse model 1"), std::string_view(plugin.id),
                                std::string_view(plugin.version), std::string_view(type)})
    hash.add(part);
  const auto bytes = settings.bytes();
  hash.add({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  for (const std::string& option : options) hash.add(option);
  for (const std::string& file : files)
    if (Status status = hash.add_file(file); !status.ok()) return status;
  return hash.hex();
}

Result<ModelStore> ModelStore::open(const std::string& state_dir, const std::string& component) {
  std::string folder = model_folder(state_dir, component);
  if (Status status = ensure_private_folder(folder); !status.ok()) return status;
  const std::string lock_path = folder + "/lock";
  UniqueFd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return file_error("open it", lock_path, errno);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return Status(Error{.code = Code::busy,
                        .message = "is being trained by another process",
                        .object = component_object(component),
                        .remedy = "wait for that one to end"});
  }
  return ModelStore(std::move(folder), std::move(lock));
}

bool ModelStore::is_current(const std::string& hash) const {
  std::error_code error;
  return fs::read_symlink(folder_ + "/current", error) == hash + ".model" &&
         fs::is_regular_file(model_path(hash), error);
}

Status ModelStore::publish(const std::string& hash) const {
  const std::string draft = draft_path(hash);
  if (::access(draft.c_str(), F_OK) != 0)
    return Status(Error{
        .code = Code::broken_contract, .message = "the training said it is done, but wrote no model", .object = draft});
  if (Status status = sync_file(draft); !status.ok()) return status;
  if (::chmod(draft.c_str(), 0400) != 0) return file_error("protect it", draft, errno);
  if (::rename(draft.c_str(), model_path(hash).c_str()) != 0) return file_error("rename it", draft, errno);
  return make_current(hash);
}

Status ModelStore::make_current(const std::string& hash) const {
  std::error_code error;
  if (!fs::is_regular_file(model_path(hash), error)) return file_error("use it", model_path(hash), ENOENT);
  const std::string link = folder_ + "/current", next = folder_ + "/current.draft";
  ::unlink(next.c_str());
  if (::symlink((hash + ".model").c_str(), next.c_str()) != 0) return file_error("create it", next, errno);
  if (::rename(next.c_str(), link.c_str()) != 0) return file_error("replace it", link, errno);
  return {};
}

void ModelStore::drop_drafts() const {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, error))
    if (entry.path().extension() == ".draft") ::unlink(entry.path().c_str());
}

}  // namespace dormouse
