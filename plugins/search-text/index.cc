#include "index.h"

#include <algorithm>
#include <cmath>

namespace dormouse::text_search {
namespace {

void append_number(uint32_t number, std::string* out) {
  for (; number >= 0x80; number >>= 7) out->push_back(static_cast<char>(number | 0x80));
  out->push_back(static_cast<char>(number));
}

// Reads numbers of seven bits a byte; beyond the end, zeros.
class Numbers {
 public:
  explicit Numbers(std::span<const std::byte> bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}
  bool more() const { return at_ != end_; }
  uint32_t next() {
    uint32_t number = 0;
    for (unsigned shift = 0; shift < 35 && at_ != end_; shift += 7) {
      const auto byte = static_cast<uint32_t>(*at_++);
      number |= shift < 32 ? (byte & 0x7F) << shift : 0;
      if (byte < 0x80) break;
    }
    return number;
  }

 private:
  const std::byte *at_, *end_;
};

// Posting: twice the difference of rows, plus one when the title has the term; how often in the text; and in the title.
void append_posting(uint32_t difference, const TermCount& count, std::string* out) {
  append_number(difference << 1 | (count.in_title != 0 ? 1 : 0), out);
  append_number(count.in_text, out);
  if (count.in_title != 0) append_number(count.in_title, out);
}

// Calls visit(row, in_text, in_title) for each posting; the row after the last is returned through `row`.
template <class Visit>
void each_posting(std::span<const std::byte> bytes, uint32_t rows, uint32_t* row, Visit visit) {
  Numbers numbers(bytes);
  while (numbers.more()) {
    const uint32_t head = numbers.next();
    *row += head >> 1;
    if (*row >= rows) return;  // damaged
    const uint32_t in_text = numbers.next();
    visit(*row, in_text, (head & 1) != 0 ? numbers.next() : 0);
  }
}

}  // namespace

void Index::add(const DocumentTerms& document) {
  const auto row = static_cast<uint32_t>(lengths_.size());
  lengths_.push_back({document.text_length, document.title_length});
  ++live_rows_;
  text_length_ += document.text_length;
  title_length_ += document.title_length;
  for (const TermCount& count : document.counts) {
    const auto [at, is_new] = numbers_.try_emplace(count.term, static_cast<uint32_t>(terms_.size()));
    if (is_new) {
      terms_.push_back(count.term);
      postings_.emplace_back();
    }
    Postings& postings = postings_[at->second];
    append_posting(row - postings.last_row, count, &postings.added);
    postings.last_row = row;
    ++postings.live_rows;
  }
}

void Index::forget(const DocumentTerms& document) {
  --live_rows_;
  text_length_ -= document.text_length;
  title_length_ -= document.title_length;
  for (const TermCount& count : document.counts) {
    const auto at = numbers_.find(count.term);
    if (at != numbers_.end() && postings_[at->second].live_rows > 0) --postings_[at->second].live_rows;
  }
}

size_t Index::bytes() const {
  size_t bytes = lengths_.size() * sizeof(Length) + terms_.size() * (sizeof(Postings) + 8 + 40);
  for (const Postings& postings : postings_) bytes += postings.kept.size() + postings.added.capacity();
  return bytes;
}

void Index::add_scores(std::span<const uint64_t> terms, const Bm25& bm25, std::vector<float>& scores) const {
  const auto live = static_cast<double>(std::max<uint64_t>(live_rows_, 1));
  const float mean = static_cast<float>((static_cast<double>(text_length_) +
                                         static_cast<double>(bm25.title_weight) * static_cast<double>(title_length_)) /
                                        live);
  const float per_length = mean > 0 ? bm25.k1 * bm25.b / mean : 0;
  for (const uint64_t term : terms) {
    const auto at = numbers_.find(term);
    if (at == numbers_.end()) continue;
    const Postings& postings = postings_[at->second];
    const double rows_with = std::min<double>(postings.live_rows, live);
    const auto idf = static_cast<float>(std::log(1 + (live - rows_with + 0.5) / (rows_with + 0.5)));
    const auto visit = [&](uint32_t row, uint32_t in_text, uint32_t in_title) {
      const Length length = lengths_[row];
      const float times = static_cast<float>(in_text) + bm25.title_weight * static_cast<float>(in_title);
      const float size = static_cast<float>(length.text) + bm25.title_weight * static_cast<float>(length.title);
      scores[row] += idf * times * (bm25.k1 + 1) / (times + bm25.k1 * (1 - bm25.b) + per_length * size);
    };
    uint32_t row = 0;
    each_posting(postings.kept, static_cast<uint32_t>(rows()), &row, visit);
    each_posting(std::as_bytes(std::span(postings.added)), static_cast<uint32_t>(rows()), &row, visit);
  }
}

void Index::keep_best(size_t k, std::vector<Scored>& found) {
  const auto better = [](const Scored& a, const Scored& b) {
    return a.score != b.score ? a.score > b.score : a.row < b.row;
  };
  const size_t kept = std::min(k, found.size());
  std::partial_sort(found.begin(), found.begin() + static_cast<ptrdiff_t>(kept), found.end(), better);
  found.resize(kept);
}

// ---- snapshots ----

Index::Image Index::image() const {
  Image image{{}, {}, lengths_, live_rows_, text_length_, title_length_};
  image.terms.reserve(terms_.size());
  for (size_t i = 0; i < terms_.size(); ++i) {
    const Postings& postings = postings_[i];
    const size_t begin = image.postings.size();
    image.postings.append(reinterpret_cast<const char*>(postings.kept.data()), postings.kept.size());
    image.postings += postings.added;
    image.terms.push_back({terms_[i], begin, static_cast<uint32_t>(image.postings.size() - begin), postings.live_rows,
                           postings.last_row, 0});
  }
  return image;
}

bool Index::restore(std::span<const TermEntry> terms, std::span<const std::byte> postings,
                    std::span<const Length> lengths, uint64_t live_rows, uint64_t text_length, uint64_t title_length,
                    Index* out) {
  if (live_rows > lengths.size()) return false;
  Index index;
  index.lengths_.assign(lengths.begin(), lengths.end());
  index.live_rows_ = live_rows;
  index.text_length_ = text_length;
  index.title_length_ = title_length;
  index.numbers_.reserve(terms.size());
  index.terms_.reserve(terms.size());
  index.postings_.resize(terms.size());
  for (size_t i = 0; i < terms.size(); ++i) {
    const TermEntry& entry = terms[i];
    if (entry.begin > postings.size() || entry.size > postings.size() - entry.begin) return false;
    if (entry.live_rows > lengths.size() || entry.last_row >= lengths.size()) return false;
    if (!index.numbers_.emplace(entry.term, static_cast<uint32_t>(i)).second) return false;
    index.terms_.push_back(entry.term);
    Postings& to = index.postings_[i];
    to.kept = postings.subspan(entry.begin, entry.size);
    to.live_rows = entry.live_rows;
    to.last_row = entry.last_row;
  }
  *out = std::move(index);
  return true;
}

}  // namespace dormouse::text_search
