// Measures what docs/unloading.md states: what stays mapped after dlclose, and what crashes, for each fixture that does
// not want to go. Not a test: crashes are the point, and their number depends on the machine. Each trial is a process
// of its own. Usage: unloading_evidence FOLDER_OF_BAD_PLUGINS [TRIALS]
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "dormouse/plugin.h"
#include "values/value.h"

namespace {

namespace fs = std::filesystem;
using dormouse::Value;
using dormouse::ValueWriter;
using Clock = std::chrono::steady_clock;

std::string folder;
int trials = 20;

std::string file(const std::string& name) {
  return folder + "/" + name + ".so";
}

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// ---- what a trial is made of ----

bool is_mapped(const std::string& path) {
  struct Search {
    const std::string& path;
    bool found;
  } search{path, false};
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* data) {
        auto& s = *static_cast<Search*>(data);
        s.found = s.found || s.path == info->dlpi_name;
        return 0;
      },
      &search);
  return search.found;
}

void* load(const std::string& path) {
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) std::fprintf(stderr, "%s\n", dlerror()), std::_Exit(99);
  return handle;
}

// Opens, runs once, closes.
void use(void* handle) {
  const dm_type& type = *static_cast<const dm_plugin*>(dlsym(handle, DM_PLUGIN_SYMBOL))->types[0];
  ValueWriter writer;
  writer.map_begin(), writer.key("text"), writer.string("x"), writer.map_end();
  const Value input = *writer.finish();
  dm_call call{};
  call.size = sizeof call;
  dm_open_args args{};
  args.size = sizeof args;
  void* component = nullptr;
  if (type.open(nullptr, &call, &args, &component) != DM_OK) std::_Exit(98);
  if (type.methods[0]->run(component, &call, input.view(), writer.abi()) != DM_OK) std::_Exit(97);
  type.close(component);
}

enum Ending { gone = 0, mapped = 1, gone_later = 2 };

Ending close_and_look(void* handle, const std::string& path) {
  dlclose(handle);
  return is_mapped(path) ? mapped : gone;
}

// The thread that called the plugin ends before the library is closed.
Ending joined_before(const std::string& path) {
  void* handle = load(path);
  std::thread([&] { use(handle); }).join();
  const Ending ending = close_and_look(handle, path);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  return ending;
}

// The thread that called the plugin lives on while the library is closed, and ends afterwards.
Ending living_caller(const std::string& path) {
  void* handle = load(path);
  std::promise<void> used, closed;
  std::thread caller([&] {
    use(handle);
    used.set_value();
    closed.get_future().wait();
  });
  used.get_future().wait();
  const Ending ending = close_and_look(handle, path);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  closed.set_value();
  caller.join();
  if (ending == gone) return gone;
  // The loader looks again at what it kept whenever anything is closed.
  dlclose(load(file("well-behaved")));
  return is_mapped(path) ? mapped : gone_later;
}

// ---- trials in processes of their own ----

struct Tally {
  int endings[3] = {};
  int crashes = 0;
  int failures = 0;
};

void count(Tally& tally, int status) {
  if (WIFSIGNALED(status))
    ++tally.crashes;
  else if (WEXITSTATUS(status) < 3)
    ++tally.endings[WEXITSTATUS(status)];
  else
    ++tally.failures;
}

Tally repeat(const std::function<Ending()>& trial) {
  Tally tally;
  for (int i = 0; i < trials; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      const rlimit no_core{};
      setrlimit(RLIMIT_CORE, &no_core);
      std::_Exit(trial());
    }
    int status = 0;
    waitpid(child, &status, 0);
    count(tally, status);
  }
  return tally;
}

std::string summary(const Tally& tally) {
  std::string text;
  const auto add = [&](int number, const char* what) {
    if (number > 0) text += (text.empty() ? "" : ", ") + std::string(what) + " " + std::to_string(number);
  };
  add(tally.crashes, "crash");
  add(tally.endings[gone], "unmapped");
  add(tally.endings[mapped], "mapped");
  add(tally.endings[gone_later], "mapped until the thread had ended");
  add(tally.failures, "not run");
  return text + " of " + std::to_string(trials);
}

void row(const std::string& what, const std::string& joined, const std::string& living) {
  std::printf("| %s | %s | %s |\n", what.c_str(), joined.c_str(), living.c_str());
  std::fflush(stdout);
}

void both_ways(const std::string& name, const std::string& what) {
  if (!fs::exists(file(name))) return row(what, "(no such fixture here)", "");
  row(what, summary(repeat([&] { return joined_before(file(name)); })),
      summary(repeat([&] { return living_caller(file(name)); })));
}

void openmp_pinned() {
  if (!fs::exists(file("openmp"))) return;
  const auto pinned = [](Ending (*trial)(const std::string&)) {
    return summary(repeat([=] {
      dlopen("libgomp.so.1", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
      return trial(file("openmp"));
    }));
  };
  row("openmp, libgomp pinned", pinned(joined_before), pinned(living_caller));
}

// ---- single facts ----

int static_tls_budget() {
  const fs::path copies = fs::temp_directory_path() / ("unloading-" + std::to_string(getpid()));
  fs::create_directory(copies);
  int loaded = 0;
  for (; loaded < 100; ++loaded) {
    const std::string copy = copies / (std::to_string(loaded) + ".so");
    fs::copy_file(file("static-tls"), copy);
    if (!dlopen(copy.c_str(), RTLD_NOW | RTLD_LOCAL)) break;
  }
  fs::remove_all(copies);
  return loaded;
}

double wait_beside_slow_constructor() {
  std::thread slow([] { dlclose(load(file("slow-constructor"))); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const auto start = Clock::now();
  dlclose(load(file("well-behaved")));
  const double waited = milliseconds_since(start);
  slow.join();
  return waited;
}

// Loads a file that stays mapped, renames another over it, loads again; whose table is it?
std::string reload_same_path(const std::string& first) {
  const std::string path = fs::temp_directory_path() / ("unloading-" + std::to_string(getpid()) + first + ".so");
  const auto id = [](void* handle) { return static_cast<const dm_plugin*>(dlsym(handle, DM_PLUGIN_SYMBOL))->id; };
  const auto install = [&](const std::string& name) {
    fs::copy_file(file(name), path + ".new", fs::copy_options::overwrite_existing);
    fs::rename(path + ".new", path);
  };
  install(first);
  void* handle = load(path);
  use(handle);
  dlclose(handle);
  install("vetoes");
  const std::string found = id(load(path));
  fs::remove(path);
  return found == "vetoes" ? "new code" : "OLD code";
}

Ending truncate_while_mapped() {
  const std::string path = fs::temp_directory_path() / ("unloading-" + std::to_string(getpid()) + ".so");
  fs::copy_file(file("slow-constructor"), path);
  void* handle = load(path);
  fs::resize_file(path, 0);
  use(handle);
  return mapped;
}

double resident_mib() {
  std::ifstream statm("/proc/self/statm");
  long pages = 0;
  statm >> pages >> pages;
  return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

void memory_after_many_small_blocks() {
  const double at_first = resident_mib();
  std::thread([] {
    std::vector<void*> blocks(3'000'000);
    for (void*& block : blocks) block = std::malloc(80);
    for (void* block : blocks) std::free(block);
  }).join();
  const double before = resident_mib();
  const auto start = Clock::now();
  malloc_trim(0);
  const double took = milliseconds_since(start);
  std::printf("3,000,000 blocks of 80 bytes made and freed on a thread: resident %.0f MiB before, %.0f after, ",
              at_first, before);
  std::printf("%.0f after malloc_trim (%.0f ms)\n", resident_mib(), took);
}

void cost_of_mapping() {
  constexpr int kTimes = 200;
  double open_ms = 0, close_ms = 0;
  for (int i = 0; i < kTimes; ++i) {
    const auto start = Clock::now();
    void* handle = load(file("well-behaved"));
    open_ms += milliseconds_since(start);
    const auto middle = Clock::now();
    dlclose(handle);
    close_ms += milliseconds_since(middle);
  }
  std::printf("dlopen %.0f us, dlclose %.0f us, mean of %d\n", open_ms * 1000 / kTimes, close_ms * 1000 / kTimes,
              kTimes);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: %s FOLDER_OF_BAD_PLUGINS [TRIALS]\n", argv[0]), 2;
  folder = fs::absolute(argv[1]).string();
  if (argc > 2) trials = std::max(1, std::atoi(argv[2]));
  std::printf("| fixture | caller joined before dlclose | caller lives on, ends after dlclose |\n|---|---|---|\n");
  both_ways("well-behaved", "well-behaved");
  both_ways("unique-symbols", "unique-symbols");
  both_ways("nodelete", "nodelete");
  both_ways("thread-local", "thread-local");
  both_ways("pthread-key", "pthread-key");
  both_ways("openmp", "openmp, libgomp comes with it");
  openmp_pinned();
  both_ways("own-thread", "own-thread");
  row("truncated in place while mapped", summary(repeat(truncate_while_mapped)), "");
  std::printf("\nstatic-tls: %d copies with 256 bytes each could be mapped\n", static_tls_budget());
  std::printf("slow-constructor (200 ms): another dlopen beside it took %.0f ms\n", wait_beside_slow_constructor());
  std::printf("same path, new file, old one kept by NODELETE: %s\n", reload_same_path("nodelete").c_str());
  std::printf("same path, new file, old one unmapped: %s\n", reload_same_path("well-behaved").c_str());
  cost_of_mapping();
  memory_after_many_small_blocks();
}
