// Checks the pools and caches that policy scripts described, and makes policies of them: resolves names, checks bounds
// and orders, finds all faults at once. Runs no plugin code. Pure, except that callees read manifests from disk; so
// never on a reactor. Faults go into `errors`.
#pragma once

#include <vector>

#include "cache/policy.h"
#include "graph/callee.h"
#include "graph/description.h"
#include "graph/script_errors.h"

namespace dormouse {

// Bounds of the tags of one entry, those of dm.cache and of its stage together; from dm_cache_entry in the plugin ABI.
constexpr size_t kCacheTagsMax = 16;
constexpr size_t kCacheTagBytesMax = 256;

// The results are meaningful only if `errors` is empty afterwards.
std::vector<NamedPoolPolicy> check_pools(const ScriptDescription& description, Callees& callees, ScriptErrors& errors);
std::vector<CachePolicy> check_caches(const ScriptDescription& description, Callees& callees, ScriptErrors& errors);

}  // namespace dormouse
