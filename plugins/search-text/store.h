// The documents on disk: one SQLite file with every collection and document, each with its checksum. This is the truth;
// indexes are made from it.
// Not an index: nothing is searched here. Owner: Documents; one call at a time. Errors: Failure, with the file's name.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "search/database.h"
#include "search/ids.h"

namespace dormouse::text_search {

using search::Id;

struct Document {
  Id id;
  std::string title, text;
  std::string metadata;  // encoded (search/metadata.h)
};

// A collection as the store knows it.
struct CollectionRecord {
  int64_t number = 0;
  std::string name;
  bool text_ids = false;
  int64_t removals = 0;  // documents taken out so far: an index made before one of them is of no use
};

class Store {
 public:
  // Opens the file or makes it. `sync`: commits wait for the disk. `used`: there were documents, so an empty file is
  // damage and no new beginning. Errors: data_loss, unavailable.
  Store(const std::string& path, bool sync, bool used = false);

  const std::string& identity() const { return identity_; }
  const std::string& lost() const { return database_.lost(); }  // what opening gave up; mostly empty
  std::vector<CollectionRecord> collections();
  // The largest sequence number that was ever given; 0: none was.
  int64_t last_sequence();

  // One transaction, all of it or nothing: makes the collection when its number is 0, takes out, puts in. When this
  // returns, it lasts. The sequence numbers of the new documents are ascending; the first is returned.
  int64_t commit(CollectionRecord* collection, std::span<const int64_t> removed, std::span<const Document> added);
  void drop(const CollectionRecord& collection);

  // All documents from sequence number `first` on, in order; every one is checked, a damaged one is data_loss.
  void each_document(const CollectionRecord& collection, int64_t first,
                     const std::function<void(int64_t sequence, const Document&)>& visit);
  // One document; none when it has been taken out. Throws data_loss when it is damaged.
  std::optional<Document> read(int64_t sequence);

 private:
  void read_header();
  Document checked_row(search::Statement& row, int64_t sequence);

  search::Database database_;
  std::string identity_;
};

}  // namespace dormouse::text_search
