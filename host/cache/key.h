// The layout of a cache's keys. A key is these bytes, one after the other:
//
//     stamp of the answering component, 8 bytes   0: any version, or a function answers
//     stamps of called components, 8 bytes each   of a stage with a function, which may call components
//     hash of the scripts, 8 bytes                0: any scripts
//     who asks, text, then one 0 byte             a method; or a stage, when its script sets a key
//     the question                                the bytes of a value
//
// A stamp (components/loaded.h) is one number for code, settings and model of a component; 0: none. No other file knows
// this layout. Values, owned by their user; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dormouse {

// Most bytes of the question. A whole key may have 65,536 bytes (dm_cache_entry).
constexpr size_t kCacheKeyBytesMax = 60000;

// The part "who asks": the same for every stage that calls a method, or for one stage alone.
std::string asked_by_method(std::string_view component, std::string_view method);
std::string asked_by_stage(std::string_view pipeline, std::string_view stage_path);
// The middle part that all keys of one stage share: hash of the scripts, and who asks.
std::string key_prefix(uint64_t scripts, std::string_view who_asks);

class CacheKey {
 public:
  CacheKey() = default;  // empty: nothing is found and nothing is kept with it
  // Empty when the question `asked` is longer than kCacheKeyBytesMax. `prefix` comes from key_prefix().
  CacheKey(uint64_t stamp, std::span<const uint64_t> versions, std::string_view prefix,
           std::span<const std::byte> asked);

  explicit operator bool() const { return !bytes_.empty(); }
  const std::string& bytes() const { return bytes_; }

  // Replaces the stamp of the answering component: the call may reach a newer incarnation than the look-up expected.
  void set_stamp(uint64_t stamp);
  // The stamp of the i-th called component in the key; 0: it was not known.
  uint64_t version(size_t i) const;
  // Whether the stamps of the called components in the key are all known and equal to `versions`.
  bool has_versions(std::span<const uint64_t> versions) const;

 private:
  std::string bytes_;
};

}  // namespace dormouse
