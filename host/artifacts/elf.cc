#include "artifacts/elf.h"

#include <elf.h>
#include <gelf.h>
#include <libelf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/file.h"
#include "dormouse/plugin.h"

namespace dormouse {
namespace {

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
constexpr uint32_t kCacheFlag = 0x0303;  // in ld.so.cache: libc6, x86-64
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
constexpr uint32_t kCacheFlag = 0x0a03;  // libc6, AArch64
#else
#error "name this machine here: its e_machine and its flag in ld.so.cache"
#endif

constexpr uint64_t kFileBytesMax = uint64_t{4} << 30;      // the largest library of a CUDA framework has 2 GiB
constexpr uint64_t kSectionBytesMax = uint64_t{64} << 20;  // of the sections read here; LLVM's .dynstr has 4 MiB
constexpr uint64_t kManifestBytesMax = uint64_t{1} << 20;
constexpr const char* kManifestSection = ".dormouse.manifest";

std::string machine_name(uint16_t machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "AArch64";
    case EM_386:
      return "x86 (32-bit)";
    case EM_ARM:
      return "ARM (32-bit)";
    case EM_RISCV:
      return "RISC-V";
    default:
      return "machine " + std::to_string(machine);
  }
}

struct ElfEnd {
  void operator()(Elf* elf) const { elf_end(elf); }
};

// One file being read. Every offset in it is foreign: it is compared with the size of the file before it is followed.
class ElfReader {
 public:
  ElfReader(int fd, std::string_view object) : fd_(fd), object_(object) {}

  Result<ElfFacts> read() {
    if (Status header = check_header(); !header.ok()) return header;
    if (elf_version(EV_CURRENT) == EV_NONE) return damaged("a libelf of this ELF version");
    elf_.reset(elf_begin(fd_, ELF_C_READ, nullptr));
    if (!elf_ || elf_kind(elf_.get()) != ELF_K_ELF) return damaged("an ELF file");
    if (Status segments = read_segments(); !segments.ok()) return segments;
    if (Status sections = read_sections(); !sections.ok()) return sections;
    return std::move(facts_);
  }

 private:
  Error refusal(std::string message, std::string needed, std::string found, std::string remedy) const {
    return Error{.code = Code::invalid_argument,
                 .message = std::move(message),
                 .object = object_,
                 .needed = std::move(needed),
                 .found = std::move(found),
                 .remedy = std::move(remedy)};
  }
  Error damaged(std::string needed) const {
    return refusal("is damaged", std::move(needed), "an offset or size that cannot be", "build or copy the file again");
  }
  Error truncated(uint64_t needed) const {
    return refusal("is truncated", "at least " + std::to_string(needed) + " bytes", std::to_string(size_),
                   "copy the file again; replace plugins by renaming, not by writing over them");
  }
  bool inside(uint64_t offset, uint64_t size) const { return offset <= size_ && size <= size_ - offset; }

  // ---- what kind of file it is ----

  Status check_header() {
    struct stat info {};
    if (fstat(fd_, &info) != 0) return file_error("look at it", object_, errno);
    if (!S_ISREG(info.st_mode))
      return Status(refusal("is no regular file", "an ELF shared object", "something else", {}));
    size_ = static_cast<uint64_t>(info.st_size);
    if (size_ > kFileBytesMax)
      return Status(refusal("is too large", "at most 4 GiB", std::to_string(size_) + " bytes", {}));
    const ssize_t got = pread(fd_, &header_, sizeof header_, 0);
    if (got < 0) return file_error("read it", object_, errno);
    if (got < SELFMAG || std::memcmp(header_.e_ident, ELFMAG, SELFMAG) != 0)
      return Status(
          refusal("is no ELF file", "an ELF shared object", size_ == 0 ? "an empty file" : "another format", {}));
    if (static_cast<size_t>(got) < sizeof header_) return Status(truncated(sizeof header_));
    return check_kind();
  }

  Status check_kind() const {
    const std::string here = "64-bit little-endian ELF for " + machine_name(kMachine);
    const std::string remedy = "build the plugin for this machine";
    if (header_.e_ident[EI_CLASS] != ELFCLASS64) {
      const bool narrow = header_.e_ident[EI_CLASS] == ELFCLASS32;
      return Status(
          refusal("is built for another machine", here, narrow ? "32-bit ELF" : "an unknown ELF class", remedy));
    }
    if (header_.e_ident[EI_DATA] != ELFDATA2LSB)
      return Status(refusal("is built for another machine", here, "another byte order", remedy));
    if (header_.e_machine != kMachine)
      return Status(refusal("is built for another machine", here, machine_name(header_.e_machine), remedy));
    if (header_.e_type != ET_DYN)
      return Status(refusal("is no shared object", "ELF type ET_DYN", "ELF type " + std::to_string(header_.e_type),
                            "link it with -shared"));
    return Status();
  }

  // ---- program headers: what the loader maps ----

  Status read_segments() {
    size_t count = 0;
    if (elf_getphdrnum(elf_.get(), &count) != 0 || count == 0) return Status(damaged("program headers"));
    if (!inside(header_.e_phoff, count * sizeof(Elf64_Phdr)))
      return Status(truncated(header_.e_phoff + count * sizeof(Elf64_Phdr)));
    bool loads = false;
    for (size_t i = 0; i < count; ++i) {
      GElf_Phdr segment;
      if (!gelf_getphdr(elf_.get(), static_cast<int>(i), &segment)) return Status(damaged("program headers"));
      // Mapping more than the file holds would be a bus error inside the loader.
      if (segment.p_type == PT_LOAD && !inside(segment.p_offset, segment.p_filesz))
        return Status(segment.p_offset > UINT64_MAX - segment.p_filesz
                          ? damaged("segments inside the file")
                          : truncated(segment.p_offset + segment.p_filesz));
      loads = loads || segment.p_type == PT_LOAD;
      if (segment.p_type == PT_TLS) facts_.tls_bytes = segment.p_memsz;
    }
    return loads ? Status() : Status(damaged("a segment to load"));
  }

  // ---- sections: what the linker wrote down ----

  Status read_sections() {
    // Section headers stand last in a file; libelf takes those of a truncated one for absent.
    const uint64_t headers = uint64_t{header_.e_shnum} * sizeof(Elf64_Shdr);
    if (header_.e_shoff != 0 && !inside(header_.e_shoff, headers))
      return Status(header_.e_shoff > UINT64_MAX - headers ? damaged("section headers inside the file")
                                                           : truncated(header_.e_shoff + headers));
    size_t count = 0;
    if (elf_getshdrnum(elf_.get(), &count) != 0) return Status(damaged("section headers"));
    if (count == 0)
      return Status(refusal("has no section headers", "the section headers the linker wrote", "none",
                            "do not strip them: strip --strip-unneeded keeps what is needed"));
    if (!inside(header_.e_shoff, count * sizeof(Elf64_Shdr)))
      return Status(truncated(header_.e_shoff + count * sizeof(Elf64_Shdr)));
    size_t names = 0;
    if (elf_getshdrstrndx(elf_.get(), &names) != 0 || !is_string_table(names))
      return Status(damaged("names of sections"));
    for (Elf_Scn* scn = nullptr; (scn = elf_nextscn(elf_.get(), scn)) != nullptr;) {
      GElf_Shdr section;
      if (!gelf_getshdr(scn, &section)) return Status(damaged("section headers"));
      if (section.sh_type != SHT_NOBITS && section.sh_type != SHT_NULL && !inside(section.sh_offset, section.sh_size))
        return Status(section.sh_offset > UINT64_MAX - section.sh_size
                          ? damaged("sections inside the file")
                          : truncated(section.sh_offset + section.sh_size));
      if (Status read = read_section(scn, section, names); !read.ok()) return read;
    }
    if (!saw_dynamic_) return Status(damaged("a dynamic section"));
    return Status();
  }

  Status read_section(Elf_Scn* scn, const GElf_Shdr& section, size_t names) {
    const char* name = elf_strptr(elf_.get(), names, section.sh_name);
    if (!name) return Status(damaged("names of sections"));
    if (section.sh_type == SHT_DYNAMIC) return read_dynamic(scn, section);
    if (section.sh_type == SHT_DYNSYM) return read_symbols(scn, section);
    if (std::strcmp(name, ".go.buildinfo") == 0 || std::strcmp(name, ".note.go.buildid") == 0) facts_.go_runtime = true;
    if (std::strcmp(name, ".nv_fatbin") == 0) facts_.cuda_code = true;
    if (std::strcmp(name, kManifestSection) == 0 && section.sh_type != SHT_NOBITS) return read_manifest(section);
    return Status();
  }

  // The data of a section whose place was checked; null when libelf refuses it or it is absurdly large.
  Elf_Data* data_of(Elf_Scn* scn, const GElf_Shdr& section) const {
    if (section.sh_size > kSectionBytesMax || section.sh_type == SHT_NOBITS) return nullptr;
    return elf_getdata(scn, nullptr);
  }

  // Whether strings of section `index` may be asked for: there, and not absurdly large.
  bool is_string_table(size_t index) const {
    GElf_Shdr section;
    Elf_Scn* scn = elf_getscn(elf_.get(), index);
    return scn && gelf_getshdr(scn, &section) && section.sh_type == SHT_STRTAB && section.sh_size <= kSectionBytesMax &&
           inside(section.sh_offset, section.sh_size);
  }

  Status read_dynamic(Elf_Scn* scn, const GElf_Shdr& section) {
    Elf_Data* data = data_of(scn, section);
    if (!data || !is_string_table(section.sh_link)) return Status(damaged("a dynamic section"));
    saw_dynamic_ = true;
    const auto count = static_cast<int>(data->d_size / sizeof(Elf64_Dyn));
    for (int i = 0; i < count; ++i) {
      GElf_Dyn entry;
      if (!gelf_getdyn(data, i, &entry)) return Status(damaged("a dynamic section"));
      if (entry.d_tag == DT_NULL) break;
      if (Status read = read_dynamic_entry(entry, section.sh_link); !read.ok()) return read;
    }
    if (facts_.runpath.empty()) facts_.runpath = std::move(rpath_);
    return Status();
  }

  Status read_dynamic_entry(const GElf_Dyn& entry, size_t strings) {
    if (entry.d_tag == DT_FLAGS) facts_.static_tls = facts_.static_tls || (entry.d_un.d_val & DF_STATIC_TLS);
    if (entry.d_tag == DT_FLAGS_1) facts_.nodelete = facts_.nodelete || (entry.d_un.d_val & DF_1_NODELETE);
    if (entry.d_tag == DT_FLAGS_1 && (entry.d_un.d_val & DF_1_PIE))
      return Status(refusal("is no shared object", "a library", "a program (position-independent executable)",
                            "link it with -shared"));
    if (entry.d_tag != DT_SONAME && entry.d_tag != DT_NEEDED && entry.d_tag != DT_RUNPATH && entry.d_tag != DT_RPATH)
      return Status();
    const char* text = elf_strptr(elf_.get(), strings, entry.d_un.d_val);
    if (!text) return Status(damaged("a dynamic section"));
    if (entry.d_tag == DT_SONAME) facts_.soname = text;
    if (entry.d_tag == DT_NEEDED) facts_.needed.emplace_back(text);
    if (entry.d_tag == DT_RUNPATH) facts_.runpath = split(text);
    if (entry.d_tag == DT_RPATH) rpath_ = split(text);
    return Status();
  }

  static std::vector<std::string> split(std::string_view paths) {
    std::vector<std::string> folders;
    while (!paths.empty()) {
      const size_t colon = std::min(paths.find(':'), paths.size());
      if (colon > 0) folders.emplace_back(paths.substr(0, colon));
      paths.remove_prefix(std::min(colon + 1, paths.size()));
    }
    return folders;
  }

  Status read_symbols(Elf_Scn* scn, const GElf_Shdr& section) {
    Elf_Data* data = data_of(scn, section);
    if (!data || !is_string_table(section.sh_link)) return Status(damaged("a dynamic symbol table"));
    const auto count = static_cast<int>(data->d_size / sizeof(Elf64_Sym));
    for (int i = 1; i < count; ++i) {
      GElf_Sym symbol;
      if (!gelf_getsym(data, i, &symbol)) return Status(damaged("a dynamic symbol table"));
      const char* name = elf_strptr(elf_.get(), section.sh_link, symbol.st_name);
      if (!name) return Status(damaged("names of symbols"));
      note_symbol(symbol, name);
    }
    return Status();
  }

  void note_symbol(const GElf_Sym& symbol, const char* name) {
    if (symbol.st_shndx == SHN_UNDEF) {
      if (*name) facts_.undefined_symbols.emplace_back(name);
      return;
    }
    if (GELF_ST_BIND(symbol.st_info) == STB_GNU_UNIQUE) facts_.unique_symbols.emplace_back(name);
    if (std::strcmp(name, DM_PLUGIN_SYMBOL) == 0 && GELF_ST_TYPE(symbol.st_info) == STT_OBJECT) {
      facts_.exports_plugin_symbol = true;
      facts_.plugin_symbol_at = symbol.st_value;
    }
  }

  Status read_manifest(const GElf_Shdr& section) {
    if (section.sh_size > kManifestBytesMax)
      return Status(refusal("has a manifest that is too large", "at most 1 MiB", std::to_string(section.sh_size), {}));
    std::string text(section.sh_size, '\0');
    const ssize_t got = pread(fd_, text.data(), text.size(), static_cast<off_t>(section.sh_offset));
    if (got != static_cast<ssize_t>(text.size())) return Status(truncated(section.sh_offset + section.sh_size));
    while (!text.empty() && text.back() == '\0')
      text.pop_back();  // an assembler's or compiler's terminator and padding
    facts_.manifest = std::move(text);
    return Status();
  }

  const int fd_;
  const std::string object_;
  uint64_t size_ = 0;
  Elf64_Ehdr header_{};
  std::unique_ptr<Elf, ElfEnd> elf_;
  ElfFacts facts_;
  std::vector<std::string> rpath_;
  bool saw_dynamic_ = false;
};

}  // namespace

Result<ElfFacts> read_elf(int fd, std::string_view object) {
  return ElfReader(fd, object).read();
}

// ---- where the loader finds a library ----

namespace {

bool is_file(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

// "$ORIGIN/../lib" with $ORIGIN replaced; nullopt when it is used and there is none.
std::optional<std::string> expand_origin(std::string folder, std::string_view origin) {
  for (const std::string_view name : {"${ORIGIN}", "$ORIGIN"}) {
    for (size_t at = 0; (at = folder.find(name, at)) != std::string::npos; at += origin.size()) {
      if (origin.empty()) return std::nullopt;
      folder.replace(at, name.size(), origin);
    }
  }
  return folder;
}

std::vector<std::string> environment_folders() {
  std::vector<std::string> folders;
  const char* paths = secure_getenv("LD_LIBRARY_PATH");
  std::string_view rest = paths ? paths : "";
  while (!rest.empty()) {
    const size_t end = std::min(rest.find_first_of(":;"), rest.size());
    if (end > 0) folders.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return folders;
}

// The layout of /etc/ld.so.cache since glibc 2.2; offsets of strings count from its start.
struct CacheHeader {
  char magic[20];
  uint32_t count;
  uint32_t string_bytes;
  uint32_t unused[5];
};
struct CacheEntry {
  int32_t flags;
  uint32_t key;
  uint32_t value;
  uint32_t os_version;
  uint64_t hwcap;
};
static_assert(sizeof(CacheHeader) == 48 && sizeof(CacheEntry) == 24);

std::optional<std::string_view> string_at(std::string_view cache, uint32_t offset) {
  if (offset >= cache.size()) return std::nullopt;
  const size_t end = cache.find('\0', offset);
  if (end == std::string_view::npos) return std::nullopt;
  return cache.substr(offset, end - offset);
}

std::optional<std::string> find_in_cache(std::string_view soname) {
  const Result<std::string> file = read_file("/etc/ld.so.cache", size_t{16} << 20);
  if (!file.ok()) return std::nullopt;
  std::string_view cache = *file;
  // Older systems put the cache of libc5 before it.
  const size_t start = cache.find("glibc-ld.so.cache1.1");
  if (start == std::string_view::npos) return std::nullopt;
  cache.remove_prefix(start);
  CacheHeader header;
  if (cache.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, cache.data(), sizeof header);
  const size_t entries = std::min<size_t>(header.count, (cache.size() - sizeof header) / sizeof(CacheEntry));
  for (size_t i = 0; i < entries; ++i) {
    CacheEntry entry;
    std::memcpy(&entry, cache.data() + sizeof header + i * sizeof entry, sizeof entry);
    // Variants for newer processors (hwcap) differ in code, not in what is looked at here.
    if (static_cast<uint32_t>(entry.flags) != kCacheFlag || entry.hwcap != 0) continue;
    const auto path = string_at(cache, entry.value);
    if (string_at(cache, entry.key) == soname && path && is_file(std::string(*path))) return std::string(*path);
  }
  return std::nullopt;
}

std::optional<std::string> find_in(const std::vector<std::string>& folders, std::string_view soname,
                                   std::string_view origin) {
  for (const std::string& folder : folders) {
    const std::optional<std::string> expanded = expand_origin(folder, origin);
    if (!expanded) continue;
    std::string path = *expanded + "/" + std::string(soname);
    if (is_file(path)) return path;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> find_shared_object(std::string_view soname, std::string_view origin,
                                              const std::vector<std::string>& runpath) {
  if (soname.find('/') != std::string_view::npos) {
    std::optional<std::string> path = expand_origin(std::string(soname), origin);
    return path && is_file(*path) ? path : std::nullopt;
  }
  if (auto path = find_in(environment_folders(), soname, origin)) return path;
  if (auto path = find_in(runpath, soname, origin)) return path;
  if (auto path = find_in_cache(soname)) return path;
  static const std::vector<std::string> kDefaultFolders = {"/lib64", "/usr/lib64", "/lib", "/usr/lib"};
  return find_in(kDefaultFolders, soname, origin);
}

}  // namespace dormouse
