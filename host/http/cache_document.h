// What operators see of a cache as JSON. Field names are a promise (ARCHITECTURE.md section 9). Snapshots in, text out;
// pure.
#pragma once

#include "cache/caches.h"
#include "http/json_text.h"

namespace dormouse {

void write(JsonText& out, const CacheStatus& cache);

}  // namespace dormouse
