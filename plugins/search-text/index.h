// An inverted index: for each term the rows (documents) that have it and how often, and which rows a question fits
// best by BM25. Rows are numbered in the order of adding.
// Not the documents, nor which of them are still there: contents.h. Not thread-safe: add and remove exclude all else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace dormouse::text_search {

// One document's terms: each once, with how often it stands in the text and in the title.
struct TermCount {
  uint64_t term;
  uint32_t in_text, in_title;
};
struct DocumentTerms {
  std::vector<TermCount> counts;
  uint32_t text_length = 0, title_length = 0;  // in terms
};

struct Bm25 {
  float k1 = 1.2f;            // how soon a word that is repeated counts no more
  float b = 0.75f;            // how much long documents lose
  float title_weight = 1.0f;  // a word in the title counts as so many in the text
};

struct Scored {
  uint32_t row;
  float score;
};

class Index {
 public:
  // Adds the next row.
  void add(const DocumentTerms& document);
  // Row `row`, whose terms these are, counts no more: neither for how common a term is, nor for the mean length. It
  // is still found; who asks tells which rows are out.
  void forget(const DocumentTerms& document);

  size_t rows() const { return lengths_.size(); }
  size_t live_rows() const { return live_rows_; }
  size_t terms() const { return terms_.size(); }
  size_t bytes() const;

  // The best `k` rows for which allowed(row), best first, equal ones in their order; rows without any of the terms are
  // none. A term that is asked twice counts twice.
  template <class Allowed>
  std::vector<Scored> search(std::span<const uint64_t> terms, const Bm25& bm25, size_t k, Allowed allowed) const {
    std::vector<float> scores(rows());
    add_scores(terms, bm25, scores);
    std::vector<Scored> found;
    for (uint32_t row = 0; row < scores.size(); ++row) {
      if (scores[row] > 0 && allowed(row)) found.push_back({row, scores[row]});
    }
    keep_best(k, found);
    return found;
  }

  // ---- for snapshots ----
  struct TermEntry {
    uint64_t term, begin;  // where its postings begin
    uint32_t size, live_rows, last_row, reserved;
  };
  struct Length {
    uint32_t text, title;
  };
  struct Image {
    std::vector<TermEntry> terms;
    std::string postings;
    std::vector<Length> lengths;
    uint64_t live_rows, text_length, title_length;
  };
  Image image() const;
  // An index that reads its postings where they lie: they outlive it. False when sizes do not fit each other; whatever
  // the postings hold, searching stays inside them.
  static bool restore(std::span<const TermEntry> terms, std::span<const std::byte> postings,
                      std::span<const Length> lengths, uint64_t live_rows, uint64_t text_length, uint64_t title_length,
                      Index* out);

 private:
  // Rows ascending, each as a difference to the one before and its counts, in bytes of seven bits; first those of a
  // snapshot, then those added since.
  struct Postings {
    std::span<const std::byte> kept;
    std::string added;
    uint32_t live_rows = 0;
    uint32_t last_row = 0;
  };
  void add_scores(std::span<const uint64_t> terms, const Bm25& bm25, std::vector<float>& scores) const;
  static void keep_best(size_t k, std::vector<Scored>& found);

  std::unordered_map<uint64_t, uint32_t> numbers_;
  std::vector<uint64_t> terms_;
  std::vector<Postings> postings_;
  std::vector<Length> lengths_;
  uint64_t live_rows_ = 0, text_length_ = 0, title_length_ = 0;
};

}  // namespace dormouse::text_search
