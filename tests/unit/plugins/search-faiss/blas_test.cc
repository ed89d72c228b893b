#include <catch2/catch.hpp>
#include <random>
#include <vector>

extern "C" int sgemm_(const char*, const char*, const int*, const int*, const int*, const float*, const float*,
                      const int*, const float*, const int*, const float*, float*, const int*);

TEST_CASE("the product of matrices is right for each way of transposing") {
  const int m = 7, n = 5, k = 19;
  std::mt19937 random(1);
  std::vector<float> a(m * k), b(k * n), c(m * n, 1);
  for (float& x : a) x = static_cast<float>(random() % 9) - 4;
  for (float& x : b) x = static_cast<float>(random() % 9) - 4;
  for (const bool ta : {false, true}) {
    for (const bool tb : {false, true}) {
      const float alpha = 2, beta = 3;
      const int lda = ta ? k : m, ldb = tb ? n : k, ldc = m;
      std::vector<float> out = c;
      sgemm_(ta ? "T" : "N", tb ? "T" : "N", &m, &n, &k, &alpha, a.data(), &lda, b.data(), &ldb, &beta, out.data(),
             &ldc);
      for (int i = 0; i < m; ++i) {
        for (int j = 0; j < n; ++j) {
          float sum = 0;
          for (int l = 0; l < k; ++l)
            sum += (ta ? a[static_cast<size_t>(i * k + l)] : a[static_cast<size_t>(l * m + i)]) *
                   (tb ? b[static_cast<size_t>(l * n + j)] : b[static_cast<size_t>(j * k + l)]);
          REQUIRE(out[static_cast<size_t>(j * m + i)] == alpha * sum + beta);
        }
      }
    }
  }
}
