#include "documents.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "dormouse/value.hpp"
#include "nlu/mapped_file.h"
#include "search/bounds.h"
#include "snippet.h"

namespace dormouse::text_search {
namespace {

constexpr size_t kDeadRowsKept = 1'000;  // fewer are not worth building an index anew
constexpr size_t kDocumentsBetweenChecks = 64;

bool is_name(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= search::kNameBytesMax && std::all_of(name.begin(), name.end(), good);
}

void check_documents(const std::vector<Document>& documents) {
  if (documents.empty()) throw Failure(DM_INVALID_ARGUMENT, "documents: needed at least one, found none");
  std::set<std::string> seen;
  for (size_t i = 0; i < documents.size(); ++i) {
    const Document& document = documents[i];
    const auto refuse = [&](const std::string& problem) {
      throw Failure(DM_INVALID_ARGUMENT, "documents, item " + std::to_string(i) + ": " + problem);
    };
    if (document.id.is_text != documents[0].id.is_text) refuse("needed ids of one kind, found ints and strings");
    if (!seen.insert(document.id.to_string()).second) refuse("id " + document.id.to_string() + " comes twice");
    if (document.text.size() > kTextBytesMax) {
      refuse("needed a text of at most " + std::to_string(kTextBytesMax) + " bytes, found " +
             std::to_string(document.text.size()) + "; cut it into passages");
    }
    if (document.title.size() > kTitleBytesMax) {
      refuse("needed a title of at most " + std::to_string(kTitleBytesMax) + " bytes, found " +
             std::to_string(document.title.size()));
    }
  }
}

// Names of the files NUMBER.index in a folder.
std::vector<std::string> index_files(const std::string& folder) {
  constexpr std::string_view kEnding = ".index";
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.size() > kEnding.size() && name.ends_with(kEnding) &&
        name.find_first_not_of("0123456789") == name.size() - kEnding.size()) {
      names.push_back(name);
    }
  }
  return names;
}

}  // namespace

// ---- opening ----

Documents::Documents(std::string folder, DocumentsOptions options, const CheckCancelled& check_cancelled)
    : folder_(std::move(folder)),
      options_(std::move(options)),
      store_(folder_ + "/documents.db", options_.sync, !index_files(folder_).empty()),
      store_identity_(store_.identity()) {
  const Tokenizer known_language(options_.tokens);
  if (!store_.lost().empty()) options_.warn(store_.lost());
  for (CollectionRecord& record : store_.collections()) {
    auto collection = std::make_shared<Collection>();
    collection->record = std::move(record);
    load(*collection, check_cancelled);
    collections_.emplace(collection->record.name, std::move(collection));
  }
  remove_strays();
}

// Snapshots of collections that the store does not know: of one whose dropping was cut short, or of a later time than
// that of a store put back from a backup. Its number will be that of another collection.
void Documents::remove_strays() const {
  std::set<std::string> known;
  for (const auto& [name, collection] : collections_)
    known.insert(std::filesystem::path(snapshot_path(collection->record)).filename());
  for (const std::string& file : index_files(folder_))
    if (known.count(file) == 0) ::unlink((folder_ + "/" + file).c_str());
}

std::string Documents::snapshot_path(const CollectionRecord& record) const {
  return folder_ + "/" + std::to_string(record.number) + ".index";
}

void Documents::load(Collection& collection, const CheckCancelled& check_cancelled) {
  const std::string path = snapshot_path(collection.record);
  struct stat facts {};
  std::string why;
  collection.note = store_.lost();
  if (::stat(path.c_str(), &facts) == 0) {
    collection.contents = Contents::restore(path, origin_of(collection), &why);
    if (collection.contents && collection.contents->last_sequence() > store_.last_sequence()) {
      why = "the snapshot is newer than the store, which lost something or was put back from an older copy";
      collection.contents.reset();
    }
    if (!collection.contents) {
      ::unlink(path.c_str());  // else it might seem to fit when the store has grown past it
      const std::string problem = "the index was built anew: " + why;
      options_.warn("collection '" + collection.record.name + "': " + problem);
      collection.note += (collection.note.empty() ? "" : "; ") + problem;
    }
  }
  int64_t first = 0;
  if (collection.contents) {
    collection.snapshot_bytes = static_cast<uint64_t>(facts.st_size);
    collection.saved_sequence = collection.contents->last_sequence();
    collection.saved_removals = collection.record.removals;
    first = collection.saved_sequence + 1;
  } else {
    collection.contents = std::make_unique<Contents>(collection.record.text_ids);
  }
  add_from_store(collection.record, first, *collection.contents, check_cancelled);
}

void Documents::add_from_store(const CollectionRecord& record, int64_t first, Contents& contents,
                               const CheckCancelled& check_cancelled) {
  Tokenizer tokenizer(options_.tokens);
  size_t seen = 0;
  store_.each_document(record, first, [&](int64_t sequence, const Document& document) {
    if (seen++ % kDocumentsBetweenChecks == 0) check_cancelled();
    contents.add(sequence, document.id, document.metadata, terms_of(tokenizer, document));
  });
}

Documents::Shared Documents::find(const std::string& name) const {
  const std::shared_lock lock(map_mutex_);
  const auto found = collections_.find(name);
  return found == collections_.end() ? nullptr : found->second;
}

Documents::Shared Documents::get_collection(const std::string& name) const {
  check_usable();
  if (Shared found = find(name)) return found;
  constexpr size_t kNamesTold = 10;
  std::string known;
  const std::vector<std::string> all = names();
  for (size_t i = 0; i < std::min(all.size(), kNamesTold); ++i) known += " '" + all[i] + "'";
  throw Failure(DM_NOT_FOUND, "collection '" + name.substr(0, search::kNameBytesMax) + "' does not exist; " +
                                  (known.empty() ? "there is none yet: add makes one" : "there are:" + known));
}

std::vector<std::string> Documents::names() const {
  const std::shared_lock lock(map_mutex_);
  std::vector<std::string> all;
  for (const auto& [name, collection] : collections_) all.push_back(name);
  return all;
}

void Documents::check_usable() const {
  if (unusable_) {
    throw Failure(DM_FAILED_PRECONDITION,
                  "memory ran out after a change was stored; nothing is lost: unload the component and ask again");
  }
}

// ---- changes ----

void Documents::apply(Collection& collection, const CollectionRecord& record,
                      const std::function<void(Contents&)>& change) {
  try {
    const auto lock = collection.gate.write();
    collection.record = record;
    change(*collection.contents);
  } catch (...) {
    unusable_ = true;
    throw;
  }
}

std::vector<std::pair<uint32_t, DocumentTerms>> Documents::terms_of_rows(const Contents& contents,
                                                                         const std::vector<uint32_t>& rows) {
  Tokenizer tokenizer(options_.tokens);
  std::vector<std::pair<uint32_t, DocumentTerms>> terms;
  for (const uint32_t row : rows) {
    std::optional<Document> document;
    {
      const std::lock_guard lock(store_mutex_);
      document = store_.read(contents.sequence(row));
    }
    terms.emplace_back(row, document ? terms_of(tokenizer, *document) : DocumentTerms());
  }
  return terms;
}

AddResult Documents::add(const std::string& name, const std::vector<Document>& documents,
                         const CheckCancelled& check_cancelled) {
  check_documents(documents);
  const std::lock_guard writing(writer_);
  check_usable();
  Shared collection = find(name);
  const bool is_new = !collection;
  if (is_new) {
    if (!is_name(name)) {
      throw Failure(DM_INVALID_ARGUMENT, "name of a collection: needed 1 to " + std::to_string(search::kNameBytesMax) +
                                             " letters, digits, '_' or '-'; found '" +
                                             name.substr(0, search::kNameBytesMax) + "'");
    }
    if (names().size() >= search::kCollectionsMax) {
      throw Failure(DM_RESOURCE_EXHAUSTED, "needed at most " + std::to_string(search::kCollectionsMax) +
                                               " collections; drop one, or use another component");
    }
    collection = std::make_shared<Collection>();
    collection->record.name = name;
    collection->record.text_ids = documents[0].id.is_text;
    collection->contents = std::make_unique<Contents>(documents[0].id.is_text);
  }
  if (collection->record.text_ids != documents[0].id.is_text) {
    throw Failure(DM_INVALID_ARGUMENT,
                  "collection '" + name + "' has ids that are " +
                      (collection->record.text_ids ? "strings, found ints" : "ints, found strings"));
  }
  Tokenizer tokenizer(options_.tokens);
  std::vector<DocumentTerms> terms;
  std::vector<uint32_t> replaced;
  for (size_t i = 0; i < documents.size(); ++i) {
    if (i % kDocumentsBetweenChecks == 0) check_cancelled();
    terms.push_back(terms_of(tokenizer, documents[i]));
    // Only this thread changes contents, so reading them needs no gate.
    if (const std::optional<uint32_t> row = collection->contents->find(documents[i].id)) replaced.push_back(*row);
  }
  const auto forgotten = terms_of_rows(*collection->contents, replaced);
  std::vector<int64_t> removed;
  removed.reserve(replaced.size());
  for (const uint32_t row : replaced) removed.push_back(collection->contents->sequence(row));
  CollectionRecord record = collection->record;
  int64_t sequence;
  {
    const std::lock_guard lock(store_mutex_);
    sequence = store_.commit(&record, removed, documents);
  }
  apply(*collection, record, [&](Contents& contents) {
    for (const auto& [row, row_terms] : forgotten) contents.remove(row, row_terms);
    for (size_t i = 0; i < documents.size(); ++i)
      contents.add(sequence + static_cast<int64_t>(i), documents[i].id, documents[i].metadata, terms[i]);
  });
  if (is_new) {
    const std::unique_lock lock(map_mutex_);
    collections_.emplace(name, collection);
  }
  compact_when_due(*collection, check_cancelled);
  return {documents.size() - replaced.size(), replaced.size(), collection->contents->live()};
}

size_t Documents::remove(const std::string& name, const Selection& selection, const CheckCancelled& check_cancelled) {
  const std::lock_guard writing(writer_);
  const Shared collection = get_collection(name);
  const std::vector<uint32_t> rows = collection->contents->select(selection);
  if (rows.empty()) return 0;
  const auto forgotten = terms_of_rows(*collection->contents, rows);
  check_cancelled();
  std::vector<int64_t> removed;
  removed.reserve(rows.size());
  for (const uint32_t row : rows) removed.push_back(collection->contents->sequence(row));
  CollectionRecord record = collection->record;
  {
    const std::lock_guard lock(store_mutex_);
    store_.commit(&record, removed, {});
  }
  apply(*collection, record, [&](Contents& contents) {
    for (const auto& [row, terms] : forgotten) contents.remove(row, terms);
  });
  compact_when_due(*collection, check_cancelled);
  return rows.size();
}

void Documents::drop(const std::string& name) {
  const std::lock_guard writing(writer_);
  const Shared collection = get_collection(name);
  {
    const std::lock_guard lock(store_mutex_);
    store_.drop(collection->record);
  }
  ::unlink(snapshot_path(collection->record).c_str());
  const std::unique_lock lock(map_mutex_);
  collections_.erase(name);
}

// Only who changes anything calls this, and reading with statements of its own needs no lock (search/database.h): so
// questions go on, with their texts.
void Documents::build_anew(Collection& collection, const CheckCancelled& check_cancelled) {
  auto fresh = std::make_unique<Contents>(collection.record.text_ids);
  add_from_store(collection.record, 0, *fresh, check_cancelled);
  const auto lock = collection.gate.write();
  collection.contents.swap(fresh);
}

// Dead rows cost memory and time, so there are never more than living ones; that way each pays for its own removal.
void Documents::compact_when_due(Collection& collection, const CheckCancelled& check_cancelled) {
  if (collection.contents->dead() <= std::max(collection.contents->live(), kDeadRowsKept)) return;
  try {
    build_anew(collection, check_cancelled);
  } catch (const std::exception& e) {
    options_.warn("collection '" + collection.record.name + "': dead rows stay for now: " + e.what());
  }
}

// ---- questions ----

std::vector<Hit> Documents::search(const std::string& name, const Question& question,
                                   const CheckCancelled& check_cancelled) const {
  const Shared collection = get_collection(name);
  Tokenizer tokenizer(options_.tokens);
  std::vector<uint64_t> terms;
  for (const Token& token : tokenizer.read(question.text)) terms.push_back(token.term);
  std::vector<Hit> hits;
  std::vector<int64_t> sequences;
  {
    const auto lock = collection->gate.read();
    const Contents& contents = *collection->contents;
    for (const Scored& scored : contents.search(terms, question.bm25, question.k, question.among)) {
      Hit hit;
      hit.score = scored.score;
      hit.document.id = contents.id(scored.row);
      hit.document.metadata = contents.metadata(scored.row);
      hits.push_back(std::move(hit));
      sequences.push_back(contents.sequence(scored.row));
    }
  }
  if (!question.with_text && question.snippet_bytes == 0) return hits;
  std::vector<Hit> with_text;
  for (size_t i = 0; i < hits.size(); ++i) {
    if (i % kDocumentsBetweenChecks == 0) check_cancelled();
    std::optional<Document> document;
    {
      const std::lock_guard lock(store_mutex_);
      document = store_.read(sequences[i]);
    }
    if (!document || document->id != hits[i].document.id) continue;  // removed meanwhile, or a forged snapshot
    Hit& hit = hits[i];
    if (question.snippet_bytes > 0)
      hit.snippet = snippet_of(document->text, tokenizer.read(document->text), terms, question.snippet_bytes);
    hit.document.title = std::move(document->title);
    if (question.with_text) hit.document.text = std::move(document->text);
    with_text.push_back(std::move(hit));
  }
  return with_text;
}

std::string Documents::snippet(const std::string& text, std::string_view question, size_t bytes) const {
  Tokenizer tokenizer(options_.tokens);
  std::vector<uint64_t> terms;
  for (const Token& token : tokenizer.read(question)) terms.push_back(token.term);
  return std::string(snippet_of(text, tokenizer.read(text), terms, bytes));
}

std::vector<Document> Documents::get(const std::string& name, const std::vector<Id>& ids) const {
  const Shared collection = get_collection(name);
  std::vector<std::pair<const Id*, int64_t>> wanted;
  {
    const auto lock = collection->gate.read();
    for (const Id& id : ids) {
      if (const std::optional<uint32_t> row = collection->contents->find(id))
        wanted.emplace_back(&id, collection->contents->sequence(*row));
    }
  }
  std::vector<Document> documents;
  for (const auto& [id, sequence] : wanted) {
    const std::lock_guard lock(store_mutex_);
    std::optional<Document> document = store_.read(sequence);
    if (document && document->id == *id) documents.push_back(std::move(*document));
  }
  return documents;
}

Stats Documents::stats(const std::string& name) const {
  const Shared collection = get_collection(name);
  const auto lock = collection->gate.read();
  const Contents& contents = *collection->contents;
  return {name,
          collection->record.text_ids,
          contents.live(),
          contents.dead(),
          contents.index().terms(),
          contents.bytes(),
          collection->snapshot_bytes,
          collection->note};
}

// ---- snapshots ----

bool Documents::changed(const std::string& name) const {
  const Shared collection = get_collection(name);
  const auto lock = collection->gate.read();
  return collection->saved_sequence != collection->contents->last_sequence() ||
         collection->saved_removals != collection->record.removals;
}

uint64_t Documents::save(const std::string& name, bool compact, const CheckCancelled& check_cancelled) {
  const std::lock_guard writing(writer_);
  const Shared collection = get_collection(name);
  const bool rebuilt = compact && collection->contents->dead() > 0;
  if (rebuilt) build_anew(*collection, check_cancelled);
  if (!rebuilt && !changed(name)) return collection->snapshot_bytes;
  const std::optional<std::vector<std::byte>> bytes = collection->contents->snapshot(origin_of(*collection));
  if (!bytes) return 0;
  nlu::write_file_atomically(snapshot_path(collection->record), *bytes);
  const auto lock = collection->gate.write();
  collection->snapshot_bytes = bytes->size();
  collection->saved_sequence = collection->contents->last_sequence();
  collection->saved_removals = collection->record.removals;
  return bytes->size();
}

}  // namespace dormouse::text_search
