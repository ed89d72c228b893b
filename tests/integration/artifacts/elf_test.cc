#include "artifacts/elf.h"

#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "artifacts/safety.h"
#include "base/unique_fd.h"
#include "support/temp_folder.h"

using namespace dormouse;
namespace fs = std::filesystem;

namespace {

std::string fixture(const std::string& name) {
  return std::string(DORMOUSE_BAD_PLUGINS) + "/" + name + ".so";
}

Result<ElfFacts> read(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return read_elf(fd.get(), "file");
}

ElfFacts facts(const std::string& name) {
  Result<ElfFacts> read_facts = read(fixture(name));
  INFO(read_facts.status().to_string());
  REQUIRE(read_facts.ok());
  return *read_facts;
}

// The well-behaved plugin with one byte changed.
Error patched(size_t offset, unsigned char byte) {
  const TempFolder temp;
  const std::string path = temp / "p.so";
  fs::copy_file(fixture("well-behaved"), path);
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(static_cast<char>(byte));
  }
  const Result<ElfFacts> result = read(path);
  REQUIRE_FALSE(result.ok());
  CHECK(result.status().code() == Code::invalid_argument);
  return result.status().error();
}

}  // namespace

TEST_CASE("the facts of a plugin file are read without running it") {
  const ElfFacts f = facts("well-behaved");
  CHECK(f.exports_plugin_symbol);
  REQUIRE(f.manifest);
  CHECK(f.manifest->find("\"id\": \"well-behaved\"") != std::string::npos);
  CHECK(f.unique_symbols.empty());
  CHECK_FALSE(f.nodelete);
  CHECK_FALSE(f.static_tls);
  CHECK_FALSE(f.go_runtime);
  CHECK_FALSE(f.cuda_code);
}

TEST_CASE("each special fact of a file is seen") {
  CHECK(facts("unique-symbols").unique_symbols == std::vector<std::string>{"_ZN3bad7countedE"});
  CHECK(facts("nodelete").nodelete);
  CHECK(facts("static-tls").static_tls);
  CHECK(facts("static-tls").tls_bytes == 256);
  CHECK_FALSE(facts("no-manifest").manifest);
  CHECK_FALSE(facts("no-table").exports_plugin_symbol);
  const auto imports = facts("thread-local").undefined_symbols;
  CHECK(std::find(imports.begin(), imports.end(), "__cxa_thread_atexit") != imports.end());
  const auto needed = facts("throws").needed;
  CHECK(std::find(needed.begin(), needed.end(), "libstdc++.so.6") != needed.end());
}

TEST_CASE("files for another machine are refused with needed and found") {
  CHECK(patched(EI_CLASS, ELFCLASS32).found == "32-bit ELF");
  CHECK(patched(EI_DATA, ELFDATA2MSB).found == "another byte order");
  CHECK(patched(offsetof(Elf64_Ehdr, e_machine), EM_RISCV).found == "RISC-V");
  CHECK(patched(offsetof(Elf64_Ehdr, e_machine), EM_RISCV).remedy == "build the plugin for this machine");
  CHECK(patched(offsetof(Elf64_Ehdr, e_type), ET_EXEC).message == "is no shared object");
  CHECK(patched(0, 'x').message == "is no ELF file");
}

TEST_CASE("a program is no plugin") {
  const Result<ElfFacts> program = read("/proc/self/exe");
  REQUIRE_FALSE(program.ok());
  CHECK(program.status().error().message == "is no shared object");
}

TEST_CASE("a truncated file is refused with the size it should have") {
  const TempFolder temp;
  const std::string path = temp / "p.so";
  fs::copy_file(fixture("well-behaved"), path);
  fs::resize_file(path, fs::file_size(path) - 1);
  const Result<ElfFacts> result = read(path);
  REQUIRE_FALSE(result.ok());
  CHECK(result.status().error().message == "is truncated");
  CHECK(result.status().error().found == std::to_string(fs::file_size(path)));
}

TEST_CASE("libraries are found where the loader finds them") {
  const auto libelf = find_shared_object("libelf.so.1", "", {});
  REQUIRE(libelf);
  CHECK(fs::exists(*libelf));
  CHECK_FALSE(find_shared_object("libnobody-has-this.so.9", "", {}));
  const std::string folder = DORMOUSE_BAD_PLUGINS;
  CHECK(find_shared_object("nodelete.so", "", {folder}) == folder + "/nodelete.so");
  CHECK(find_shared_object("nodelete.so", folder, {"$ORIGIN"}) == folder + "/nodelete.so");
  CHECK(find_shared_object("nodelete.so", folder, {"${ORIGIN}/../bad-plugins"}).has_value());
  CHECK_FALSE(find_shared_object("nodelete.so", "", {"$ORIGIN"}));
  CHECK(find_shared_object(folder + "/nodelete.so", "", {}) == folder + "/nodelete.so");
}

TEST_CASE("the closure stops at what the host has loaded itself") {
  const UniqueFd fd(::open(fixture("throws").c_str(), O_RDONLY | O_CLOEXEC));
  const Result<std::vector<ClosureEntry>> closure = read_closure(fd.get(), fixture("throws"));
  REQUIRE(closure.ok());
  CHECK(closure->front().name == "throws.so");
  CHECK_FALSE(closure->front().loaded_by_host);
  REQUIRE(closure->size() > 1);
  for (size_t i = 1; i < closure->size(); ++i) CHECK((*closure)[i].loaded_by_host);
}
