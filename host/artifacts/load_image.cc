#include "artifacts/load_image.h"

#include <elf.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <map>
#include <optional>

namespace dormouse {
namespace {

constexpr size_t kSegmentsMax = 64;
constexpr uint64_t kImageBytesMax = uint64_t{4} << 30;
constexpr uint64_t kTableBytesMax = uint64_t{64} << 20;
constexpr size_t kVersionsMax = 65536;

#if defined(__x86_64__)
constexpr uint32_t kNone = R_X86_64_NONE, kRelative = R_X86_64_RELATIVE, kAbsolute = R_X86_64_64,
                   kIndirect = R_X86_64_IRELATIVE, kTwoWords = R_X86_64_TLSDESC;
constexpr std::array kOthers{uint32_t{R_X86_64_GLOB_DAT}, uint32_t{R_X86_64_JUMP_SLOT}, uint32_t{R_X86_64_DTPMOD64},
                             uint32_t{R_X86_64_DTPOFF64}, uint32_t{R_X86_64_TPOFF64}};
#elif defined(__aarch64__)
constexpr uint32_t kNone = R_AARCH64_NONE, kRelative = R_AARCH64_RELATIVE, kAbsolute = R_AARCH64_ABS64,
                   kIndirect = R_AARCH64_IRELATIVE, kTwoWords = R_AARCH64_TLSDESC;
constexpr std::array kOthers{uint32_t{R_AARCH64_GLOB_DAT}, uint32_t{R_AARCH64_JUMP_SLOT},
                             uint32_t{R_AARCH64_TLS_DTPMOD}, uint32_t{R_AARCH64_TLS_DTPREL},
                             uint32_t{R_AARCH64_TLS_TPREL}};
#endif

bool read_at(int fd, void* to, size_t size, uint64_t offset) {
  return ::pread(fd, to, size, static_cast<off_t>(offset)) == static_cast<ssize_t>(size);
}

}  // namespace

// ---- what was read ----

const LoadImage::Segment* LoadImage::segment_of(uint64_t at, uint64_t size) const {
  for (const Segment& segment : segments_)
    if (at >= segment.at && at - segment.at <= segment.memory && size <= segment.memory - (at - segment.at))
      return &segment;
  return nullptr;
}

bool LoadImage::bytes(uint64_t at, void* to, size_t size) const {
  const Segment* segment = segment_of(at, size);
  if (!segment) return false;
  const std::vector<char>& content = contents_[static_cast<size_t>(segment - segments_.data())];
  const uint64_t skipped = at - segment->at;
  std::memset(to, 0, size);
  if (skipped < content.size())
    std::memcpy(to, content.data() + skipped, std::min<uint64_t>(size, content.size() - skipped));
  return true;
}

uint64_t LoadImage::pointer(uint64_t at) const {
  const auto found = std::lower_bound(pointers_.begin(), pointers_.end(), at,
                                      [](const Relocated& each, uint64_t wanted) { return each.at < wanted; });
  if (found != pointers_.end() && found->at == at) return found->target;
  uint64_t raw = 0;  // packed relative relocations (DT_RELR) have their addend in place
  return bytes(at, &raw, sizeof raw) ? raw : 0;
}

bool LoadImage::contains(uint64_t at, uint64_t size) const {
  return segment_of(at, size) != nullptr;
}

bool LoadImage::is_code(uint64_t at) const {
  const Segment* segment = segment_of(at, 1);
  return segment && segment->executable;
}

bool LoadImage::is_constant(uint64_t at, uint64_t size) const {
  const Segment* segment = segment_of(at, size);
  if (!segment) return false;
  return !segment->writable || std::any_of(relro_.begin(), relro_.end(), [&](const Segment& each) {
    return at >= each.at && at - each.at <= each.memory && size <= each.memory - (at - each.at);
  });
}

std::string LoadImage::text(uint64_t at, size_t size_max) const {
  std::string text;
  for (char c = 0; text.size() < size_max && bytes(at + text.size(), &c, 1) && c != '\0';) text += c;
  return text;
}

// ---- reading ----

// Tables of the dynamic section are followed in the order in which they are needed; each is inside before it is used.
class LoadImageReader {
 public:
  LoadImageReader(int fd, std::string_view object) : object_(object) { image_.fd_ = fd; }

  Result<LoadImage> run() {
    for (const auto step :
         {&LoadImageReader::read_segments, &LoadImageReader::read_dynamic, &LoadImageReader::check_strings,
          &LoadImageReader::count_symbols, &LoadImageReader::check_symbols, &LoadImageReader::check_versions,
          &LoadImageReader::read_relocations, &LoadImageReader::check_start_and_end})
      if (Status step_ok = (this->*step)(); !step_ok.ok()) return step_ok;
    return std::move(image_);
  }

 private:
  Status damaged(std::string needed) const {
    return Error{.code = Code::invalid_argument,
                 .message = "is damaged",
                 .object = object_,
                 .needed = std::move(needed),
                 .found = "an address, offset or size that cannot be",
                 .remedy = "build or copy the file again"};
  }

  Status read_segments() {
    Elf64_Ehdr header{};
    if (!read_at(image_.fd_, &header, sizeof header, 0)) return damaged("an ELF header");
    if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0 || header.e_phnum > kSegmentsMax)
      return damaged("1 to 64 program headers");
    std::vector<Elf64_Phdr> headers(header.e_phnum);
    if (!read_at(image_.fd_, headers.data(), headers.size() * sizeof(Elf64_Phdr), header.e_phoff))
      return damaged("program headers inside the file");
    for (const Elf64_Phdr& each : headers)
      if (each.p_type == PT_LOAD)
        if (Status loaded = read_load(each); !loaded.ok()) return loaded;
    for (const Elf64_Phdr& each : headers)
      if (Status special = read_special(each); !special.ok()) return special;
    return dynamic_size_ > 0 ? Status() : damaged("a dynamic section");
  }

  Status read_load(const Elf64_Phdr& each) {
    const uint64_t page = 4096;
    const uint64_t end = image_.segments_.empty() ? 0 : image_.segments_.back().at + image_.segments_.back().memory;
    if (each.p_filesz > each.p_memsz || each.p_memsz > kImageBytesMax || each.p_vaddr > kImageBytesMax ||
        each.p_vaddr < end)
      return damaged("segments in order that do not overlap");
    if ((each.p_vaddr - each.p_offset) % page != 0 || (each.p_align != 0 && !std::has_single_bit(each.p_align)))
      return damaged("segments that begin on the pages of the file");
    image_.segments_.push_back({each.p_vaddr, each.p_memsz, each.p_offset, each.p_filesz, (each.p_flags & PF_W) != 0,
                                (each.p_flags & PF_X) != 0});
    // Code is not looked at; what refers to it is.
    std::vector<char> content((each.p_flags & PF_X) != 0 ? 0 : each.p_filesz);
    if (content.size() > (size_t{1} << 30) || !read_at(image_.fd_, content.data(), content.size(), each.p_offset))
      return damaged("segments inside the file");
    image_.contents_.push_back(std::move(content));
    return {};
  }

  Status read_special(const Elf64_Phdr& each) {
    const bool known = each.p_type == PT_DYNAMIC || each.p_type == PT_TLS || each.p_type == PT_GNU_RELRO;
    if (!known) return {};
    if (each.p_type == PT_TLS) {
      const bool sane = each.p_filesz <= each.p_memsz && each.p_memsz <= kTableBytesMax &&
                        (each.p_align == 0 || std::has_single_bit(each.p_align)) &&
                        (each.p_filesz == 0 || image_.segment_of(each.p_vaddr, each.p_filesz));
      return sane ? Status() : damaged("a segment of thread-local data inside the object");
    }
    if (each.p_type == PT_GNU_RELRO) {
      // Its end may be rounded to a page beyond that of its segment.
      if (!image_.segment_of(each.p_vaddr, 1)) return damaged("a read-only part inside the object");
      image_.relro_.push_back({each.p_vaddr, each.p_memsz, 0, 0, false, false});
      return {};
    }
    if (dynamic_size_ > 0) return damaged("one dynamic section");
    dynamic_at_ = each.p_vaddr;
    dynamic_size_ = each.p_memsz;
    return {};
  }

  Status read_dynamic() {
    for (uint64_t at = 0; at + sizeof(Elf64_Dyn) <= dynamic_size_; at += sizeof(Elf64_Dyn)) {
      Elf64_Dyn entry{};
      if (!image_.bytes(dynamic_at_ + at, &entry, sizeof entry)) return damaged("a dynamic section inside the object");
      if (entry.d_tag == DT_NULL) return {};
      if (entry.d_tag == DT_NEEDED || entry.d_tag == DT_SONAME || entry.d_tag == DT_RUNPATH || entry.d_tag == DT_RPATH)
        names_.push_back(entry.d_un.d_val);
      else
        dynamic_[entry.d_tag] = entry.d_un.d_val;
    }
    return damaged("a dynamic section that ends");
  }

  std::optional<uint64_t> value(int64_t tag) const {
    const auto found = dynamic_.find(tag);
    return found == dynamic_.end() ? std::nullopt : std::optional(found->second);
  }

  // A table of `T` that lies in the object, as many as fit in `size` bytes.
  template <class T>
  bool table(uint64_t at, uint64_t size, std::vector<T>& to) const {
    if (size > kTableBytesMax || size % sizeof(T) != 0) return false;
    to.resize(size / sizeof(T));
    return to.empty() || image_.bytes(at, to.data(), size);
  }

  Status check_strings() {
    const auto at = value(DT_STRTAB);
    const auto size = value(DT_STRSZ);
    if (!at || !size || *size == 0 || !table(*at, *size, strings_) || strings_.back() != '\0')
      return damaged("a table of names inside the object");
    for (const uint64_t name : names_)
      if (name >= strings_.size()) return damaged("names inside their table");
    return {};
  }

  Status count_symbols() {
    if (const auto gnu = value(DT_GNU_HASH)) {
      if (Status counted = count_gnu(*gnu); !counted.ok()) return counted;
    }
    if (const auto plain = value(DT_HASH)) {
      if (Status counted = count_plain(*plain); !counted.ok()) return counted;
    }
    return symbol_count_ > 0 ? Status() : damaged("a hash table of symbols");
  }

  Status count_gnu(uint64_t at) {
    std::array<uint32_t, 4> head{};  // buckets, first symbol, words of the filter, its shift
    if (!image_.bytes(at, head.data(), sizeof head) || head[0] == 0 || !std::has_single_bit(head[2]) || head[3] >= 64)
      return damaged("a hash table of symbols");
    std::vector<uint32_t> buckets;
    const uint64_t buckets_at = at + sizeof head + uint64_t{head[2]} * 8;
    const uint64_t chains_at = buckets_at + uint64_t{head[0]} * 4;
    uint64_t filter_end = 0;
    if (!image_.bytes(buckets_at - 8, &filter_end, 8) || !table(buckets_at, uint64_t{head[0]} * 4, buckets))
      return damaged("a hash table of symbols inside the object");
    uint64_t last = head[1];
    for (const uint32_t bucket : buckets) {
      if (bucket != 0 && bucket < head[1]) return damaged("a hash table of symbols");
      last = std::max<uint64_t>(last, bucket);
    }
    uint32_t chain = 0;
    const bool empty = std::all_of(buckets.begin(), buckets.end(), [](uint32_t bucket) { return bucket == 0; });
    for (; !empty && (chain & 1) == 0; ++last)
      if (!image_.bytes(chains_at + (last - head[1]) * 4, &chain, sizeof chain))
        return damaged("a hash table of symbols that ends");
    symbol_count_ = last;
    return {};
  }

  Status count_plain(uint64_t at) {
    std::array<uint32_t, 2> head{};
    std::vector<uint32_t> links;
    if (!image_.bytes(at, head.data(), sizeof head) || head[0] == 0 ||
        !table(at + sizeof head, (uint64_t{head[0]} + head[1]) * 4, links))
      return damaged("a hash table of symbols inside the object");
    for (const uint32_t link : links)
      if (link >= head[1]) return damaged("a hash table of symbols");
    for (uint32_t bucket = 0; bucket < head[0]; ++bucket) {
      uint32_t steps = 0;
      for (uint32_t symbol = links[bucket]; symbol != 0; symbol = links[head[0] + symbol])
        if (++steps > head[1]) return damaged("a hash table of symbols without circles");
    }
    symbol_count_ = std::max<uint64_t>(symbol_count_, head[1]);
    return {};
  }

  Status check_symbols() {
    const auto at = value(DT_SYMTAB);
    if (!at || !table(*at, symbol_count_ * sizeof(Elf64_Sym), symbols_))
      return damaged("a table of symbols inside the object");
    for (const Elf64_Sym& symbol : symbols_) {
      if (symbol.st_name >= strings_.size()) return damaged("names of symbols inside their table");
      const bool placed =
          symbol.st_shndx != SHN_UNDEF && symbol.st_shndx != SHN_ABS && ELF64_ST_TYPE(symbol.st_info) != STT_TLS;
      if (placed && !image_.segment_of(symbol.st_value, 0)) return damaged("symbols inside the object");
      if (placed && ELF64_ST_TYPE(symbol.st_info) == STT_GNU_IFUNC && !image_.is_code(symbol.st_value))
        return damaged("functions inside the code");
    }
    return {};
  }

  Status check_versions() {
    std::vector<uint16_t> versions;
    if (const auto at = value(DT_VERSYM); at && !table(*at, symbol_count_ * 2, versions))
      return damaged("versions of symbols inside the object");
    if (Status needed = check_needed_versions(); !needed.ok()) return needed;
    return check_defined_versions();
  }

  Status check_needed_versions() {
    const auto first = value(DT_VERNEED);
    if (!first) return {};
    uint64_t at = *first;
    for (size_t i = 0;; ++i) {
      Elf64_Verneed file{};
      if (i == kVersionsMax || !image_.bytes(at, &file, sizeof file) || file.vn_file >= strings_.size())
        return damaged("a list of needed versions inside the object");
      uint64_t part = at + file.vn_aux;
      for (size_t j = 0; j < file.vn_cnt; ++j) {
        Elf64_Vernaux version{};
        if (!image_.bytes(part, &version, sizeof version) || version.vna_name >= strings_.size())
          return damaged("a list of needed versions inside the object");
        if (version.vna_next == 0) break;
        part += version.vna_next;
      }
      if (file.vn_next == 0) return {};
      at += file.vn_next;
    }
  }

  Status check_defined_versions() {
    const auto first = value(DT_VERDEF);
    if (!first) return {};
    uint64_t at = *first;
    for (size_t i = 0;; ++i) {
      Elf64_Verdef version{};
      Elf64_Verdaux name{};
      if (i == kVersionsMax || !image_.bytes(at, &version, sizeof version) ||
          !image_.bytes(at + version.vd_aux, &name, sizeof name) || name.vda_name >= strings_.size())
        return damaged("a list of versions inside the object");
      if (version.vd_next == 0) return {};
      at += version.vd_next;
    }
  }

  Status read_relocations() {
    const std::pair<int64_t, int64_t> tables[] = {{DT_RELA, DT_RELASZ}, {DT_JMPREL, DT_PLTRELSZ}};
    if (value(DT_RELAENT).value_or(sizeof(Elf64_Rela)) != sizeof(Elf64_Rela) || value(DT_REL) ||
        value(DT_PLTREL).value_or(DT_RELA) != DT_RELA ||
        value(DT_SYMENT).value_or(sizeof(Elf64_Sym)) != sizeof(Elf64_Sym))
      return damaged("relocations of this machine");
    for (const auto& [address, size] : tables) {
      std::vector<Elf64_Rela> entries;
      if (!value(address)) continue;
      if (!value(size)) return damaged("a size of each table");
      if (!table(*value(address), *value(size), entries)) return damaged("relocations inside the object");
      if (address == DT_RELA && value(DT_RELACOUNT).value_or(0) > entries.size())
        return damaged("as many relocations as are counted");
      for (const Elf64_Rela& entry : entries)
        if (Status read = read_relocation(entry); !read.ok()) return read;
    }
    if (Status packed = check_packed_relocations(); !packed.ok()) return packed;
    std::sort(places_.begin(), places_.end());
    if (std::adjacent_find(places_.begin(), places_.end()) != places_.end())
      return damaged("one relocation of each place");
    std::sort(image_.pointers_.begin(), image_.pointers_.end(),
              [](const auto& a, const auto& b) { return a.at < b.at; });
    return {};
  }

  bool may_be_written(uint64_t at, uint64_t size) const {
    const LoadImage::Segment* segment = image_.segment_of(at, size);
    return segment && (segment->writable || value(DT_TEXTREL) || (value(DT_FLAGS).value_or(0) & DF_TEXTREL) != 0);
  }

  Status read_relocation(const Elf64_Rela& entry) {
    const auto type = static_cast<uint32_t>(ELF64_R_TYPE(entry.r_info));
    const uint64_t symbol = ELF64_R_SYM(entry.r_info);
    if (type == kNone) return {};
    const auto addend = static_cast<uint64_t>(entry.r_addend);
    if (!may_be_written(entry.r_offset, type == kTwoWords ? 16 : 8))
      return damaged("relocations of data inside the object");
    // Compilers align pointers. One that is not, or two in one place, leave another pointer without its relocation.
    if (entry.r_offset % 8 != 0) return damaged("relocations of whole words");
    places_.push_back(entry.r_offset);
    if (symbol >= symbols_.size()) return damaged("relocations to symbols of the table");
    if (type == kRelative) {
      if (!image_.segment_of(addend, 0)) return damaged("pointers into the object");
      image_.pointers_.push_back({entry.r_offset, addend});
      return {};
    }
    if (type == kIndirect) return image_.is_code(addend) ? Status() : damaged("functions inside the code");
    const bool known =
        type == kAbsolute || type == kTwoWords || std::find(kOthers.begin(), kOthers.end(), type) != kOthers.end();
    if (!known) return damaged("relocations of this machine");
    if (type != kAbsolute) return {};
    const bool here = symbols_[symbol].st_shndx != SHN_UNDEF;
    image_.pointers_.push_back({entry.r_offset, here ? symbols_[symbol].st_value + addend : LoadImage::kElsewhere});
    return {};
  }

  // DT_RELR: addresses and, below each, bitmaps of the words that follow.
  Status check_packed_relocations() {
    constexpr int64_t kRelr = 36, kRelrSize = 35;
    const auto at = value(kRelr);
    if (!at) return {};
    if (!value(kRelrSize)) return damaged("a size of each table");
    std::vector<uint64_t> entries;
    if (!table(*at, *value(kRelrSize), entries)) return damaged("relocations inside the object");
    uint64_t where = 0;
    const auto is_good = [this](uint64_t place) {
      uint64_t target = 0;
      return may_be_written(place, 8) && image_.bytes(place, &target, 8) && image_.segment_of(target, 0);
    };
    for (const uint64_t entry : entries) {
      if ((entry & 1) == 0) {
        if (!is_good(entry)) return damaged("pointers into the object");
        where = entry + 8;
        continue;
      }
      for (unsigned bit = 1; bit < 64; ++bit)
        if (((entry >> bit) & 1) != 0 && !is_good(where + (bit - 1) * 8)) return damaged("pointers into the object");
      where += 63 * 8;
    }
    return {};
  }

  Status check_start_and_end() {
    for (const int64_t tag : {DT_INIT, DT_FINI})
      if (const auto at = value(tag); at && !image_.is_code(*at))
        return damaged("start and end functions inside the code");
    const std::pair<int64_t, int64_t> arrays[] = {{DT_INIT_ARRAY, DT_INIT_ARRAYSZ}, {DT_FINI_ARRAY, DT_FINI_ARRAYSZ}};
    for (const auto& [address, size] : arrays) {
      const auto at = value(address);
      if (!at) continue;
      if (!value(size)) return damaged("a size of each table");
      const uint64_t bytes = *value(size);
      if (bytes % 8 != 0 || !image_.segment_of(*at, bytes)) return damaged("lists of functions inside the object");
      for (uint64_t i = 0; i < bytes; i += 8)
        if (const uint64_t function = image_.pointer(*at + i);
            function != LoadImage::kElsewhere && !image_.is_code(function))
          return damaged("start and end functions inside the code");
    }
    return {};
  }

  const std::string object_;
  LoadImage image_;
  uint64_t dynamic_at_ = 0;
  uint64_t dynamic_size_ = 0;
  std::map<int64_t, uint64_t> dynamic_;
  std::vector<uint64_t> names_;
  std::vector<char> strings_;
  std::vector<Elf64_Sym> symbols_;
  std::vector<uint64_t> places_;  // that relocations change
  uint64_t symbol_count_ = 0;
};

Result<LoadImage> LoadImage::read(int fd, std::string_view object) {
  return LoadImageReader(fd, object).run();
}

}  // namespace dormouse
