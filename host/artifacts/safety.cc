#include "artifacts/safety.h"

#include <cxxabi.h>
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <deque>
#include <memory>
#include <set>

#include "artifacts/link_map.h"
#include "base/file.h"
#include "base/object_names.h"
#include "base/unique_fd.h"

namespace dormouse {

std::string_view to_string(SafetyClass safety) {
  switch (safety) {
    case SafetyClass::unmap:
      return "unmap";
    case SafetyClass::lane:
      return "lane";
    case SafetyClass::park:
      return "park";
    case SafetyClass::process:
      return "process";
  }
  return "process";
}

namespace {

// Runtimes with thread pools of their own, which crash or leak when they are unmapped. By the start of their soname.
constexpr std::array<std::string_view, 10> kSharedRuntimes = {
    "libgomp.so",  "libomp.so",  "libiomp5.so", "libtbb.so", "libtbbmalloc.so",
    "libopenblas", "libblis.so", "libmkl_",     "libatlas",  "libarmpl"};
constexpr std::array<std::string_view, 4> kDriverRuntimes = {"libcuda.so", "libcudart.so", "libcublas",
                                                             "libamdhip64.so"};

struct ThreadImport {
  std::string_view prefix;
  std::string_view meaning;
};
// Imports that tie code to the threads it ran on.
constexpr std::array<ThreadImport, 7> kThreadImports = {{
    {"__cxa_thread_atexit", "registers thread-local destructors"},
    {"pthread_key_create", "makes thread-specific keys"},
    {"tss_create", "makes thread-specific keys"},
    {"pthread_create", "starts threads"},
    {"thrd_create", "starts threads"},
    {"_ZNSt6thread15_M_start_thread", "starts threads"},
    {"GOMP_", "uses OpenMP"},
}};
constexpr std::array<std::string_view, 2> kOtherOpenMp = {"__kmpc_", "omp_"};

template <class Names>
bool starts_with_any(std::string_view text, const Names& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view p) { return text.starts_with(p); });
}

std::string_view thread_meaning(std::string_view symbol) {
  for (const ThreadImport& import : kThreadImports)
    if (symbol.starts_with(import.prefix)) return import.meaning;
  return starts_with_any(symbol, kOtherOpenMp) ? "uses OpenMP" : std::string_view();
}

std::string demangled(const std::string& symbol) {
  if (!symbol.starts_with("_Z")) return symbol;  // a C name may look like a mangled type: "c" is "char"
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status),
                                                         &std::free);
  std::string name = status == 0 && text ? text.get() : symbol;
  constexpr size_t kShown = 120;  // of templates within templates the beginning is enough
  if (name.size() > kShown) name = name.substr(0, kShown - 3) + "...";
  return name;
}

std::string unique_symbols_text(const std::vector<std::string>& symbols) {
  std::string names;
  for (size_t i = 0; i < std::min<size_t>(symbols.size(), 3); ++i) names += (i ? ", " : "") + demangled(symbols[i]);
  if (symbols.size() > 3) names += ", ...";
  return std::to_string(symbols.size()) + (symbols.size() == 1 ? " GNU-unique symbol (" : " GNU-unique symbols (") +
         names + ")";
}

class Classification {
 public:
  Safety run(const std::vector<ClosureEntry>& closure) {
    for (size_t i = 0; i < closure.size(); ++i) {
      const ClosureEntry& entry = closure[i];
      if (starts_with_any(entry.name, kDriverRuntimes) && i > 0)
        need(SafetyClass::process, entry.name + " registers code with a device driver for good");
      else if (starts_with_any(entry.name, kSharedRuntimes) && i > 0)
        shared_runtime(entry);
      else if (!entry.loaded_by_host)
        judge(entry, i == 0);
    }
    return std::move(safety_);
  }

 private:
  void need(SafetyClass at_least, std::string reason) {
    safety_.safety = std::max(safety_.safety, at_least);
    safety_.reasons.push_back(std::move(reason));
  }

  // The host pins it, so what its own file says about unloading does not matter any more.
  void shared_runtime(const ClosureEntry& entry) {
    safety_.shared_runtimes.push_back(entry.name);
    need(SafetyClass::lane, entry.name + " keeps threads of its own; the host keeps it mapped");
  }

  void judge(const ClosureEntry& entry, bool plugin) {
    const ElfFacts& facts = entry.facts;
    if (facts.go_runtime) need(SafetyClass::process, entry.name + " holds a Go runtime, whose threads never end");
    if (facts.cuda_code) need(SafetyClass::process, entry.name + " holds device code, which is registered for good");
    if (!facts.unique_symbols.empty()) kept(entry, plugin, "has " + unique_symbols_text(facts.unique_symbols));
    if (facts.nodelete) kept(entry, plugin, "is marked NODELETE");
    if (facts.static_tls)
      need(SafetyClass::park,
           entry.name + " takes " + std::to_string(facts.tls_bytes) + " bytes of the scarce static TLS space");
    judge_threads(entry);
  }

  // The loader will not unmap this object. When it is not the plugin itself, the plugin can still go.
  void kept(const ClosureEntry& entry, bool plugin, const std::string& why) {
    if (plugin) return need(SafetyClass::park, entry.name + " " + why);
    auto& pinned = safety_.pinned_dependencies;
    if (std::find(pinned.begin(), pinned.end(), entry.name) == pinned.end()) pinned.push_back(entry.name);
  }

  void judge_threads(const ClosureEntry& entry) {
    std::set<std::string_view> meanings;
    for (const std::string& symbol : entry.facts.undefined_symbols) {
      const std::string_view meaning = thread_meaning(symbol);
      if (!meaning.empty() && meanings.insert(meaning).second)
        need(SafetyClass::lane, entry.name + " " + std::string(meaning) + " (" + demangled(symbol) + ")");
    }
  }

  Safety safety_;
};

}  // namespace

Safety classify(const std::vector<ClosureEntry>& closure) {
  return Classification().run(closure);
}

// ---- the closure ----

namespace {

constexpr size_t kClosureMax = 256;  // the largest seen, a video editor, has 190

class ClosureWalk {
 public:
  Result<std::vector<ClosureEntry>> run(int fd, const std::string& path) {
    Result<ElfFacts> facts = read_elf(fd, plugin_file_object(path));
    if (!facts.ok()) return facts.status();
    add(ClosureEntry{std::string(name_in_path(path)), path, false, std::move(*facts)});
    // The entries are visited in the order they are found, breadth first, like the loader does.
    for (size_t i = 0; i < closure_.size(); ++i)
      if (Status followed = follow(i); !followed.ok()) return followed;
    return std::move(closure_);
  }

 private:
  void add(ClosureEntry entry) {
    seen_.insert(entry.name);
    closure_.push_back(std::move(entry));
  }

  Status follow(size_t index) {
    const std::vector<std::string> needed = closure_[index].facts.needed;
    for (const std::string& soname : needed) {
      if (seen_.count(soname)) continue;
      if (closure_.size() >= kClosureMax)
        return Status(Error{.code = Code::invalid_argument,
                            .message = "needs too many libraries",
                            .object = plugin_file_object(closure_.front().path),
                            .needed = "at most " + std::to_string(kClosureMax),
                            .found = "more"});
      if (host_objects().count(soname)) {
        add(ClosureEntry{soname, {}, true, {}});
        continue;
      }
      if (Status found = add_dependency(soname, closure_[index], index == 0); !found.ok()) return found;
    }
    return Status();
  }

  Status add_dependency(const std::string& soname, const ClosureEntry& user, bool plugin) {
    // The plugin is mapped from its private copy, so nothing is found relative to the folder it was put into.
    const std::string origin = plugin ? std::string() : user.path.substr(0, user.path.rfind('/'));
    const std::optional<std::string> path = find_shared_object(soname, origin, user.facts.runpath);
    if (!path)
      return Status(Error{
          .code = Code::not_found,
          .message = "the library " + soname + ", which " + user.name + " needs, was not found",
          .object = plugin_file_object(closure_.front().path),
          .needed = soname,
          .found = "nothing of that name where the loader looks",
          .remedy = "install it, link it statically, or give its folder as an absolute run path ($ORIGIN does not "
                    "work: the host maps a private copy)"});
    const UniqueFd fd(open(path->c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return file_error("open it", *path, errno);
    Result<ElfFacts> facts = read_elf(fd.get(), "library " + *path);
    if (!facts.ok()) return facts.status();
    add(ClosureEntry{soname, *path, false, std::move(*facts)});
    return Status();
  }

  std::vector<ClosureEntry> closure_;
  std::set<std::string> seen_;
};

}  // namespace

Result<std::vector<ClosureEntry>> read_closure(int fd, const std::string& path) {
  return ClosureWalk().run(fd, path);
}

}  // namespace dormouse
