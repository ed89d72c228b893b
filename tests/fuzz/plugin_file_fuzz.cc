// Foreign plugin files: whatever the bytes, reading facts and manifest ends with an answer and touches nothing else.
// One function for libFuzzer (built with clang and DORMOUSE_FUZZ=ON); plugin_file_replay.cc runs it over a real plugin
// that is cut and damaged.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "artifacts/elf.h"
#include "artifacts/load_image.h"
#include "artifacts/manifest.h"
#include "artifacts/safety.h"
#include "artifacts/static_table.h"
#include "base/unique_fd.h"

namespace {

// Kept where the optimiser cannot prove it unused.
volatile size_t sink;

size_t weight(const dormouse::ElfFacts& facts) {
  size_t bytes = facts.soname.size() + facts.tls_bytes;
  for (const auto* names : {&facts.needed, &facts.runpath, &facts.unique_symbols, &facts.undefined_symbols})
    for (const std::string& name : *names) bytes += name.size();
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const dormouse::UniqueFd file(memfd_create("plugin", MFD_CLOEXEC));
  if (!file || ftruncate(file.get(), static_cast<off_t>(size)) != 0) std::abort();
  if (pwrite(file.get(), data, size, 0) != static_cast<ssize_t>(size)) std::abort();
  dormouse::Result<dormouse::ElfFacts> facts = dormouse::read_elf(file.get(), "fuzzed file");
  if (!facts.ok()) {
    sink = facts.status().to_string().size();
    return 0;
  }
  sink = weight(*facts);
  const dormouse::Result<dormouse::LoadImage> image = dormouse::LoadImage::read(file.get(), "fuzzed file");
  if (facts->manifest) {
    const dormouse::Result<dormouse::Manifest> manifest = dormouse::parse_manifest(*facts->manifest, "fuzzed manifest");
    sink = manifest.status().to_string().size();
    if (image.ok() && manifest.ok())
      sink =
          dormouse::check_static_table(*image, facts->plugin_symbol_at, *manifest, "fuzzed table").to_string().size();
  }
  const std::vector<dormouse::ClosureEntry> closure = {{"fuzzed", "", false, std::move(*facts)}};
  sink = dormouse::classify(closure).reasons.size();
  return 0;
}
