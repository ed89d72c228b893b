// The collections of one component: a store that lasts, an index of each in memory, and snapshots that make the one
// from the other quickly. All rules of what an add or a remove means are here. Callable from any thread. Searches run
// side by side; changes are one at a time, and hold up searches while rows enter an index, and those that want texts
// while the store commits. Errors: Failure, naming the collection.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "contents.h"
#include "search/gate.h"
#include "store.h"
#include "tokens.h"

namespace dormouse::text_search {

inline constexpr size_t kTextBytesMax = size_t{1}
                                        << 20;  // of a document: longer ones are cut into passages by who adds
inline constexpr size_t kTitleBytesMax = 4096;
inline constexpr size_t kQuestionBytesMax = size_t{64} << 10;  // a longer question is a document

using CheckCancelled = std::function<void()>;

struct DocumentsOptions {
  TokenOptions tokens;
  bool sync = true;  // an acknowledged add is on the disk, not only with the kernel
  std::function<void(const std::string&)> warn = [](const std::string&) {};
};

struct Question {
  std::string_view text;
  uint32_t k = 10;
  Bm25 bm25;
  Selection among;
  bool with_text = true;
  size_t snippet_bytes = 0;  // 0: none
};

struct Hit {
  float score = 0;
  Document document;  // without title and text when they are not asked for
  std::string snippet;
};

struct AddResult {
  size_t added = 0;     // ids that were new
  size_t replaced = 0;  // ids that had another text before
  size_t count = 0;     // documents there are now
};

struct Stats {
  std::string name;
  bool text_ids = false;
  size_t count = 0, dead_rows = 0, terms = 0, memory_bytes = 0;
  uint64_t snapshot_bytes = 0;
  std::string note;  // what was unusual about its opening
};

class Documents {
 public:
  // Files documents.db and NUMBER.index in `folder`. A snapshot that is damaged or of something else is thrown away and
  // the index built from the store, which `note` of stats then says. Throws data_loss for a damaged store, and for an
  // empty one beside a snapshot.
  Documents(std::string folder, DocumentsOptions options, const CheckCancelled& check_cancelled);

  // Adds all or none; an id that is there gets the new text. When it returns, the documents last and are found.
  AddResult add(const std::string& collection, const std::vector<Document>& documents,
                const CheckCancelled& check_cancelled);
  size_t remove(const std::string& collection, const Selection& selection, const CheckCancelled& check_cancelled);
  void drop(const std::string& collection);

  std::vector<Hit> search(const std::string& collection, const Question& question,
                          const CheckCancelled& check_cancelled) const;
  // The part of a text that answers a question best (snippet.h).
  std::string snippet(const std::string& text, std::string_view question, size_t bytes) const;
  // In the order of the ids; unknown ones are left out.
  std::vector<Document> get(const std::string& collection, const std::vector<Id>& ids) const;

  std::vector<std::string> names() const;
  Stats stats(const std::string& collection) const;
  // Writes a snapshot when there is something new; with `compact`, builds the index without dead rows first. Its bytes.
  uint64_t save(const std::string& collection, bool compact, const CheckCancelled& check_cancelled);
  bool changed(const std::string& collection) const;

 private:
  struct Collection {
    // Everything below is changed by whoever holds writer_ and writes through the gate; so the holder of writer_ may
    // read without it.
    mutable search::Gate gate;
    std::unique_ptr<Contents> contents;
    CollectionRecord record;
    int64_t saved_sequence = -1, saved_removals = -1;
    uint64_t snapshot_bytes = 0;
    std::string note;
  };
  using Shared = std::shared_ptr<Collection>;

  Shared find(const std::string& name) const;  // null when there is none
  Shared get_collection(const std::string& name) const;
  std::string snapshot_path(const CollectionRecord& record) const;
  Origin origin_of(const Collection& collection) const { return {store_identity_, collection.record, options_.tokens}; }
  void load(Collection& collection, const CheckCancelled& check_cancelled);
  void remove_strays() const;
  void add_from_store(const CollectionRecord& record, int64_t first, Contents& contents,
                      const CheckCancelled& check_cancelled);
  std::vector<std::pair<uint32_t, DocumentTerms>> terms_of_rows(const Contents& contents,
                                                                const std::vector<uint32_t>& rows);
  // Runs a change of memory that follows a commit: when it fails, memory and store are no longer the same.
  void apply(Collection& collection, const CollectionRecord& record, const std::function<void(Contents&)>& change);
  void build_anew(Collection& collection, const CheckCancelled& check_cancelled);
  void compact_when_due(Collection& collection, const CheckCancelled& check_cancelled);
  void check_usable() const;

  const std::string folder_;
  const DocumentsOptions options_;
  std::mutex writer_;  // one change at a time
  mutable std::mutex store_mutex_;
  mutable Store store_;
  const std::string store_identity_;
  mutable std::shared_mutex map_mutex_;
  std::map<std::string, Shared> collections_;
  std::atomic<bool> unusable_{false};
};

}  // namespace dormouse::text_search
