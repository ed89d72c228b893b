#include "cache/key.h"

#include <algorithm>

namespace dormouse {
namespace {

void append(std::string& bytes, uint64_t number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

}  // namespace

std::string asked_by_method(std::string_view component, std::string_view method) {
  return std::string(component) + '#' + std::string(method);
}

std::string asked_by_stage(std::string_view pipeline, std::string_view stage_path) {
  return std::string(pipeline) + '/' + std::string(stage_path);
}

std::string key_prefix(uint64_t scripts, std::string_view who_asks) {
  std::string prefix;
  append(prefix, scripts);
  prefix += who_asks;
  prefix += '\0';
  return prefix;
}

CacheKey::CacheKey(uint64_t stamp, std::span<const uint64_t> versions, std::string_view prefix,
                   std::span<const std::byte> asked) {
  if (asked.size() > kCacheKeyBytesMax) return;
  bytes_.reserve(sizeof stamp * (1 + versions.size()) + prefix.size() + asked.size());
  append(bytes_, stamp);
  for (const uint64_t version : versions) append(bytes_, version);
  bytes_ += prefix;
  bytes_.append(reinterpret_cast<const char*>(asked.data()), asked.size());
}

void CacheKey::set_stamp(uint64_t stamp) {
  std::copy_n(reinterpret_cast<const char*>(&stamp), sizeof stamp, bytes_.begin());
}

uint64_t CacheKey::version(size_t i) const {
  uint64_t version = 0;
  bytes_.copy(reinterpret_cast<char*>(&version), sizeof version, sizeof version * (1 + i));
  return version;
}

bool CacheKey::has_versions(std::span<const uint64_t> versions) const {
  std::string now;
  for (const uint64_t version : versions) append(now, version);
  const bool all_known = std::find(versions.begin(), versions.end(), 0u) == versions.end();
  return all_known && bytes_.compare(sizeof(uint64_t), now.size(), now) == 0;
}

}  // namespace dormouse
