#include "store.h"

#include "dormouse/value.hpp"
#include "search/checksum.h"

namespace dormouse::text_search {
namespace {

using search::Database;
using search::Statement;
using search::Transaction;

constexpr int64_t kFormat = 1;
constexpr Database::Words kWords = {"document file", "remove the component's data folder to begin without documents"};
constexpr const char* kSchema =
    "CREATE TABLE header (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE collections (number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,"
    " text_ids INTEGER NOT NULL, removals INTEGER NOT NULL);"
    "CREATE TABLE documents (sequence INTEGER PRIMARY KEY AUTOINCREMENT, collection INTEGER NOT NULL, id NOT NULL,"
    " title TEXT NOT NULL, text TEXT NOT NULL, metadata BLOB NOT NULL, checksum INTEGER NOT NULL);"
    "CREATE INDEX by_collection ON documents (collection, sequence);";

uint32_t checksum_of(const Document& document) {
  const auto part = [](uint32_t crc, std::string_view bytes) {
    const uint64_t size = bytes.size();
    return search::crc32c(search::crc32c(crc, &size, sizeof size), bytes.data(), bytes.size());
  };
  uint32_t crc = document.id.is_text ? part(0, document.id.text)
                                     : search::crc32c(0, &document.id.number, sizeof document.id.number);
  for (const std::string* bytes : {&document.title, &document.text, &document.metadata}) crc = part(crc, *bytes);
  return crc;
}

}  // namespace

Store::Store(const std::string& path, bool sync, bool used) : database_(path, sync, kWords) {
  if (database_.is_empty()) {
    if (used) database_.damaged("it is empty, and there are indexes of what was in it");
    Transaction transaction(database_);
    database_.run(kSchema);
    Statement put(database_, "INSERT INTO header VALUES (?, ?)");
    put.bind_text(1, "format").bind(2, kFormat).execute("writing");
    const std::string identity = search::draw_identity();
    put.bind_text(1, "identity").bind_text(2, identity).execute("writing");
    transaction.commit("making it");
    database_.empty_log();
  }
  read_header();
}

void Store::read_header() {
  Statement entries(database_, "SELECT key, value FROM header");
  int64_t format = 0;
  while (entries.step("reading it")) {
    if (entries.bytes(0) == "format") format = entries.number(1);
    if (entries.bytes(0) == "identity") identity_ = std::string(entries.bytes(1));
  }
  if (format != kFormat) {
    database_.damaged("needed format " + std::to_string(kFormat) + ", found " + std::to_string(format) +
                      " (written by another version of this plugin?)");
  }
}

std::vector<CollectionRecord> Store::collections() {
  std::vector<CollectionRecord> all;
  Statement statement(database_, "SELECT number, name, text_ids, removals FROM collections ORDER BY name");
  while (statement.step("reading it")) {
    all.push_back(
        {statement.number(0), std::string(statement.bytes(1)), statement.number(2) != 0, statement.number(3)});
  }
  return all;
}

int64_t Store::last_sequence() {
  Statement statement(database_, "SELECT seq FROM sqlite_sequence WHERE name = 'documents'");
  return statement.step("reading it") ? statement.number(0) : 0;
}

int64_t Store::commit(CollectionRecord* collection, std::span<const int64_t> removed, std::span<const Document> added) {
  CollectionRecord next = *collection;
  next.removals += static_cast<int64_t>(removed.size());
  Transaction transaction(database_);
  if (next.number == 0) {
    Statement make(database_, "INSERT INTO collections (name, text_ids, removals) VALUES (?, ?, 0) RETURNING number");
    make.bind_text(1, next.name).bind(2, next.text_ids ? 1 : 0);
    if (!make.step("writing")) database_.fail("writing");
    next.number = make.number(0);
    make.step("writing");
  }
  Statement take_out(database_, "DELETE FROM documents WHERE sequence = ?");
  for (const int64_t sequence : removed) take_out.bind(1, sequence).execute("writing");
  Statement(database_, "UPDATE collections SET removals = ? WHERE number = ?")
      .bind(1, next.removals)
      .bind(2, next.number)
      .execute("writing");
  int64_t first = 0;
  Statement put_in(database_,
                   "INSERT INTO documents (collection, id, title, text, metadata, checksum) VALUES (?, ?, ?, ?, ?, ?) "
                   "RETURNING sequence");
  for (const Document& document : added) {
    put_in.bind(1, next.number);
    if (document.id.is_text) {
      put_in.bind_text(2, document.id.text);
    } else {
      put_in.bind(2, document.id.number);
    }
    put_in.bind_text(3, document.title)
        .bind_text(4, document.text)
        .bind_blob(5, document.metadata.data(), document.metadata.size())
        .bind(6, checksum_of(document));
    if (!put_in.step("writing")) database_.fail("writing");
    if (first == 0) first = put_in.number(0);
    put_in.step("writing");
    put_in.reset();
  }
  transaction.commit();
  *collection = std::move(next);
  return first;
}

void Store::drop(const CollectionRecord& collection) {
  Transaction transaction(database_);
  Statement(database_, "DELETE FROM documents WHERE collection = ?").bind(1, collection.number).execute("writing");
  Statement(database_, "DELETE FROM collections WHERE number = ?").bind(1, collection.number).execute("writing");
  transaction.commit();
}

// Columns from 1 on: id, title, text, metadata, checksum.
Document Store::checked_row(Statement& row, int64_t sequence) {
  Document document;
  document.id.is_text = row.is_text(1);
  if (document.id.is_text) {
    document.id.text = std::string(row.bytes(1));
  } else {
    document.id.number = row.number(1);
  }
  document.title = std::string(row.bytes(2));
  document.text = std::string(row.bytes(3));
  document.metadata = std::string(row.bytes(4));
  if (row.number(5) != checksum_of(document)) {
    database_.damaged("document " + std::to_string(sequence) + " with id " + document.id.to_string() + " is damaged");
  }
  return document;
}

void Store::each_document(const CollectionRecord& collection, int64_t first,
                          const std::function<void(int64_t, const Document&)>& visit) {
  Statement statement(database_,
                      "SELECT sequence, id, title, text, metadata, checksum FROM documents WHERE collection = ? AND "
                      "sequence >= ? ORDER BY sequence");
  statement.bind(1, collection.number).bind(2, first);
  while (statement.step("reading it")) {
    const int64_t sequence = statement.number(0);
    const Document document = checked_row(statement, sequence);
    if (document.id.is_text != collection.text_ids)
      database_.damaged("an id of collection '" + collection.name + "' is damaged");
    visit(sequence, document);
  }
}

std::optional<Document> Store::read(int64_t sequence) {
  Statement statement(database_,
                      "SELECT sequence, id, title, text, metadata, checksum FROM documents WHERE sequence = ?");
  statement.bind(1, sequence);
  if (!statement.step("reading it")) return std::nullopt;
  return checked_row(statement, sequence);
}

}  // namespace dormouse::text_search
