#include "artifacts/load_image.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <elf.h>
#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "artifacts/elf.h"
#include "artifacts/static_table.h"
#include "base/unique_fd.h"

namespace dormouse {
namespace {

std::vector<char> content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

UniqueFd file_of(const std::vector<char>& bytes) {
  UniqueFd fd(::memfd_create("plugin", MFD_CLOEXEC));
  REQUIRE(::write(fd.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  return fd;
}

std::string bad_plugin(const std::string& name) {
  return std::string(DORMOUSE_BAD_PLUGINS) + "/" + name + ".so";
}

// What can be said of the plugin without running it.
Status judged(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const Result<ElfFacts> facts = read_elf(fd.get(), path);
  REQUIRE(facts.ok());
  REQUIRE(facts->manifest);
  const Result<Manifest> manifest = parse_manifest(*facts->manifest, path);
  REQUIRE(manifest.ok());
  const Result<LoadImage> image = LoadImage::read(fd.get(), path);
  if (!image.ok()) return image.status();
  return check_static_table(*image, facts->plugin_symbol_at, *manifest, path);
}

TEST_CASE("table of another version than the manifest is refused without running the plugin") {
  const Status status = judged(bad_plugin("older-table"));
  CHECK(status.code() == Code::broken_contract);
  CHECK(status.error().needed == "1.0.0 (manifest)");
  CHECK(status.error().found == "0.9.0 (table)");
}

TEST_CASE("table that lies is refused without running the plugin as the load would") {
  CHECK(judged(bad_plugin("well-behaved")).ok());
  CHECK(judged(bad_plugin("lying-id")).code() == Code::broken_contract);
  CHECK(judged(bad_plugin("missing-method")).code() == Code::broken_contract);
  CHECK(judged(bad_plugin("null-open")).code() == Code::broken_contract);
}

TEST_CASE("every plugin that comes with the host passes the checks of its layout and table") {
  unsigned count = 0;
  for (const auto& file : std::filesystem::directory_iterator(DORMOUSE_PLUGINS)) {
    if (file.path().extension() != ".so") continue;
    INFO(file.path());
    const Status status = judged(file.path());
    INFO(status.to_string());
    CHECK(status.ok());
    ++count;
  }
  CHECK(count > 0);
}

// ---- damage that the dynamic loader would follow ----

struct Damaged {
  std::vector<char> bytes = content_of(bad_plugin("well-behaved"));

  Elf64_Ehdr& header() { return *reinterpret_cast<Elf64_Ehdr*>(bytes.data()); }
  Elf64_Phdr& segment(uint32_t type) {
    auto* segments = reinterpret_cast<Elf64_Phdr*>(bytes.data() + header().e_phoff);
    for (unsigned i = 0; i < header().e_phnum; ++i)
      if (segments[i].p_type == type) return segments[i];
    FAIL("no such segment");
    std::abort();
  }
  Elf64_Dyn& entry(int64_t tag) {
    auto* entries = reinterpret_cast<Elf64_Dyn*>(bytes.data() + segment(PT_DYNAMIC).p_offset);
    for (; entries->d_tag != DT_NULL; ++entries)
      if (entries->d_tag == tag) return *entries;
    FAIL("no such entry");
    std::abort();
  }
  // The first bytes of a table that lies in the first segment, where addresses are offsets.
  char* table(int64_t tag) { return bytes.data() + entry(tag).d_un.d_ptr; }
  std::string needed() {
    const Result<LoadImage> image = LoadImage::read(file_of(bytes).get(), "damaged");
    return image.ok() ? "" : image.status().error().needed;
  }
  // What check_static_table() says.
  Status of_table() {
    const UniqueFd fd = file_of(bytes);
    const Result<ElfFacts> facts = read_elf(fd.get(), "damaged");
    REQUIRE(facts.ok());
    const Result<Manifest> manifest = parse_manifest(*facts->manifest, "damaged");
    REQUIRE(manifest.ok());
    const Result<LoadImage> image = LoadImage::read(fd.get(), "damaged");
    return image.ok() ? check_static_table(*image, facts->plugin_symbol_at, *manifest, "damaged") : image.status();
  }
};

TEST_CASE("layout that leads out of the object is refused with what was needed") {
  CHECK(Damaged().needed().empty());
  const auto after = [](const auto& damage) {
    Damaged damaged;
    damage(damaged);
    return damaged.needed();
  };
  CHECK(after([](Damaged& d) { d.segment(PT_LOAD).p_memsz = 1; }) == "segments in order that do not overlap");
  CHECK(after([](Damaged& d) { d.segment(PT_LOAD).p_offset += 8; }) == "segments that begin on the pages of the file");
  CHECK(after([](Damaged& d) { d.segment(PT_DYNAMIC).p_vaddr += uint64_t{1} << 30; }) ==
        "a dynamic section inside the object");
  CHECK(after([](Damaged& d) { d.entry(DT_STRTAB).d_un.d_ptr += uint64_t{1} << 40; }) ==
        "a table of names inside the object");
  CHECK(after([](Damaged& d) { d.entry(DT_SYMTAB).d_un.d_ptr += uint64_t{1} << 40; }) ==
        "a table of symbols inside the object");
  CHECK(after([](Damaged& d) { d.entry(DT_GNU_HASH).d_un.d_ptr += uint64_t{1} << 40; }) == "a hash table of symbols");
  CHECK(after([](Damaged& d) { d.entry(DT_INIT_ARRAY).d_un.d_ptr += uint64_t{1} << 40; }) ==
        "lists of functions inside the object");
  CHECK(after([](Damaged& d) { d.entry(DT_INIT).d_un.d_ptr += uint64_t{1} << 40; }) ==
        "start and end functions inside the code");
  CHECK(after([](Damaged& d) { d.entry(DT_RELA).d_un.d_ptr += uint64_t{1} << 40; }) == "relocations inside the object");
  CHECK(after([](Damaged& d) { reinterpret_cast<Elf64_Rela*>(d.table(DT_RELA))->r_offset += uint64_t{1} << 40; }) ==
        "relocations of data inside the object");
  CHECK(after([](Damaged& d) { reinterpret_cast<Elf64_Rela*>(d.table(DT_RELA))->r_addend += int64_t{1} << 40; }) ==
        "pointers into the object");
  CHECK(after([](Damaged& d) { reinterpret_cast<Elf64_Rela*>(d.table(DT_RELA))->r_info ^= 0x80; }) ==
        "relocations of this machine");
  CHECK(after([](Damaged& d) { reinterpret_cast<Elf64_Rela*>(d.table(DT_RELA))->r_offset ^= 4; }) ==
        "relocations of whole words");
  CHECK(after([](Damaged& d) {
          auto* relocations = reinterpret_cast<Elf64_Rela*>(d.table(DT_RELA));
          relocations[1].r_offset = relocations[0].r_offset;
        }) == "one relocation of each place");
  CHECK(after([](Damaged& d) { d.entry(DT_INIT_ARRAYSZ).d_tag = int64_t{1} << 40; }) == "a size of each table");
  CHECK(after([](Damaged& d) { d.entry(DT_RELASZ).d_tag = int64_t{1} << 40; }) == "a size of each table");
}

// The host follows the pointers of the table before any code of the plugin runs.
TEST_CASE("flipped bit in a pointer of the table is refused") {
  Damaged original;
  REQUIRE(original.of_table().ok());
  const auto count = static_cast<size_t>(original.entry(DT_RELASZ).d_un.d_val / sizeof(Elf64_Rela));
  const auto* relocations = reinterpret_cast<const Elf64_Rela*>(original.table(DT_RELA));
  const int64_t table_at = [&] {
    const UniqueFd fd = file_of(original.bytes);
    return static_cast<int64_t>(read_elf(fd.get(), "original")->plugin_symbol_at);
  }();
  size_t refused = 0, tried = 0;
  for (size_t i = 0; i < count; ++i) {
    // The fields of the table itself: id, version and types.
    const auto at = static_cast<int64_t>(relocations[i].r_offset);
    if (at < table_at || at >= table_at + static_cast<int64_t>(sizeof(dm_plugin))) continue;
    for (unsigned bit = 0; bit < 48; ++bit) {
      Damaged damaged;
      reinterpret_cast<Elf64_Rela*>(damaged.table(DT_RELA))[i].r_addend ^= int64_t{1} << bit;
      INFO("relocation " << i << " bit " << bit);
      const Status status = damaged.of_table();
      ++tried;
      refused += !status.ok();
    }
  }
  REQUIRE(tried == 3 * 48);
#if defined(__SANITIZE_ADDRESS__)
  // In its larger data one flip of the 144 leads to something that reads the same.
  CHECK(refused + 1 >= tried);
#else
  CHECK(refused == tried);
#endif
}

}  // namespace
}  // namespace dormouse
