// What of a collection is in memory: ids, metadata and the inverted index, by row; and the snapshot that makes them
// quickly. Rows are numbered in the order of adding; removed ones stay as dead rows until everything is built anew.
// Not the texts: those are read from the store (store.h). Not thread-safe: Documents sees to that.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "index.h"
#include "nlu/model_file.h"
#include "search/ids.h"
#include "search/metadata.h"
#include "store.h"
#include "tokens.h"

namespace dormouse::text_search {

// Which documents are meant: those with these ids, those with all of these fields, or both. Neither: all.
struct Selection {
  std::optional<std::vector<Id>> ids;
  std::vector<std::string> fields;  // search::encode_field
  bool selects() const { return ids || !fields.empty(); }
};

// What a document is found by.
DocumentTerms terms_of(Tokenizer& tokenizer, const Document& document);

// What an index was made from, and how: a snapshot of anything else is of no use.
struct Origin {
  std::string identity;  // of the store
  CollectionRecord collection;
  TokenOptions tokens;
};

class Contents {
 public:
  explicit Contents(bool text_ids) : ids_(text_ids) {}

  // Room for `rows` more. Throws std::bad_alloc; only then may add fail.
  void add(int64_t sequence, const Id& id, const std::string& metadata, const DocumentTerms& terms);
  void remove(uint32_t row, const DocumentTerms& terms);

  size_t rows() const { return sequences_.size(); }
  size_t live() const { return sequences_.size() - dead_rows_; }
  size_t dead() const { return dead_rows_; }
  int64_t last_sequence() const { return sequences_.empty() ? 0 : sequences_.back(); }
  int64_t sequence(uint32_t row) const { return sequences_[row]; }
  Id id(uint32_t row) const { return ids_.at(row); }
  const std::string& metadata(uint32_t row) const { return metadata_[row]; }
  const Index& index() const { return index_; }
  size_t bytes() const;

  // Living rows only.
  std::optional<uint32_t> find(const Id& id) const;
  std::vector<uint32_t> select(const Selection& selection) const;
  std::vector<Scored> search(const std::vector<uint64_t>& terms, const Bm25& bm25, size_t k,
                             const Selection& among) const;

  // The bytes of a snapshot; none when they would be too many for one.
  std::optional<std::vector<std::byte>> snapshot(const Origin& origin) const;
  // From a snapshot's file, which is mapped as long as this lives. Null, with the reason, when it is damaged or of
  // something else. `last_sequence`: documents after it are still to be added.
  static std::unique_ptr<Contents> restore(const std::string& path, const Origin& origin, std::string* why);
  // The same from bytes that the caller keeps: for tests.
  static std::unique_ptr<Contents> restore(std::span<const std::byte> bytes, const Origin& origin, std::string* why);

 private:
  void read(nlu::ModelFile opened, const Origin& origin);

  std::unique_ptr<nlu::ModelFile> file_;  // where the index's first postings lie
  search::IdTable ids_;
  std::vector<int64_t> sequences_;  // of the store, ascending
  std::vector<std::string> metadata_;
  search::Postings fields_;
  std::vector<bool> dead_;
  size_t dead_rows_ = 0;
  Index index_;
};

}  // namespace dormouse::text_search
