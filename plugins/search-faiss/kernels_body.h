// The loops of kernels.h, written once. Included by one file for each instruction set, inside its anonymous namespace,
// after it has defined for its vectors: Vec (kLanes floats; + - * work on it), load, load_part (fewer than kLanes, the
// rest zero), load_bytes, load_bytes_part, sum, sum4 (four vectors into four floats), kTileRows (vectors of `b` whose
// partial sums fit into registers together with four of `a`).
// Such a file is compiled with flags that not every CPU understands. So no inline function of any other header may be
// used in here: the linker could keep that copy of it for everybody.

struct SquaredDifference {
  static Vec add(Vec sum, Vec a, Vec b) {
    const Vec difference = a - b;
    return difference * difference + sum;
  }
};

struct Product {
  static Vec add(Vec sum, Vec a, Vec b) { return a * b + sum; }
};

template <class Step>
float one(const float* a, const float* b, size_t n) {
  Vec s0{}, s1{}, s2{}, s3{};
  size_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    s0 = Step::add(s0, load(a + i), load(b + i));
    s1 = Step::add(s1, load(a + i + kLanes), load(b + i + kLanes));
    s2 = Step::add(s2, load(a + i + 2 * kLanes), load(b + i + 2 * kLanes));
    s3 = Step::add(s3, load(a + i + 3 * kLanes), load(b + i + 3 * kLanes));
  }
  for (; i + kLanes <= n; i += kLanes) s0 = Step::add(s0, load(a + i), load(b + i));
  if (i < n) s1 = Step::add(s1, load_part(a + i, n - i), load_part(b + i, n - i));
  return sum((s0 + s1) + (s2 + s3));
}

template <class Step>
void tile(const float* const* a, const float* const* b, size_t n, float* out) {
  for (size_t row = 0; row < kTile; row += kTileRows) {
    Vec s[kTile][kTileRows] = {};
    for (size_t i = 0; i < n; i += kLanes) {
      for (size_t r = 0; r < kTileRows; ++r) {
        const Vec y = load(b[row + r] + i);
        for (size_t q = 0; q < kTile; ++q) s[q][r] = Step::add(s[q][r], load(a[q] + i), y);
      }
    }
    for (size_t r = 0; r < kTileRows; ++r) {
      float sums[kTile];
      sum4(s[0][r], s[1][r], s[2][r], s[3][r], sums);
      for (size_t q = 0; q < kTile; ++q) out[q * kTile + row + r] = sums[q];
    }
  }
}

float l2_bytes(const float* a, const float* scale, const uint8_t* code, size_t n) {
  Vec s0{}, s1{};
  size_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    s0 = SquaredDifference::add(s0, load(a + i), load(scale + i) * load_bytes(code + i));
    s1 = SquaredDifference::add(s1, load(a + i + kLanes), load(scale + i + kLanes) * load_bytes(code + i + kLanes));
  }
  for (; i < n; i += kLanes) {
    const size_t part = n - i < kLanes ? n - i : kLanes;
    s0 = SquaredDifference::add(s0, load_part(a + i, part),
                                load_part(scale + i, part) * load_bytes_part(code + i, part));
  }
  return sum(s0 + s1);
}

float dot_bytes(const float* a, const uint8_t* code, size_t n) {
  Vec s0{}, s1{};
  size_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    s0 = Product::add(s0, load(a + i), load_bytes(code + i));
    s1 = Product::add(s1, load(a + i + kLanes), load_bytes(code + i + kLanes));
  }
  for (; i < n; i += kLanes) {
    const size_t part = n - i < kLanes ? n - i : kLanes;
    s0 = Product::add(s0, load_part(a + i, part), load_bytes_part(code + i, part));
  }
  return sum(s0 + s1);
}

constexpr Kernels kernels(const char* name) {
  return {name, one<SquaredDifference>, one<Product>, tile<SquaredDifference>, tile<Product>, l2_bytes, dot_bytes};
}
