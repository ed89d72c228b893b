#include "index.h"

#include <catch2/catch.hpp>
#include <cmath>

namespace dormouse::text_search {
namespace {

constexpr uint64_t kCat = 11, kDog = 22, kFish = 33;

// "cat cat dog", "dog", "fish fish fish fish" with the title "dog".
std::vector<DocumentTerms> three() {
  return {{{{kCat, 2, 0}, {kDog, 1, 0}}, 3, 0}, {{{kDog, 1, 0}}, 1, 0}, {{{kFish, 4, 0}, {kDog, 0, 1}}, 4, 1}};
}

Index index_of(const std::vector<DocumentTerms>& documents) {
  Index index;
  for (const DocumentTerms& document : documents) index.add(document);
  return index;
}

std::vector<Scored> ask(const Index& index, std::vector<uint64_t> terms, Bm25 bm25 = {}, size_t k = 10) {
  return index.search(terms, bm25, k, [](uint32_t) { return true; });
}

}  // namespace

TEST_CASE("scores are BM25 as computed by hand") {
  const Index index = index_of(three());
  Bm25 bm25;
  bm25.title_weight = 0;  // lengths 3 and 1 and 4: a mean of 8/3
  const std::vector<Scored> cats = ask(index, {kCat}, bm25);
  REQUIRE(cats.size() == 1);
  // idf = ln(1 + 2.5/1.5), tf = 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 3 / (8/3)))
  const double idf = std::log(1 + 2.5 / 1.5), tf = 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 3 * 3 / 8));
  CHECK(static_cast<double>(cats[0].score) == Approx(idf * tf).epsilon(1e-5));
  CHECK(cats[0].row == 0);
}

TEST_CASE("a title counts as often as its weight says") {
  const Index index = index_of(three());
  Bm25 bm25;
  bm25.b = 0;
  bm25.title_weight = 5;
  const std::vector<Scored> dogs = ask(index, {kDog}, bm25);
  REQUIRE(dogs.size() == 3);
  CHECK(dogs[0].row == 2);
  const double idf = std::log(1 + 0.5 / 3.5);
  CHECK(static_cast<double>(dogs[0].score) == Approx(idf * 5 * 2.2 / 6.2).epsilon(1e-5));
  CHECK(static_cast<double>(dogs[1].score) == Approx(idf).epsilon(1e-5));
  CHECK(dogs[1].row == 0);  // equal scores: in the order of adding
  CHECK(dogs[2].row == 1);
  bm25.title_weight = 0;
  CHECK(ask(index, {kDog}, bm25).size() == 2);
}

TEST_CASE("rare words weigh more than common ones and unknown ones nothing") {
  const Index index = index_of(three());
  const std::vector<Scored> found = ask(index, {kDog, kFish, 99});
  REQUIRE(found.size() == 3);
  CHECK(found[0].row == 2);
  CHECK(ask(index, {99}).empty());
  CHECK(ask(index, {}).empty());
  CHECK(ask(index, {kDog}, {}, 2).size() == 2);
}

TEST_CASE("what was forgotten leaves scores as if it had never been there") {
  std::vector<DocumentTerms> documents = three();
  Index index = index_of(documents);
  index.forget(documents[2]);
  documents.pop_back();
  const Index never = index_of(documents);
  const auto alive = [](uint32_t row) { return row != 2; };
  const std::vector<uint64_t> both = {kDog, kCat};
  const std::vector<Scored> a = index.search(both, {}, 10, alive), b = ask(never, both);
  REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].row == b[i].row);
    CHECK(a[i].score == b[i].score);
  }
}

TEST_CASE("an index that was written and read back answers the same and grows") {
  std::vector<DocumentTerms> documents;
  for (uint32_t i = 0; i < 1000; ++i)
    documents.push_back({{{i % 7, 1 + i % 300, 0}, {100 + i % 90, 1, i % 3}}, 1 + i % 300, i % 3});
  Index all = index_of(documents);
  const Index half = index_of({documents.begin(), documents.begin() + 500});
  const Index::Image image = half.image();
  Index back;
  REQUIRE(Index::restore(image.terms, std::as_bytes(std::span(image.postings)), image.lengths, image.live_rows,
                         image.text_length, image.title_length, &back));
  for (size_t i = 500; i < 1000; ++i) back.add(documents[i]);
  const std::vector<uint64_t> asked = {3, 5, 117, 150};
  const std::vector<Scored> a = ask(all, asked, {}, 1000), b = ask(back, asked, {}, 1000);
  REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    REQUIRE(a[i].row == b[i].row);
    REQUIRE(a[i].score == b[i].score);
  }
}

TEST_CASE("an image whose sizes do not fit is refused") {
  const Index index = index_of(three());
  const auto restored = [&](auto change) {
    Index::Image image = index.image();
    change(image);
    Index out;
    return Index::restore(image.terms, std::as_bytes(std::span(image.postings)), image.lengths, image.live_rows,
                          image.text_length, image.title_length, &out);
  };
  CHECK(restored([](Index::Image&) {}));
  CHECK_FALSE(restored([](Index::Image& image) { image.postings.pop_back(); }));
  CHECK_FALSE(restored([](Index::Image& image) { image.terms[0].begin = UINT64_MAX; }));
  CHECK_FALSE(restored([](Index::Image& image) { image.terms[1].term = image.terms[0].term; }));
  CHECK_FALSE(restored([](Index::Image& image) { image.live_rows = 4; }));
  CHECK_FALSE(restored([](Index::Image& image) { image.terms[0].last_row = 3; }));
}

}  // namespace dormouse::text_search
