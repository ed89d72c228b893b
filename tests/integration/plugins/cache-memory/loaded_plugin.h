// The plugin file as the loader maps it, and dormouse.cache/1 of one component, without a host: what a host calls is
// the function table and nothing else. For one thread at a time, but for the functions of the table.
#pragma once

#include <dlfcn.h>

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include "dormouse/ext/cache.h"
#include "values/value.h"

namespace dormouse {

class LoadedCache {
 public:
  explicit LoadedCache(const Value& settings = {})
      : library_(dlopen(DORMOUSE_PLUGINS "/cache-memory.so", RTLD_NOW | RTLD_LOCAL)) {
    REQUIRE(library_ != nullptr);
    type_ = static_cast<const dm_plugin*>(dlsym(library_, DM_PLUGIN_SYMBOL))->types[0];
    call_.self = &message;
    dm_open_args args{};
    args.size = sizeof args;
    args.name = "cache";
    args.settings = settings.view();
    REQUIRE(type_->open(&host_, &call_, &args, &component_) == DM_OK);
    table = static_cast<const dm_cache*>(type_->capability(component_, DM_EXT_CACHE));
    REQUIRE(table != nullptr);
  }
  ~LoadedCache() {
    type_->close(component_);
    dlclose(library_);
  }
  LoadedCache(const LoadedCache&) = delete;
  LoadedCache& operator=(const LoadedCache&) = delete;

  int32_t open(const char* name, uint64_t max_bytes, const char* eviction, void** space) {
    const dm_cache_limits limits{sizeof(dm_cache_limits), 0, max_bytes, eviction};
    return table->open_space(component_, &call_, name, &limits, space);
  }
  void* space(const char* name, uint64_t max_bytes = 1 << 20, const char* eviction = "") {
    void* space = nullptr;
    REQUIRE(open(name, max_bytes, eviction, &space) == DM_OK);
    return space;
  }
  int32_t put(void* space, std::string_view key, std::string_view value, uint64_t epoch,
              std::string_view tag = {}) const {
    const dm_cache_tag tags[] = {{tag.data(), tag.size()}};
    dm_cache_entry entry{};
    entry.size = sizeof entry;
    entry.key = key.data();
    entry.key_size = key.size();
    entry.value = value.data();
    entry.value_size = value.size();
    entry.tags = tags;
    entry.tag_count = tag.empty() ? 0 : 1;
    entry.expires_ns = INT64_MAX;
    entry.epoch = epoch;
    return table->put(space, &entry, 0);
  }
  // "-" for a miss; `epoch` as told.
  std::string get(void* space, std::string_view key, uint64_t& epoch) const {
    dm_cache_hit hit{};
    hit.size = sizeof hit;
    if (table->get(space, key.data(), key.size(), 0, &hit, &epoch) != DM_OK) return "-";
    std::string value(static_cast<const char*>(hit.value), hit.value_size);
    table->unpin(space, hit.pin);
    return value;
  }

  const dm_cache* table = nullptr;
  std::string message;

 private:
  static int never(const dm_call*) { return 0; }
  static int32_t fail(const dm_call* call, int32_t status, const char* text) {
    *static_cast<std::string*>(call->self) = text;
    return status;
  }
  static const void* no_service(const dm_host*, const char*) { return nullptr; }

  void* library_;
  const dm_type* type_ = nullptr;
  const dm_host host_{sizeof(dm_host), DM_ABI_MAJOR, DM_ABI_MINOR, nullptr, no_service};
  dm_call call_{sizeof(dm_call), 0, nullptr, 0, INT64_MAX, never, fail, nullptr};
  void* component_ = nullptr;
};

}  // namespace dormouse
