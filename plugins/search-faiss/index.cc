#include "index.h"

#include "flat_index.h"
#include "hnsw_index.h"
#include "ivf_index.h"

namespace dormouse::search {

std::unique_ptr<Index> Index::create(const Spec& spec, std::string_view trained, unsigned threads,
                                     const Kernels& kernels) {
  if (spec.kind == Kind::hnsw) return std::make_unique<HnswIndex>(spec, threads, kernels);
  // Lists that were never trained are searched like a flat index: slower, exact, and with nothing to set up before the
  // first add.
  if (spec.kind == Kind::flat || trained.empty()) return std::make_unique<FlatIndex>(spec, threads, kernels);
  return std::make_unique<IvfIndex>(spec, trained, threads, kernels);
}

}  // namespace dormouse::search
