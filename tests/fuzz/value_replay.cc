// Runs the fuzz target without libFuzzer: over the files named on the command line, then over seeded random mutations
// of valid buffers. The seed and the count are fixed, so a failure repeats; the time is bounded for slow machines.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "plugin-api/value_builder.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

using dormouse_test::AlignedBytes;
using dormouse_test::Serialiser;
using dormouse_test::Tree;

namespace {

constexpr unsigned kSeed = 20240229;
constexpr unsigned kMutations = 1'000'000;
constexpr unsigned kMutationsMin = 5'000;  // fewer than this proves nothing
constexpr std::chrono::seconds kTimeMax{5};

class Mutator {
 public:
  Tree random_tree(unsigned depth) {
    switch (pick(depth < 4 ? 9 : 7)) {
      case 0:
        return Tree{};
      case 1:
        return Tree::boolean(pick(2) != 0);
      case 2:
        return Tree::integer(static_cast<int64_t>(random_()));
      case 3:
        return Tree::number(static_cast<double>(random_()));
      case 4:
        return Tree::string(std::string(pick(40), 'a'));
      case 5:
        return Tree::bytes(std::string(pick(40), '\x80'));
      case 6: {
        const auto rows = static_cast<int64_t>(pick(4)), columns = static_cast<int64_t>(pick(4));
        return Tree::tensor(DM_F32, {rows, columns}, std::string(static_cast<size_t>(rows * columns) * 4, '\x3f'));
      }
      case 7: {
        std::vector<Tree> items;
        for (uint64_t i = pick(4); i > 0; --i) items.push_back(random_tree(depth + 1));
        return Tree::list(std::move(items));
      }
      default: {
        std::vector<std::pair<std::string, Tree>> fields;
        for (uint64_t i = pick(4); i > 0; --i) fields.emplace_back(std::string(i, 'k'), random_tree(depth + 1));
        return Tree::map(fields);
      }
    }
  }

  // Changes a few places the way damage or malice would: bits, bytes, words near a boundary, copied nodes, a cut.
  void damage(std::vector<uint8_t>& bytes) {
    for (uint64_t i = 1 + pick(4); i > 0; --i) {
      const size_t at = pick(bytes.size());
      switch (pick(5)) {
        case 0:
          bytes[at] = static_cast<uint8_t>(bytes[at] ^ (1u << pick(8)));
          break;
        case 1:
          bytes[at] = static_cast<uint8_t>(pick(256));
          break;
        case 2:
          put(bytes, at & ~size_t{7}, interesting(bytes.size()));
          break;
        case 3: {
          const size_t from = pick(bytes.size()) & ~size_t{15}, to = at & ~size_t{15};
          if (std::max(from, to) + 16 <= bytes.size()) std::memmove(&bytes[to], &bytes[from], 16);
          break;
        }
        default:
          if (pick(8) == 0) bytes.resize(std::max<size_t>(sizeof(dm_value_header), at));
      }
    }
  }

 private:
  uint64_t pick(uint64_t below) { return random_() % below; }

  uint64_t interesting(size_t size) {
    static constexpr uint64_t kWords[] = {0,
                                          1,
                                          31,
                                          32,
                                          33,
                                          0x7FFFFFFF,
                                          0xFFFFFFFF,
                                          uint64_t{1} << 32,
                                          uint64_t{1} << 61,
                                          uint64_t{1} << 63,
                                          ~uint64_t{0},
                                          ~uint64_t{0} - 15};
    const uint64_t choice = pick(std::size(kWords) + 3);
    if (choice < std::size(kWords)) return kWords[choice];
    if (choice == std::size(kWords)) return size + pick(33) - 16;
    if (choice == std::size(kWords) + 1) return pick(size + 1) & ~uint64_t{7};
    return (pick(9) | pick(5) << 8 | pick(9) << 16 | pick(64) << 32);  // kind, dtype, rank, count
  }

  static void put(std::vector<uint8_t>& bytes, size_t at, uint64_t word) {
    if (at + sizeof word <= bytes.size()) std::memcpy(&bytes[at], &word, sizeof word);
  }

  std::mt19937_64 random_{kSeed};
};

void replay_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "%s: cannot be read\n", path);
    std::exit(1);
  }
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) replay_file(argv[i]);

  const auto end = std::chrono::steady_clock::now() + kTimeMax;
  Mutator mutator;
  unsigned ran = 0, refused = 0, valid_refused = 0;
  while (ran < kMutations && std::chrono::steady_clock::now() < end) {
    const AlignedBytes valid = Serialiser::bytes(ran % 64 == 0 ? dormouse_test::specimen() : mutator.random_tree(0));
    if (valid.problem() != nullptr) ++valid_refused;
    for (int round = 0; round < 8; ++round, ++ran) {
      std::vector<uint8_t> bytes(valid.data(), valid.data() + valid.size());
      mutator.damage(bytes);
      if (AlignedBytes(bytes.data(), bytes.size()).problem() != nullptr) ++refused;
      LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    }
  }
  std::printf("%d files, %u mutations with seed %u: %u refused, %u read; %u valid values refused\n", argc - 1, ran,
              kSeed, refused, ran - refused, valid_refused);
  // Both ways must have been walked, or the mutations are not what they should be.
  return ran >= kMutationsMin && refused > ran / 20 && ran - refused > ran / 20 && valid_refused == 0 ? 0 : 1;
}
