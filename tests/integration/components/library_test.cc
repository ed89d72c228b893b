#include "components/library.h"

#include <dlfcn.h>

#include <catch2/catch.hpp>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <thread>

#include "artifacts/link_map.h"
#include "support/temp_folder.h"
#include "values/value.h"

using namespace dormouse;
namespace fs = std::filesystem;

namespace {

std::string fixture(const std::string& name) {
  return std::string(DORMOUSE_BAD_PLUGINS) + "/" + name + ".so";
}

// Each test maps a copy of its own: what one of them keeps mapped must not be seen by another.
struct Copy {
  TempFolder temp;
  std::string path;
  explicit Copy(const std::string& name) : path(temp / name + ".so") { fs::copy_file(fixture(name), path); }
};

std::unique_ptr<Library> mapped(const std::string& path) {
  Result<std::unique_ptr<Library>> library = Library::map(path);
  INFO(library.status().to_string());
  REQUIRE(library.ok());
  return std::move(*library);
}

bool in_link_map(const std::string& path) {
  for (const MappedObject& object : mapped_objects())
    if (object.path == path) return true;
  return false;
}

// Opens the plugin's one type, runs its one method, closes.
void use(const Library& library) {
  const dm_type& type = *library.plugin()->types[0];
  ValueWriter writer;
  writer.map_begin(), writer.key("text"), writer.string("x"), writer.map_end();
  const Value input = *writer.finish();
  dm_call call{};
  call.size = sizeof call;
  dm_open_args args{};
  args.size = sizeof args;
  void* component = nullptr;
  const int32_t opened = type.open(nullptr, &call, &args, &component);
  const int32_t ran = type.methods[0]->run(component, &call, input.view(), writer.abi());
  type.close(component);
  CHECK(opened == DM_OK);
  CHECK(ran == DM_OK);
  CHECK(writer.finish().ok());
}

void on_joined_thread(const std::function<void()>& work) {
  std::thread(work).join();
}

// A thread that outlives the work it is given.
class LivingThread {
 public:
  ~LivingThread() {
    run({});
    thread_.join();
  }
  void run(std::function<void()> work) {
    std::unique_lock lock(mutex_);
    work_ = std::move(work);
    given_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !given_; });
  }

 private:
  void loop() {
    std::unique_lock lock(mutex_);
    for (bool more = true; more;) {
      changed_.wait(lock, [&] { return given_; });
      more = static_cast<bool>(work_);
      if (more) work_();
      given_ = false;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> work_;
  bool given_ = false;
  std::thread thread_{[this] { loop(); }};
};

}  // namespace

TEST_CASE("a mapped plugin shows its table and is gone after unmap") {
  const Copy copy("well-behaved");
  const auto library = mapped(copy.path);
  REQUIRE(library->plugin() != nullptr);
  CHECK(library->plugin()->magic == DM_PLUGIN_MAGIC);
  CHECK(library->mapped_bytes() >= 4096);
  CHECK(in_link_map(copy.path));
  use(*library);
  const UnmapReport report = library->unmap();
  CHECK(report.unmapped);
  CHECK(report.cause.empty());
  CHECK(report.pinned_dependencies.empty());
  CHECK_FALSE(in_link_map(copy.path));
}

TEST_CASE("what cannot be mapped fails with the loader's message and leaves nothing") {
  const Copy copy("unresolved");
  const Result<std::unique_ptr<Library>> library = Library::map(copy.path);
  REQUIRE_FALSE(library.ok());
  CHECK(library.status().code() == Code::load_failed);
  CHECK(library.status().error().message.find("nobody_has_this_function") != std::string::npos);
  CHECK_FALSE(in_link_map(copy.path));
  CHECK(Library::map(copy.temp / "none.so").status().error().message.find("No such file") != std::string::npos);
}

TEST_CASE("a library without the table is closed again") {
  const Copy copy("no-table");
  const Result<std::unique_ptr<Library>> library = Library::map(copy.path);
  REQUIRE_FALSE(library.ok());
  CHECK(library.status().error().message.find("exports no symbol dormouse_plugin") == 0);
  CHECK_FALSE(in_link_map(copy.path));
}

TEST_CASE("GNU-unique symbols keep a library and are named as the cause") {
  const Copy copy("unique-symbols");
  const auto library = mapped(copy.path);
  on_joined_thread([&] { use(*library); });
  const UnmapReport report = library->unmap();
  CHECK_FALSE(report.unmapped);
  CHECK(report.cause == "unique-symbols.so has 1 GNU-unique symbol (bad::counted)");
  CHECK(in_link_map(copy.path));
}

TEST_CASE("NODELETE keeps a library and is named as the cause") {
  const Copy copy("nodelete");
  const UnmapReport report = mapped(copy.path)->unmap();
  CHECK_FALSE(report.unmapped);
  CHECK(report.cause == "nodelete.so is marked NODELETE");
}

TEST_CASE("a thread-local destructor keeps a library while its thread lives") {
  const Copy copy("thread-local");
  LivingThread thread;
  const auto library = mapped(copy.path);
  thread.run([&] { use(*library); });
  const UnmapReport report = library->unmap();
  CHECK_FALSE(report.unmapped);
  CHECK(report.cause.find("a thread-local destructor of a living thread") == 0);
}

TEST_CASE("from joined threads a library with thread-local destructors or keys is gone") {
  for (const char* name : {"thread-local", "pthread-key"}) {
    const Copy copy(name);
    const auto library = mapped(copy.path);
    on_joined_thread([&] { use(*library); });
    CHECK(library->unmap().unmapped);
    CHECK_FALSE(in_link_map(copy.path));
  }
}

TEST_CASE("a library that two use goes with the second") {
  const Copy copy("well-behaved");
  const auto first = mapped(copy.path);
  const auto second = mapped(copy.path);
  const UnmapReport report = first->unmap();
  CHECK_FALSE(report.unmapped);
  CHECK(report.cause == "another component uses the same file");
  use(*second);
  CHECK(second->unmap().unmapped);
}

TEST_CASE("without unmap a library stays for good") {
  const Copy copy("well-behaved");
  mapped(copy.path).reset();
  CHECK(in_link_map(copy.path));
}

TEST_CASE("a library maps again after it was gone") {
  const Copy copy("well-behaved");
  for (int i = 0; i < 20; ++i) {
    const auto library = mapped(copy.path);
    use(*library);
    REQUIRE(library->unmap().unmapped);
  }
}

TEST_CASE("a pinned OpenMP runtime stays and its user goes") {
  if (!fs::exists(fixture("openmp"))) return;
  REQUIRE(pin_shared_runtime("libgomp.so.1").ok());
  REQUIRE(pin_shared_runtime("libgomp.so.1").ok());
  for (int i = 0; i < 5; ++i) {
    const Copy copy("openmp");
    const auto library = mapped(copy.path);
    on_joined_thread([&] { use(*library); });
    const UnmapReport report = library->unmap();
    CHECK(report.unmapped);
    CHECK(report.pinned_dependencies == std::vector<std::string>{"libgomp.so.1"});
  }
}

TEST_CASE("a runtime that is not there cannot be pinned") {
  const Status status = pin_shared_runtime("libnobody-has-this.so.9");
  CHECK(status.code() == Code::load_failed);
  CHECK(status.to_string().find("libnobody-has-this.so.9") != std::string::npos);
}
