// The layout of a cache's keys. A key is these bytes, one after the other:
//
//     stamp of what answers, 8 bytes     0: any version
//     stamps of what it calls, 8 each    of a function, which may call components
//     hash of the scripts, 8 bytes       0: any scripts
//     who asks, text, then one 0         a method, or a stage when its script wrote a key of its own
//     what is asked                      the bytes of a value
//
// A stamp is a component's version as one number; 0 is none. This is the only place that knows the layout.
// Values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dormouse {

// The most bytes of what is asked: dm_cache_entry has room for 65,536, with what comes before them.
constexpr size_t kCacheKeyBytesMax = 60000;

// Who asks: every stage that calls this method, or one stage alone.
std::string asked_by_method(std::string_view component, std::string_view method);
std::string asked_by_stage(std::string_view pipeline, std::string_view stage_path);
// What all keys of one stage share: the hash of the scripts and who asks.
std::string key_prefix(uint64_t scripts, std::string_view who_asks);

class CacheKey {
 public:
  CacheKey() = default;  // none: there is nothing to be found and nothing to be kept
  // None when `asked` is longer than kCacheKeyBytesMax. `prefix` is key_prefix()'s.
  CacheKey(uint64_t stamp, std::span<const uint64_t> versions, std::string_view prefix,
           std::span<const std::byte> asked);

  explicit operator bool() const { return !bytes_.empty(); }
  const std::string& bytes() const { return bytes_; }

  // The version that answers in the end may be newer than the one that was asked about.
  void set_stamp(uint64_t stamp);
  // The version of the i-th of what is called, as the key has it; 0: it was not known.
  uint64_t version(size_t i) const;
  // Whether the versions of what is called are these still, and all of them known.
  bool has_versions(std::span<const uint64_t> versions) const;

 private:
  std::string bytes_;
};

}  // namespace dormouse
