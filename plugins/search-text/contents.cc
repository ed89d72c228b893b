#include "contents.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "dormouse/value.hpp"

namespace dormouse::text_search {
namespace {

constexpr size_t kSnapshotBytesMax = nlu::kModelBytesMax - (size_t{1} << 16);

nlu::ModelFormat format() {
  return {{'D', 'M', 'T', 'E', 'X', 'T', '\r', '\n'}, 1, "text index"};
}

struct Head {
  char identity[32];
  char language[16];
  int64_t collection, removals;
  uint64_t rows, dead_rows, live_rows, text_length, title_length;
  uint32_t stopwords, text_ids;
};

void copy_name(const std::string& from, char* to, size_t size) {
  std::copy_n(from.data(), std::min(from.size(), size), to);  // the rest is zero
}

Head head_of(const Origin& origin) {
  Head head{};
  copy_name(origin.identity, head.identity, sizeof head.identity);
  copy_name(origin.tokens.language, head.language, sizeof head.language);
  head.collection = origin.collection.number;
  head.removals = origin.collection.removals;
  head.stopwords = origin.tokens.stopwords;
  head.text_ids = origin.collection.text_ids;
  return head;
}

bool same_origin(const Head& a, const Head& b) {
  return std::memcmp(a.identity, b.identity, sizeof a.identity) == 0 &&
         std::memcmp(a.language, b.language, sizeof a.language) == 0 && a.collection == b.collection &&
         a.removals == b.removals && a.stopwords == b.stopwords && a.text_ids == b.text_ids;
}

// Texts one after the other, and where each ends.
void add_texts(const std::string& name, const std::vector<std::string>& texts, nlu::ModelFileWriter* writer) {
  std::vector<uint64_t> ends;
  std::string all;
  for (const std::string& text : texts) {
    all += text;
    ends.push_back(all.size());
  }
  writer->add_array(name + "_ends", ends);
  writer->add(name, std::as_bytes(std::span(all)));
}

std::vector<std::string> texts_of(const nlu::ModelFile& file, const std::string& name, size_t count) {
  const std::span<const uint64_t> ends = file.array<uint64_t>(name + "_ends");
  const std::span<const std::byte> bytes = file.section(name);
  if (ends.size() != count) file.damaged("its sections do not fit each other");
  std::vector<std::string> texts;
  texts.reserve(count);
  uint64_t begin = 0;
  for (const uint64_t end : ends) {
    if (end < begin || end > bytes.size()) file.damaged("a text in it has an impossible size");
    texts.emplace_back(reinterpret_cast<const char*>(bytes.data()) + begin, end - begin);
    begin = end;
  }
  return texts;
}

}  // namespace

DocumentTerms terms_of(Tokenizer& tokenizer, const Document& document) {
  DocumentTerms terms;
  std::unordered_map<uint64_t, uint32_t> places;
  const auto count = [&](const std::string& text, uint32_t TermCount::*field) {
    const std::vector<Token>& tokens = tokenizer.read(text);
    for (const Token& token : tokens) {
      const auto [at, is_new] = places.try_emplace(token.term, static_cast<uint32_t>(terms.counts.size()));
      if (is_new) terms.counts.push_back({token.term, 0, 0});
      ++(terms.counts[at->second].*field);
    }
    return static_cast<uint32_t>(tokens.size());
  };
  terms.text_length = count(document.text, &TermCount::in_text);
  terms.title_length = count(document.title, &TermCount::in_title);
  return terms;
}

void Contents::add(int64_t sequence, const Id& id, const std::string& metadata, const DocumentTerms& terms) {
  const auto row = static_cast<uint32_t>(rows());
  ids_.append(id);
  sequences_.push_back(sequence);
  metadata_.push_back(metadata);
  fields_.add(row, metadata);
  dead_.push_back(false);
  index_.add(terms);
}

void Contents::remove(uint32_t row, const DocumentTerms& terms) {
  if (dead_[row]) return;
  dead_[row] = true;
  ++dead_rows_;
  index_.forget(terms);
}

size_t Contents::bytes() const {
  size_t bytes = index_.bytes() + rows() * (sizeof(int64_t) + sizeof(std::string) + 48);
  for (const std::string& metadata : metadata_) bytes += metadata.size();
  return bytes;
}

std::optional<uint32_t> Contents::find(const Id& id) const {
  const std::optional<uint32_t> row = ids_.find(id);
  return row && !dead_[*row] ? row : std::nullopt;
}

std::vector<uint32_t> Contents::select(const Selection& selection) const {
  std::vector<uint32_t> rows;
  if (selection.ids) {
    for (const Id& id : *selection.ids)
      if (const std::optional<uint32_t> row = find(id)) rows.push_back(*row);
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  }
  if (!selection.fields.empty()) {
    std::vector<uint32_t> with_fields = fields_.with_all(selection.fields), both;
    if (selection.ids) {
      std::set_intersection(rows.begin(), rows.end(), with_fields.begin(), with_fields.end(), std::back_inserter(both));
      rows.swap(both);
    } else {
      rows.swap(with_fields);
    }
  }
  rows.erase(std::remove_if(rows.begin(), rows.end(), [&](uint32_t row) { return dead_[row]; }), rows.end());
  return rows;
}

std::vector<Scored> Contents::search(const std::vector<uint64_t>& terms, const Bm25& bm25, size_t k,
                                     const Selection& among) const {
  if (!among.selects()) return index_.search(terms, bm25, k, [&](uint32_t row) { return !dead_[row]; });
  std::vector<bool> allowed(rows());
  for (const uint32_t row : select(among)) allowed[row] = true;
  return index_.search(terms, bm25, k, [&](uint32_t row) { return allowed[row]; });
}

std::optional<std::vector<std::byte>> Contents::snapshot(const Origin& origin) const {
  const Index::Image image = index_.image();
  Head head = head_of(origin);
  head.rows = rows();
  head.dead_rows = dead_rows_;
  head.live_rows = image.live_rows;
  head.text_length = image.text_length;
  head.title_length = image.title_length;
  if (image.postings.size() + image.terms.size() * sizeof(Index::TermEntry) + bytes() > kSnapshotBytesMax)
    return std::nullopt;
  nlu::ModelFileWriter writer(format());
  writer.add_record("head", head);
  writer.add_array("terms", image.terms);
  writer.add("postings", std::as_bytes(std::span(image.postings)));
  writer.add_array("lengths", image.lengths);
  writer.add_array("sequences", sequences_);
  std::vector<uint8_t> dead(dead_.begin(), dead_.end());
  writer.add_array("dead", dead);
  add_texts("metadata", metadata_, &writer);
  writer.add_array("numbers", ids_.numbers());
  add_texts("ids", ids_.texts(), &writer);
  return writer.finish();
}

std::unique_ptr<Contents> Contents::restore(const std::string& path, const Origin& origin, std::string* why) {
  try {
    auto contents = std::make_unique<Contents>(origin.collection.text_ids);
    contents->read(nlu::ModelFile::open(path, format()), origin);
    return contents;
  } catch (const Failure& failure) {
    *why = failure.what();
    return nullptr;
  }
}

std::unique_ptr<Contents> Contents::restore(std::span<const std::byte> bytes, const Origin& origin, std::string* why) {
  try {
    auto contents = std::make_unique<Contents>(origin.collection.text_ids);
    contents->read(nlu::ModelFile::view(bytes, "in memory", format()), origin);
    return contents;
  } catch (const Failure& failure) {
    *why = failure.what();
    return nullptr;
  }
}

void Contents::read(nlu::ModelFile opened, const Origin& origin) {
  file_ = std::make_unique<nlu::ModelFile>(std::move(opened));
  const nlu::ModelFile& file = *file_;
  const Head& head = file.record<Head>("head");
  if (!same_origin(head, head_of(origin)))
    throw Failure(DM_FAILED_PRECONDITION, "the snapshot is older than a removal, or of other texts or settings");
  const std::span<const Index::Length> lengths = file.array<Index::Length>("lengths");
  const std::span<const int64_t> sequences = file.array<int64_t>("sequences");
  const std::span<const uint8_t> dead = file.array<uint8_t>("dead");
  const std::span<const int64_t> numbers = file.array<int64_t>("numbers");
  const bool text_ids = origin.collection.text_ids;
  const uint64_t rows = lengths.size();
  if (head.rows != rows || sequences.size() != rows || dead.size() != rows || numbers.size() != (text_ids ? 0 : rows) ||
      !std::is_sorted(sequences.begin(), sequences.end())) {
    file.damaged("its sections do not fit each other");
  }
  std::vector<std::string> ids = texts_of(file, "ids", text_ids ? rows : 0);
  metadata_ = texts_of(file, "metadata", rows);
  ids_.reserve(rows);
  for (size_t row = 0; row < rows; ++row) {
    ids_.append(text_ids ? Id{true, 0, std::move(ids[row])} : Id{false, numbers[row], {}});
    fields_.add(static_cast<uint32_t>(row), metadata_[row]);
    dead_.push_back(dead[row] != 0);
    dead_rows_ += dead[row] != 0;
  }
  sequences_.assign(sequences.begin(), sequences.end());
  if (dead_rows_ != head.dead_rows || head.live_rows != rows - head.dead_rows ||
      !Index::restore(file.array<Index::TermEntry>("terms"), file.section("postings"), lengths, head.live_rows,
                      head.text_length, head.title_length, &index_)) {
    file.damaged("its terms do not fit its rows");
  }
}

}  // namespace dormouse::text_search
