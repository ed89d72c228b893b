// Hit ratios on what programs really asked for. The bounds are a point below what is measured, for LRU what it must be.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "integration/plugins/cache-memory/loaded_plugin.h"

namespace dormouse {
namespace {

std::vector<uint32_t> read_trace(const std::string& name) {
  const std::string command = "zstd -q -d -c '" DORMOUSE_TRACES "/" + name + ".txt.zst'";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  REQUIRE(pipe != nullptr);
  std::vector<uint32_t> keys;
  char line[32];
  while (std::fgets(line, sizeof line, pipe.get()) != nullptr)
    keys.push_back(static_cast<uint32_t>(std::strtoul(line, nullptr, 10)));
  REQUIRE(keys.size() > 10'000);
  return keys;
}

// In percent, values of 200 bytes in so many bytes.
double hit_ratio(const std::vector<uint32_t>& trace, const char* policy, uint64_t max_bytes) {
  LoadedCache cache;
  void* space = cache.space("trace", max_bytes, policy);
  const std::string value(200, 'v');
  size_t hits = 0;
  for (const uint32_t number : trace) {
    const std::string_view key(reinterpret_cast<const char*>(&number), sizeof number);
    uint64_t epoch = 0;
    if (cache.get(space, key, epoch) != "-") {
      ++hits;
    } else {
      REQUIRE(cache.put(space, key, value, epoch) == DM_OK);
    }
  }
  return 100.0 * static_cast<double>(hits) / static_cast<double>(trace.size());
}

}  // namespace

TEST_CASE("on web requests every policy is well above lru") {
  const std::vector<uint32_t> trace = read_trace("web07-begin");
  constexpr uint64_t kBytes = 98 * 320;  // about 1 % of the keys
  const double lru = hit_ratio(trace, "lru", kBytes);
  CHECK(lru > 25);
  for (const char* policy : {"s3-fifo", "w-tinylfu", "sieve", "gdsf"}) {
    INFO(policy << " beside " << lru);
    CHECK(hit_ratio(trace, policy, kBytes) > lru + 1);
  }
}

TEST_CASE("on mixed programs s3-fifo is far above lru") {
  const std::vector<uint32_t> trace = read_trace("multi2");
  constexpr uint64_t kBytes = 568 * 320;
  CHECK(hit_ratio(trace, "s3-fifo", kBytes) > hit_ratio(trace, "lru", kBytes) + 8);
}

}  // namespace dormouse
