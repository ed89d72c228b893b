#include "vector_rows.h"

#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <utility>

#include "kernels.h"

namespace dormouse::search {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kBlockBytes = size_t{4} << 20;
constexpr size_t kCacheLine = 64;

size_t padded(size_t dimension) {
  return (dimension + kPadding - 1) / kPadding * kPadding;
}

// On a boundary of huge pages: graph searches jump from row to row, and with pages of 4 KiB each jump misses the TLB.
float* map_block(size_t bytes, bool huge) {
  const size_t asked = bytes + kHugePage;
  void* memory = ::mmap(nullptr, asked, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  auto begin = reinterpret_cast<uintptr_t>(memory);
  const uintptr_t aligned = (begin + kHugePage - 1) / kHugePage * kHugePage;
  if (aligned > begin) ::munmap(memory, aligned - begin);
  if (begin + asked > aligned + bytes)
    ::munmap(reinterpret_cast<void*>(aligned + bytes), begin + asked - aligned - bytes);
  if (huge) ::madvise(reinterpret_cast<void*>(aligned), bytes, MADV_HUGEPAGE);
  return reinterpret_cast<float*>(aligned);
}

}  // namespace

VectorRows::VectorRows(size_t dimension) : dimension_(dimension), stride_(padded(dimension)), shift_(0), mask_(0) {
  while ((size_t{2} << shift_) * stride_ * sizeof(float) <= kBlockBytes) ++shift_;
  mask_ = (size_t{1} << shift_) - 1;
}

VectorRows::~VectorRows() {
  clear();
}

VectorRows::VectorRows(VectorRows&& other) noexcept
    : dimension_(other.dimension_),
      stride_(other.stride_),
      shift_(other.shift_),
      mask_(other.mask_),
      size_(std::exchange(other.size_, 0)),
      blocks_(std::exchange(other.blocks_, {})) {}

VectorRows& VectorRows::operator=(VectorRows&& other) noexcept {
  if (this == &other) return *this;
  clear();
  dimension_ = other.dimension_;
  stride_ = other.stride_;
  shift_ = other.shift_;
  mask_ = other.mask_;
  size_ = std::exchange(other.size_, 0);
  blocks_ = std::exchange(other.blocks_, {});
  return *this;
}

void VectorRows::reserve(size_t rows) {
  const size_t blocks = (rows + mask_) >> shift_;
  blocks_.reserve(blocks);
  // A small collection fits into the first block and should take no more than it needs; the pages behind it are not
  // touched. From the second block on they will all be used.
  while (blocks_.size() < blocks) blocks_.push_back(map_block(block_bytes(), !blocks_.empty()));
}

void VectorRows::append(const float* vectors, size_t n) {
  reserve(size_ + n);
  for (size_t i = 0; i < n; ++i) std::memcpy(append_row(), vectors + i * dimension_, dimension_ * sizeof(float));
}

float* VectorRows::append_row() {
  reserve(size_ + 1);
  return row(size_++);
}

void VectorRows::clear() {
  for (float* block : blocks_) ::munmap(block, block_bytes());
  blocks_.clear();
  size_ = 0;
}

size_t VectorRows::run(size_t i, size_t n) const {
  return std::min(n, block_rows() - (i & mask_));
}

bool is_finite(const float* values, size_t n) {
  return is_within(values, n, std::numeric_limits<float>::max());
}

bool is_within(const float* values, size_t n, float most) {
  bool within = true;  // without an early end, so that the loop uses wide vectors
  for (size_t i = 0; i < n; ++i) within &= std::fabs(values[i]) <= most;
  return within;
}

PaddedVector::PaddedVector(size_t dimension) : memory_(padded(dimension) + kCacheLine / sizeof(float)) {
  void* data = memory_.data();
  size_t space = memory_.size() * sizeof(float);
  data_ = static_cast<float*>(std::align(kCacheLine, padded(dimension) * sizeof(float), data, space));
}

PaddedVector::PaddedVector(const float* elements, size_t dimension) : PaddedVector(dimension) {
  std::memcpy(data_, elements, dimension * sizeof(float));
}

}  // namespace dormouse::search
