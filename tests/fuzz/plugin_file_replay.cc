// Runs the fuzz target without libFuzzer: over a real plugin cut at every 64th byte, and over seeded changes of its
// bits, headers and manifest. The first argument is that plugin; others are files to replay. Seed and counts are fixed,
// so a failure repeats; the time is bounded for slow machines.
#include <elf.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "artifacts/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using Bytes = std::vector<uint8_t>;

constexpr unsigned kSeed = 20240229;
constexpr size_t kCut = 64;
constexpr unsigned kDamagedFiles = 20'000;
constexpr unsigned kDamagedManifests = 20'000;
constexpr unsigned kMin = 500;  // of each; fewer prove nothing
constexpr std::chrono::seconds kTimeMax{6};

Bytes read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "%s: cannot be read\n", path);
    std::exit(1);
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

class Damage {
 public:
  // Mostly where facts are read from: the header, the tables of segments and sections.
  void file(Bytes& bytes) {
    for (uint64_t i = 1 + pick(4); i > 0; --i) {
      const size_t at = place(bytes);
      if (pick(2) == 0)
        bytes[at] = static_cast<uint8_t>(bytes[at] ^ (1u << pick(8)));
      else
        word(bytes, at & ~size_t{7});
    }
    if (pick(16) == 0) bytes.resize(pick(bytes.size()));
  }

  void text(std::string& text) {
    static constexpr std::string_view kTokens[] = {"{", "}", "[", "]", "\"", ",", ":", "null", "1e9", "\xFF", "<", "?"};
    for (uint64_t i = 1 + pick(4); i > 0; --i) {
      const size_t at = pick(text.size());
      if (pick(3) == 0)
        text[at] = static_cast<char>(pick(256));
      else if (pick(2) == 0)
        text.insert(at, kTokens[pick(std::size(kTokens))]);
      else
        text.erase(at, pick(20));
      if (text.empty()) text = "{";
    }
  }

 private:
  uint64_t pick(uint64_t below) { return random_() % below; }

  size_t place(const Bytes& bytes) {
    Elf64_Ehdr header;
    std::memcpy(&header, bytes.data(), sizeof header);
    const auto inside = [&](uint64_t offset) { return static_cast<size_t>(offset % bytes.size()); };
    switch (pick(4)) {
      case 0:
        return pick(sizeof header);
      case 1:
        return inside(header.e_phoff + pick(sizeof(Elf64_Phdr) * 16));
      case 2:
        return inside(header.e_shoff + pick(sizeof(Elf64_Shdr) * 32));
      default:
        return pick(bytes.size());
    }
  }

  void word(Bytes& bytes, size_t at) {
    const std::array<uint64_t, 9> words = {0,
                                           1,
                                           bytes.size(),
                                           bytes.size() - 1,
                                           pick(bytes.size()),
                                           0xFFFFFFFF,
                                           uint64_t{1} << 62,
                                           ~uint64_t{0},
                                           ~uint64_t{0} - 63};
    const uint64_t value = words[pick(words.size())];
    if (at + sizeof value <= bytes.size()) std::memcpy(&bytes[at], &value, sizeof value);
  }

  std::mt19937_64 random_{kSeed};
};

// The manifest inside the file: from its first brace to the end of the last one that closes it.
std::string manifest_in(const Bytes& file) {
  const std::string_view all(reinterpret_cast<const char*>(file.data()), file.size());
  const size_t start = all.find("{\n  \"id\"");
  if (start == std::string_view::npos) return {};
  return std::string(all.substr(start, all.find("\n}\n", start) + 2 - start));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: %s PLUGIN.so [FILE...]\n", argv[0]), 2;
  const Bytes plugin = read(argv[1]);
  for (int i = 2; i < argc; ++i) {
    const Bytes file = read(argv[i]);
    LLVMFuzzerTestOneInput(file.data(), file.size());
  }
  const std::string manifest = manifest_in(plugin);
  if (!dormouse::parse_manifest(manifest, "manifest").ok()) return std::fprintf(stderr, "no manifest inside\n"), 1;

  unsigned cuts = 0, files = 0, manifests = 0, accepted = 0;
  for (size_t size = 0; size <= plugin.size(); size += kCut, ++cuts) LLVMFuzzerTestOneInput(plugin.data(), size);

  const auto start = std::chrono::steady_clock::now();
  Damage damage;
  for (; files < kDamagedFiles && std::chrono::steady_clock::now() - start < kTimeMax; ++files) {
    Bytes bytes = plugin;
    damage.file(bytes);
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
  const auto middle = std::chrono::steady_clock::now();
  for (; manifests < kDamagedManifests && std::chrono::steady_clock::now() - middle < kTimeMax; ++manifests) {
    std::string text = manifest;
    damage.text(text);
    accepted += dormouse::parse_manifest(text, "manifest").ok();
  }
  std::printf("%u cuts, %u damaged files, %u damaged manifests with seed %u: %u of them accepted\n", cuts, files,
              manifests, kSeed, accepted);
  // Both ways must have been walked, or the damage is not what it should be.
  return files >= kMin && manifests >= kMin && accepted > 0 && accepted < manifests ? 0 : 1;
}
