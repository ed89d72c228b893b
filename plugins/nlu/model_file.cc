#include "nlu/model_file.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>

#include "dormouse/plugin.hpp"

namespace dormouse::nlu {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian and read in place");

struct Header {
  char magic[8] = {};
  uint32_t version = 0;
  uint32_t section_count = 0;
  uint64_t file_bytes = 0;
  uint64_t checksum = 0;  // of everything before this field, and of the section table
};
static_assert(sizeof(Header) == 32);

uint64_t align(uint64_t at) {
  return (at + kSectionAlignment - 1) & ~uint64_t{kSectionAlignment - 1};
}

// Whether [at, at + length) lies in a file of `size` bytes, aligned.
bool inside(uint64_t at, uint64_t length, uint64_t size) {
  return at % kSectionAlignment == 0 && at <= size && length <= size - at;
}

uint64_t header_checksum(const Header& header, std::span<const std::byte> table) {
  const uint64_t parts[2] = {checksum(std::as_bytes(std::span(&header, 1)).first(offsetof(Header, checksum))),
                             checksum(table)};
  return checksum(std::as_bytes(std::span(parts)));
}

}  // namespace

struct ModelFile::Section {
  char name[kSectionNameMax + 1] = {};  // NUL-terminated
  uint64_t at = 0, bytes = 0;
  uint64_t checksum = 0;
};

ModelFile ModelFile::open(const std::string& path, const ModelFormat& format) {
  ModelFile model;
  model.file_ = MappedFile::open(path, sizeof(Header), kModelBytesMax);
  model.bytes_ = model.file_.bytes();
  model.name_ = path;
  model.check(format);
  return model;
}

ModelFile ModelFile::view(std::span<const std::byte> bytes, std::string name, const ModelFormat& format) {
  ModelFile model;
  model.bytes_ = bytes;
  model.name_ = std::move(name);
  if (bytes.size() < sizeof(Header)) model.damaged("it is shorter than its header");
  model.check(format);
  return model;
}

std::string ModelFile::stamp() const {
  Header header;
  std::memcpy(&header, bytes_.data(), sizeof header);
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(header.checksum));
  return digits;
}

void ModelFile::check(const ModelFormat& format) {
  static_assert(sizeof(Section) == 40);
  Header header;
  std::memcpy(&header, bytes_.data(), sizeof header);
  if (std::memcmp(header.magic, format.magic, sizeof header.magic) != 0) {
    damaged("it is no " + std::string(format.what));
  }
  if (header.version != format.version) {
    throw Failure(DM_FAILED_PRECONDITION, "model " + name_ + ": needed format version " +
                                              std::to_string(format.version) + ", found " +
                                              std::to_string(header.version) + "; train it again");
  }
  if (header.file_bytes != bytes_.size()) {
    damaged("needed " + std::to_string(header.file_bytes) + " bytes, found " + std::to_string(bytes_.size()));
  }
  const uint64_t table_bytes = uint64_t{header.section_count} * sizeof(Section);
  if (header.section_count > kSectionsMax || table_bytes > bytes_.size() - sizeof(Header)) {
    damaged("its section table lies outside the file");
  }
  const std::span<const std::byte> table = bytes_.subspan(sizeof(Header), table_bytes);
  if (header.checksum != header_checksum(header, table)) damaged("its header is damaged");
  sections_ = {reinterpret_cast<const Section*>(table.data()), header.section_count};
  for (const Section& section : sections_) {
    if (section.name[kSectionNameMax] != 0) damaged("a section has no name");
    if (!inside(section.at, section.bytes, bytes_.size())) {
      damaged("section '" + std::string(section.name) + "' lies outside the file");
    }
    if (section.checksum != checksum(bytes_.subspan(section.at, section.bytes))) {
      damaged("the checksum of section '" + std::string(section.name) + "' does not match");
    }
  }
}

const ModelFile::Section* ModelFile::find(std::string_view name) const {
  const auto at = std::find_if(sections_.begin(), sections_.end(), [&](const Section& s) { return s.name == name; });
  return at == sections_.end() ? nullptr : &*at;
}

std::span<const std::byte> ModelFile::section(std::string_view name) const {
  const Section* section = find(name);
  if (section == nullptr) damaged("section '" + std::string(name) + "' is missing");
  return bytes_.subspan(section->at, section->bytes);
}

void ModelFileWriter::add(std::string_view name, std::span<const std::byte> bytes) {
  const auto same = [&](const auto& s) { return s.first == name; };
  if (name.empty() || name.size() > kSectionNameMax || sections_.size() == kSectionsMax ||
      std::any_of(sections_.begin(), sections_.end(), same)) {
    throw Failure(DM_INTERNAL, "a model file cannot have a section '" + std::string(name) + "' here");
  }
  sections_.emplace_back(std::string(name), std::vector<std::byte>(bytes.begin(), bytes.end()));
}

std::vector<std::byte> ModelFileWriter::finish() const {
  Header header;
  std::memcpy(header.magic, format_.magic, sizeof header.magic);
  header.version = format_.version;
  header.section_count = static_cast<uint32_t>(sections_.size());
  std::vector<ModelFile::Section> table(sections_.size());
  uint64_t end = sizeof(Header) + table.size() * sizeof(ModelFile::Section);
  for (size_t i = 0; i < table.size(); ++i) {
    std::memcpy(table[i].name, sections_[i].first.data(), sections_[i].first.size());
    table[i].at = align(end);
    table[i].bytes = sections_[i].second.size();
    end = table[i].at + table[i].bytes;
  }
  header.file_bytes = end;
  std::vector<std::byte> file(end);
  std::memcpy(file.data(), &header, sizeof header);
  if (!table.empty()) std::memcpy(file.data() + sizeof header, table.data(), table.size() * sizeof table[0]);
  for (size_t i = 0; i < table.size(); ++i) {
    std::copy(sections_[i].second.begin(), sections_[i].second.end(),
              file.begin() + static_cast<ptrdiff_t>(table[i].at));
  }
  seal_model_file(file);
  return file;
}

void seal_model_file(std::span<std::byte> bytes) {
  Header header;
  if (bytes.size() < sizeof header) return;
  std::memcpy(&header, bytes.data(), sizeof header);
  const uint64_t room = (bytes.size() - sizeof header) / sizeof(ModelFile::Section);
  const std::span<std::byte> table =
      bytes.subspan(sizeof header, std::min<uint64_t>(room, header.section_count) * sizeof(ModelFile::Section));
  for (size_t at = 0; at < table.size(); at += sizeof(ModelFile::Section)) {
    ModelFile::Section section;
    std::memcpy(&section, table.data() + at, sizeof section);
    if (!inside(section.at, section.bytes, bytes.size())) continue;
    section.checksum = checksum(bytes.subspan(section.at, section.bytes));
    std::memcpy(table.data() + at, &section, sizeof section);
  }
  header.checksum = header_checksum(header, table);
  std::memcpy(bytes.data(), &header, sizeof header);
}

}  // namespace dormouse::nlu
