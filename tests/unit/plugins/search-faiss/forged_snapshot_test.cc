// Snapshots that lie with correct checksums, as a damaged writer or somebody with the rights of the folder could leave
// them. What the store says stays true; nothing a snapshot says may lead a search out of memory or round in circles.
#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>

#include "collection.h"
#include "search/checksum.h"
#include "support/temp_folder.h"
#include "vectors.h"

namespace dormouse::search {
namespace {

constexpr size_t kDimension = 16;
constexpr size_t kRows = 300;
constexpr size_t kMagicBytes = 16;

struct Section {
  char name[16];
  std::string bytes;
};

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Section> split(const std::string& file) {
  std::vector<Section> sections;
  for (size_t at = kMagicBytes; at < file.size();) {
    Section section{};
    uint64_t size = 0;
    std::memcpy(section.name, file.data() + at, sizeof section.name);
    std::memcpy(&size, file.data() + at + sizeof section.name, sizeof size);
    at += sizeof section.name + sizeof size;
    section.bytes = file.substr(at, size);
    at += size + sizeof(uint32_t);
    sections.push_back(std::move(section));
  }
  return sections;
}

void write_sections(const std::string& path, const std::string& original, const std::vector<Section>& sections) {
  std::string out = original.substr(0, kMagicBytes);
  for (const Section& section : sections) {
    const size_t begin = out.size();
    const uint64_t size = section.bytes.size();
    out.append(section.name, sizeof section.name);
    out.append(reinterpret_cast<const char*>(&size), sizeof size);
    out += section.bytes;
    const uint32_t checksum = crc32c(0, out.data() + begin, out.size() - begin);
    out.append(reinterpret_cast<const char*>(&checksum), sizeof checksum);
  }
  std::ofstream(path, std::ios::binary | std::ios::trunc) << out;
}

// One lie in one section.
void forge(Section& section, std::mt19937& random) {
  std::string& bytes = section.bytes;
  const auto put = [&](auto value) {
    if (bytes.size() < sizeof value) return;
    const size_t place = random() % (bytes.size() / sizeof value) * sizeof value;
    std::memcpy(bytes.data() + place, &value, sizeof value);
  };
  constexpr int32_t kWords[] = {0,
                                1,
                                -1,
                                2,
                                static_cast<int32_t>(kRows) - 1,
                                static_cast<int32_t>(kRows),
                                64,
                                1 << 30,
                                std::numeric_limits<int32_t>::max(),
                                std::numeric_limits<int32_t>::min()};
  constexpr int64_t kLongs[] = {0,
                                1,
                                -1,
                                kRows,
                                kRows + 1,
                                int64_t{1} << 40,
                                std::numeric_limits<int64_t>::max(),
                                std::numeric_limits<int64_t>::min()};
  constexpr float kFloats[] = {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                               std::numeric_limits<float>::max(), -0.0f};
  switch (random() % 8) {
    case 0:
      return put(kWords[random() % std::size(kWords)]);
    case 1:
      return put(kLongs[random() % std::size(kLongs)]);
    case 2:
      return put(kFloats[random() % std::size(kFloats)]);
    case 3:
      return put(static_cast<uint8_t>(random()));
    case 4:  // shorter
      return bytes.resize(random() % (bytes.size() + 1) / 8 * 8);
    case 5:  // longer
      bytes.append(8 * (1 + random() % 100), static_cast<char>(random()));
      return;
    case 6:  // everything something else
      for (char& byte : bytes) byte = static_cast<char>(random() % 3);
      return;
    default:  // two numbers change places
      if (bytes.size() < 8) return;
      const size_t words = bytes.size() / 4;
      std::swap_ranges(bytes.begin(), bytes.begin() + 4,
                       bytes.begin() + static_cast<std::ptrdiff_t>(random() % words * 4));
  }
}

Spec spec_of(Kind kind, bool text_ids) {
  Spec spec;
  spec.kind = kind;
  spec.dimension = kDimension;
  spec.text_ids = text_ids;
  spec.ef_construction = 40;
  spec.m = 4;
  return spec;
}

CollectionOptions quick() {
  CollectionOptions options;
  options.sync = false;
  return options;
}

Rows some_rows(const std::vector<float>& vectors, bool text_ids) {
  Rows rows = numbered_rows(vectors, kDimension);
  for (size_t i = 0; i < rows.ids.size(); ++i) {
    if (text_ids) rows.ids[i] = {true, 0, "row " + std::to_string(i)};
    rows.metadata.push_back(i % 3 != 0 ? std::string() : std::string{"\1\1a\1", 4});
  }
  return rows;
}

// Everything that walks through what was loaded.
void use(Collection& collection, const std::vector<float>& vectors) {
  Question question;
  question.k = 20;
  for (size_t i = 0; i < kRows; i += 50) {
    const float* vector = vectors.data() + i * kDimension;
    (void)ask(collection, vector, question);
  }
  question.among.fields = {std::string{"\1\1a\1", 4}};
  (void)ask(collection, vectors.data(), question);
  Rows more = some_rows(clustered_vectors(20, kDimension, 99), collection.spec().text_ids);
  const std::vector<float> added = clustered_vectors(20, kDimension, 99);
  more.vectors = added.data();
  collection.add(more, kNever);
  question.among = {};
  CHECK_FALSE(ask(collection, added.data(), question).empty());
  collection.remove({std::vector<Id>{more.ids[3]}, {}});
  collection.trim();
}

}  // namespace

TEST_CASE("a forged snapshot with correct checksums is refused or harmless") {
  const Kind kind = GENERATE(Kind::flat, Kind::hnsw, Kind::ivf_flat, Kind::ivf_sq8, Kind::ivf_pq);
  const bool text_ids = kind == Kind::hnsw;
  const TempFolder folder;
  const std::vector<float> vectors = clustered_vectors(kRows, kDimension, 6);
  {
    const std::unique_ptr<Collection> collection =
        Collection::create(folder.path(), "c", spec_of(kind, text_ids), quick());
    collection->add(some_rows(vectors, text_ids), kNever);
    if (is_ivf(kind)) collection->train(kNever);
    collection->save(false, kNever);
  }
  const std::string snapshot = read_file(folder / "c.snapshot"), store = read_file(folder / "c.db");
  const std::vector<Section> sections = split(snapshot);
  REQUIRE(sections.size() > 6);
  std::mt19937 random(static_cast<unsigned>(kind));
  size_t refused = 0, taken = 0;
  for (size_t s = 0; s < sections.size(); ++s) {
    for (int lie = 0; lie < 16; ++lie) {
      std::vector<Section> forged = sections;
      forge(forged[s], random);
      if (lie % 5 == 4) forge(forged[random() % forged.size()], random);
      std::ofstream(folder / "c.db", std::ios::binary | std::ios::trunc) << store;
      write_sections(folder / "c.snapshot", snapshot, forged);
      INFO("section " << sections[s].name << ", lie " << lie);
      const std::unique_ptr<Collection> collection = Collection::open(folder.path(), "c", quick(), kNever);
      REQUIRE(collection);
      const std::string note = collection->stats().note;
      if (!note.empty()) {
        ++refused;
        CHECK_THAT(note, Catch::Contains("built from the store"));
        CHECK(collection->stats().count == kRows);
      } else {
        ++taken;
      }
      use(*collection, vectors);
      if (lie % 8 == 7) collection->save(true, kNever);  // from the store: what was forged is gone
      // Ids that were forged and could not be told from true ones are new ones to an add.
      if (!note.empty()) CHECK(collection->stats().count == kRows - 1);
    }
  }
  CHECK(refused > taken / 4);
  CHECK(refused > 20);
}

}  // namespace dormouse::search
