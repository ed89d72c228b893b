#include "components/library.h"

#define BOOST_DLL_USE_STD_FS
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>

#include <algorithm>
#include <boost/dll/shared_library.hpp>
#include <map>
#include <mutex>
#include <set>

#include "artifacts/elf.h"
#include "artifacts/link_map.h"
#include "artifacts/safety.h"
#include "base/object_names.h"
#include "base/unique_fd.h"

namespace dormouse {
namespace {

// One map or unmap after the other, as the loader's own lock has it: here where the thread sanitizer sees it, which
// would take what one thread allocates in dlopen and another frees in dlclose for a race. Nothing in other builds.
class LoaderTurn {
#if defined(__SANITIZE_THREAD__)
 public:
  LoaderTurn() : lock_(mutex()) {}

 private:
  // Recursive, like the loader's: static constructors may load.
  static std::recursive_mutex& mutex() {
    static std::recursive_mutex mutex;
    return mutex;
  }
  const std::lock_guard<std::recursive_mutex> lock_;
#endif
};

// How many mapped plugins use an object, by its path. The loader counts too but does not tell; without this a
// dependency of two plugins would look kept when the first of them goes. Process-wide, like the link map it describes.
class Users {
 public:
  void add(const std::string& path) {
    const std::lock_guard lock(mutex_);
    ++count_[path];
  }
  void remove(const std::string& path) {
    const std::lock_guard lock(mutex_);
    const auto known = count_.find(path);
    if (known != count_.end() && --known->second == 0) count_.erase(known);
  }
  bool any(const std::string& path) {
    const std::lock_guard lock(mutex_);
    return count_.count(path) > 0;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, unsigned> count_;
};

Users& users() {
  static Users instance;
  return instance;
}

Error load_failed(const std::string& path, std::string message, std::string remedy = {}) {
  return Error{.code = Code::load_failed,
               .message = std::move(message),
               .object = plugin_file_object(path),
               .remedy = std::move(remedy)};
}

std::string loader_message() {
  const char* message = dlerror();
  return message ? message : "the loader gave no reason";
}

// Names in DT_NEEDED of a mapped object, read from its dynamic section in memory.
std::vector<std::string> needed_by(const link_map& object) {
  std::vector<std::string> names;
  const char* strings = nullptr;
  for (const ElfW(Dyn)* entry = object.l_ld; entry && entry->d_tag != DT_NULL; ++entry)
    if (entry->d_tag == DT_STRTAB) strings = reinterpret_cast<const char*>(entry->d_un.d_ptr);
  if (!strings) return names;
  for (const ElfW(Dyn)* entry = object.l_ld; entry->d_tag != DT_NULL; ++entry)
    if (entry->d_tag == DT_NEEDED) names.emplace_back(strings + entry->d_un.d_val);
  return names;
}

// The objects that `handle` needs, directly or not, and that the host did not map before any plugin. Their handles are
// asked for one by one (RTLD_NOLOAD), so nothing in the loader's list is read while another thread changes it.
class Dependencies {
 public:
  static std::vector<std::string> of(void* handle) {
    Dependencies walk;
    link_map* map = nullptr;
    if (dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0 && map) walk.follow(*map);
    return std::move(walk.paths_);
  }

 private:
  void follow(const link_map& object) {
    for (const std::string& name : needed_by(object)) {
      if (host_objects().count(name) || !seen_.insert(name).second) continue;
      [[maybe_unused]] const LoaderTurn turn{};
      void* handle = dlopen(name.c_str(), RTLD_LAZY | RTLD_NOLOAD);
      if (!handle) continue;
      link_map* map = nullptr;
      if (dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0 && map) {
        paths_.emplace_back(map->l_name);
        follow(*map);
      }
      dlclose(handle);
    }
  }

  std::set<std::string> seen_;
  std::vector<std::string> paths_;
};

bool is_mapped(const std::vector<MappedObject>& objects, const std::string& path) {
  return std::any_of(objects.begin(), objects.end(), [&](const MappedObject& object) { return object.path == path; });
}

// The loader recognises a file by device and inode whatever name it was opened by, so it is asked first. Closing what
// it found may be what lets the object go at last, so the list is read after that.
bool is_still_mapped(const std::string& path) {
  std::string known_as = path;
  [[maybe_unused]] const LoaderTurn turn{};
  if (void* handle = dlopen(path.c_str(), RTLD_LAZY | RTLD_NOLOAD)) {
    link_map* map = nullptr;
    if (dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0 && map) known_as = map->l_name;
    dlclose(handle);
  }
  return is_mapped(mapped_objects(), known_as);
}

// Why the loader kept a library that nothing uses any more, as far as its file tells.
std::string cause_of_keeping(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const Result<ElfFacts> facts = read_elf(fd.get(), path);
  if (!facts.ok()) return "unknown: its file cannot be read any more";
  if (!facts->unique_symbols.empty() || facts->nodelete) {
    ElfFacts own;  // only what the loader itself acts upon
    own.unique_symbols = facts->unique_symbols;
    own.nodelete = facts->nodelete;
    const Safety safety = classify({ClosureEntry{std::string(name_in_path(path)), path, false, std::move(own)}});
    return safety.reasons.front();
  }
  return "a thread-local destructor of a living thread, or a library that binds to it";
}

}  // namespace

struct Library::Impl {
  std::string path;
  boost::dll::shared_library library;
  const dm_plugin* plugin = nullptr;
  uint64_t bytes = 0;
  std::vector<std::string> dependencies;  // paths; not those of the host

  void leave() {
    users().remove(path);
    for (const std::string& dependency : dependencies) users().remove(dependency);
  }
};

Library::Library(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Library::~Library() {
  // Without unmap() it stays for good: its code may be running, or be about to.
  if (impl_->library.is_loaded()) dlopen(impl_->path.c_str(), RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

const dm_plugin* Library::plugin() const {
  return impl_->plugin;
}
uint64_t Library::mapped_bytes() const {
  return impl_->bytes;
}

Result<std::unique_ptr<Library>> Library::map(const std::string& copy_path) {
  host_objects();  // before the first plugin is
  auto impl = std::make_unique<Impl>();
  impl->path = copy_path;
  std::error_code failed;
  try {
    namespace dll = boost::dll;
    {
      [[maybe_unused]] const LoaderTurn turn{};
      impl->library.load(copy_path, dll::load_mode::rtld_now | dll::load_mode::rtld_local, failed);
    }
    if (failed) return load_failed(copy_path, loader_message());
    if (!impl->library.has(DM_PLUGIN_SYMBOL))
      return load_failed(copy_path, "exports no symbol " DM_PLUGIN_SYMBOL, "build it with dormouse_add_plugin()");
    impl->plugin = &impl->library.get<const dm_plugin>(DM_PLUGIN_SYMBOL);
  } catch (const std::exception& e) {
    return load_failed(copy_path, e.what());
  }
  impl->dependencies = Dependencies::of(impl->library.native());
  users().add(copy_path);
  for (const std::string& dependency : impl->dependencies) users().add(dependency);
  for (const MappedObject& object : mapped_objects())
    if (object.path == copy_path) impl->bytes = object.bytes;
  return std::unique_ptr<Library>(new Library(std::move(impl)));
}

UnmapReport Library::unmap() {
  UnmapReport report;
  impl_->plugin = nullptr;
  {
    [[maybe_unused]] const LoaderTurn turn{};
    impl_->library.unload();
  }
  impl_->leave();
  for (const std::string& dependency : impl_->dependencies)
    if (!users().any(dependency) && is_still_mapped(dependency))
      report.pinned_dependencies.emplace_back(name_in_path(dependency));
  report.unmapped = !is_still_mapped(impl_->path);
  if (report.unmapped) return report;
  report.in_use = users().any(impl_->path);
  report.cause = report.in_use ? "another component uses the same file" : cause_of_keeping(impl_->path);
  return report;
}

Status pin_shared_runtime(const std::string& soname) {
  host_objects();
  // The handle is dropped on purpose: RTLD_NODELETE outlives it.
  if (dlopen(soname.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE)) return Status();
  return Status(Error{.code = Code::load_failed,
                      .message = loader_message(),
                      .object = "shared runtime " + soname,
                      .remedy = "install its package"});
}

}  // namespace dormouse
