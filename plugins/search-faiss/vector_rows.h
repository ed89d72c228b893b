// Vectors in memory, one after the other, each padded with zeros to a multiple of kPadding elements and aligned to 64
// bytes. Grows in blocks that never move, straight from the kernel: growing copies nothing, and what is given up leaves
// the process at once.
// Not thread-safe: append excludes everything else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dormouse::search {

class VectorRows {
 public:
  explicit VectorRows(size_t dimension);
  ~VectorRows();
  VectorRows(VectorRows&& other) noexcept;
  VectorRows& operator=(VectorRows&& other) noexcept;

  size_t size() const { return size_; }
  size_t dimension() const { return dimension_; }
  size_t stride() const { return stride_; }  // elements from row to row
  size_t bytes() const { return blocks_.size() * block_bytes(); }
  const float* row(size_t i) const { return blocks_[i >> shift_] + (i & mask_) * stride_; }
  float* row(size_t i) { return blocks_[i >> shift_] + (i & mask_) * stride_; }

  // Room for `rows` in all, so that the next appends cannot fail. Throws std::bad_alloc.
  void reserve(size_t rows);
  // `n` vectors of dimension() elements each, packed.
  void append(const float* vectors, size_t n);
  // A row of zeros at the end, to be filled in by the caller; it must keep the padding zero.
  float* append_row();
  void clear();

  // Rows from `i` that lie one behind the other, at most `n`: what can be read or written in one piece.
  size_t run(size_t i, size_t n) const;

 private:
  size_t block_rows() const { return mask_ + 1; }
  size_t block_bytes() const { return block_rows() * stride_ * sizeof(float); }

  size_t dimension_;
  size_t stride_;
  unsigned shift_;
  size_t mask_;
  size_t size_ = 0;
  std::vector<float*> blocks_;
};

bool is_finite(const float* values, size_t n);
// Whether each is a number of at most this magnitude.
bool is_within(const float* values, size_t n, float most);

// One vector, padded and aligned as rows are: what a query becomes.
class PaddedVector {
 public:
  explicit PaddedVector(size_t dimension);
  PaddedVector(const float* elements, size_t dimension);
  float* data() { return data_; }
  const float* data() const { return data_; }

 private:
  std::vector<float> memory_;
  float* data_;

 public:
  PaddedVector(const PaddedVector&) = delete;
  PaddedVector(PaddedVector&&) noexcept = default;  // the memory moves along, so data_ stays right
  PaddedVector& operator=(const PaddedVector&) = delete;
};

}  // namespace dormouse::search
