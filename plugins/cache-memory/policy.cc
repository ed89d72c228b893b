#include "policy.h"

#include "gdsf.h"
#include "lru.h"
#include "s3_fifo.h"
#include "sieve.h"
#include "w_tiny_lfu.h"

namespace dormouse::cache_memory {

std::unique_ptr<Policy> make_policy(std::string_view name, const PolicyOptions& options) {
  if (name.empty() || name == "s3-fifo") return std::make_unique<S3Fifo>(options);
  if (name == "w-tinylfu") return std::make_unique<WTinyLfu>(options);
  if (name == "sieve") return std::make_unique<Sieve>();
  if (name == "lru") return std::make_unique<Lru>();
  if (name == "gdsf") return std::make_unique<Gdsf>();
  return nullptr;
}

bool is_policy(std::string_view name) noexcept {
  for (const std::string_view known : {"", "s3-fifo", "w-tinylfu", "sieve", "lru", "gdsf"})
    if (name == known) return true;
  return false;
}

const char* policy_names() noexcept {
  return "s3-fifo, w-tinylfu, sieve, lru, gdsf";
}

}  // namespace dormouse::cache_memory
