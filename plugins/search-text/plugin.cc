// Plugin search-text: type `search.text`. README.md tells what a collection is, what lasts and how it was measured;
// here is only the translation between the ABI and documents.h.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "documents.h"
#include "dormouse/arguments.hpp"
#include "dormouse/plugin.hpp"
#include "search/bounds.h"
#include "search/id_values.h"
#include "search/metadata.h"

namespace {

using namespace dormouse::text_search;
using dormouse::Call;
using dormouse::choice_in;
using dormouse::count_in;
using dormouse::Failure;
using dormouse::number_in;
using dormouse::View;
using dormouse::Writer;
namespace search = dormouse::search;

constexpr int64_t kSnippetBytesMax = 10'000;

std::string name_in(View in) {
  return std::string(in["collection"].as_string("default"));
}

// The beginning of a long question is enough to choose a part of a text.
std::string_view question_in(View in) {
  return in["question"].as_string("").substr(0, kQuestionBytesMax);
}

// Whether a collection that does not exist is an answer without hits.
bool missing_is_empty(View in) {
  return choice_in<bool>(in, "missing", {{"error", false}, {"empty", true}});
}

Selection selection_of(View in) {
  Selection selection;
  if (in["ids"]) selection.ids = search::ids_of(in["ids"]);
  for (const auto& [key, value] : in["where"].entries())
    selection.fields.push_back(search::encode_field(key, value, "where"));
  return selection;
}

void need_one_each(const char* field, size_t found, size_t needed) {
  if (found == needed) return;
  throw Failure(DM_INVALID_ARGUMENT, std::string("field '") + field + "': needed one for each of " +
                                         std::to_string(needed) + " ids, found " + std::to_string(found));
}

std::vector<Document> documents_of(View in) {
  const std::vector<Id> ids = search::ids_of(in["ids"]);
  const View texts = in["texts"], titles = in["titles"], metadata = in["metadata"];
  need_one_each("texts", texts.size(), ids.size());
  if (titles) need_one_each("titles", titles.size(), ids.size());
  if (metadata) need_one_each("metadata", metadata.size(), ids.size());
  std::vector<Document> documents(ids.size());
  for (uint32_t i = 0; i < documents.size(); ++i) {
    documents[i].id = ids[i];
    documents[i].text = texts.at(i).as_string();
    documents[i].title = titles.at(i).as_string("");
    documents[i].metadata = search::encode_metadata(metadata.at(i), "metadata of item " + std::to_string(i));
  }
  return documents;
}

class TextSearch {
 public:
  static std::unique_ptr<TextSearch> open(dormouse::Open& open) { return std::make_unique<TextSearch>(open); }

  explicit TextSearch(dormouse::Open& open) : host_(open.host()) {
    const View settings = open.settings();
    DocumentsOptions options;
    options.tokens.language = settings["language"].as_string();
    options.tokens.stopwords = settings["stopwords"].as_bool();
    options.sync = settings["sync"].as_bool();
    options.warn = [log = host_.log()](const std::string& line) { log.warning(line); };
    bm25_.k1 = static_cast<float>(settings["k1"].as_float());
    bm25_.b = static_cast<float>(settings["b"].as_float());
    bm25_.title_weight = static_cast<float>(settings["title_weight"].as_float());
    documents_.emplace(std::string(open.data_dir()), std::move(options), [&open] { open.call().check_cancelled(); });
  }

  // What changed is saved, so that the next load is quick. Nothing is lost when that fails.
  ~TextSearch() {
    for (const std::string& name : documents_->names()) {
      try {
        documents_->save(name, false, [] {});
      } catch (const std::exception& e) {
        host_.log().warning("not saved at closing: " + std::string(e.what()));
      }
    }
  }

  void search(Call& call, View in, Writer out) const {
    Question question;
    question.text = in["text"].as_string();
    if (question.text.size() > kQuestionBytesMax) {
      throw Failure(DM_INVALID_ARGUMENT, "field 'text': needed a question of at most " +
                                             std::to_string(kQuestionBytesMax) + " bytes, found " +
                                             std::to_string(question.text.size()));
    }
    question.k = count_in(in, "k", 10, 1, search::kResultsMax);
    question.bm25.k1 = static_cast<float>(number_in(in, "k1", static_cast<double>(bm25_.k1), 0, 10));
    question.bm25.b = static_cast<float>(number_in(in, "b", static_cast<double>(bm25_.b), 0, 1));
    question.bm25.title_weight =
        static_cast<float>(number_in(in, "title_weight", static_cast<double>(bm25_.title_weight), 0, 100));
    question.among = selection_of(in);
    question.with_text = in["with_text"].as_bool(true);
    question.snippet_bytes = count_in(in, "snippet", 0, 0, kSnippetBytesMax);
    const bool with_metadata = in["metadata"].as_bool(true);
    std::vector<Hit> hits;
    if (!missing_is_empty(in) || exists(name_in(in)))
      hits = documents_->search(name_in(in), question, [&call] { call.check_cancelled(); });
    dormouse::Map map = out.map();
    dormouse::List list = map.list("hits");
    for (const Hit& hit : hits) {
      dormouse::Map item = list.map();
      search::write_id(hit.document.id, item);
      item.field("score", hit.score);
      if (question.with_text) item.field("title", hit.document.title).field("text", hit.document.text);
      if (question.snippet_bytes > 0) item.field("snippet", hit.snippet);
      if (with_metadata) search::write_metadata(hit.document.metadata, item.field("metadata"));
    }
  }

  void get(Call&, View in, Writer out) const {
    const View hits = in["hits"];
    if (static_cast<bool>(hits) == static_cast<bool>(in["ids"]))
      throw Failure(DM_INVALID_ARGUMENT, "needed either ids or hits, found both or none");
    std::vector<Id> ids;
    if (hits) {
      for (const View hit : hits.items()) ids.push_back(search::id_of(hit["id"], ids.size()));
    } else {
      ids = search::ids_of(in["ids"]);
    }
    if (ids.size() > search::kResultsMax) {
      throw Failure(DM_INVALID_ARGUMENT, "needed at most " + std::to_string(search::kResultsMax) + " ids, found " +
                                             std::to_string(ids.size()));
    }
    const uint32_t snippet = count_in(in, "snippet", 0, 0, kSnippetBytesMax);
    if (snippet > 0 && !in["question"]) throw Failure(DM_INVALID_ARGUMENT, "field 'question': needed for a snippet");
    const bool with_text = in["with_text"].as_bool(true);
    std::vector<Document> documents;
    if (!missing_is_empty(in) || exists(name_in(in))) documents = documents_->get(name_in(in), ids);
    dormouse::Map map = out.map();
    dormouse::List list = map.list("documents");
    size_t asked = 0;
    for (const Document& document : documents) {
      // Those found stand in the order of those asked for.
      while (ids[asked].to_string() != document.id.to_string()) ++asked;
      dormouse::Map item = list.map();
      search::write_id(document.id, item);
      if (const View score = hits.at(static_cast<uint32_t>(asked))["score"]) item.field("score", score.as_float());
      item.field("title", document.title);
      if (with_text) item.field("text", document.text);
      if (snippet > 0) item.field("snippet", documents_->snippet(document.text, question_in(in), snippet));
      search::write_metadata(document.metadata, item.field("metadata"));
      ++asked;
    }
  }

  void add(Call& call, View in, Writer out) const {
    const AddResult result = documents_->add(name_in(in), documents_of(in), [&call] { call.check_cancelled(); });
    dormouse::Map map = out.map();
    map.field("added", result.added).field("replaced", result.replaced).field("count", result.count);
  }

  void remove(Call& call, View in, Writer out) const {
    const Selection selection = selection_of(in);
    if (!selection.selects()) throw Failure(DM_INVALID_ARGUMENT, "needed ids or where; to remove everything, use drop");
    const size_t removed = documents_->remove(name_in(in), selection, [&call] { call.check_cancelled(); });
    dormouse::Map map = out.map();
    map.field("removed", removed);
  }

  void stats(Call&, View in, Writer out) const {
    dormouse::Map map = out.map();
    dormouse::List list = map.list("collections");
    each_chosen(in, [&](const std::string& name) {
      const Stats stats = documents_->stats(name);
      dormouse::Map item = list.map();
      item.field("name", stats.name)
          .field("ids", stats.text_ids ? "string" : "int")
          .field("count", stats.count)
          .field("dead_rows", stats.dead_rows)
          .field("terms", stats.terms)
          .field("memory_bytes", stats.memory_bytes)
          .field("snapshot_bytes", stats.snapshot_bytes)
          .field("note", stats.note);
    });
  }

  void save(Call& call, View in, Writer out) const {
    size_t saved = 0;
    uint64_t bytes = 0;
    each_chosen(in, [&](const std::string& name) {
      bytes += documents_->save(name, in["compact"].as_bool(false), [&call] { call.check_cancelled(); });
      ++saved;
    });
    dormouse::Map map = out.map();
    map.field("saved", saved).field("bytes", bytes);
  }

  void drop(Call&, View in, Writer out) const {
    documents_->drop(name_in(in));
    dormouse::Map map = out.map();
    map.field("dropped", name_in(in));
  }

  // Nobody calls now: a good moment to save.
  void trim(Call& call) {
    for (const std::string& name : documents_->names())
      documents_->save(name, false, [&call] { call.check_cancelled(); });
  }

 private:
  bool exists(const std::string& collection) const {
    for (const std::string& name : documents_->names())
      if (name == collection) return true;
    return false;
  }

  // The one that is named, or all but those that somebody drops meanwhile.
  void each_chosen(View in, const std::function<void(const std::string&)>& visit) const {
    if (in["collection"]) return visit(name_in(in));
    for (const std::string& name : documents_->names()) {
      try {
        visit(name);
      } catch (const Failure& failure) {
        if (failure.status() != DM_NOT_FOUND) throw;
      }
    }
  }

  search::StoreLibrary library_;  // outlives the store
  dormouse::Host host_;
  Bm25 bm25_;
  // The methods are const, for they run side by side; what is shared in here locks for itself.
  mutable std::optional<Documents> documents_;
};

constexpr dormouse::Type<TextSearch> search_type("search.text", dormouse::method<&TextSearch::search>("search"),
                                                 dormouse::method<&TextSearch::get>("get"),
                                                 dormouse::method<&TextSearch::add>("add"),
                                                 dormouse::method<&TextSearch::remove>("remove"),
                                                 dormouse::method<&TextSearch::stats>("stats"),
                                                 dormouse::method<&TextSearch::save>("save"),
                                                 dormouse::method<&TextSearch::drop>("drop"));
constexpr dormouse::Plugin plugin("search-text", "1.0.0", search_type);

}  // namespace

constexpr dm_plugin dormouse_plugin = plugin.table();
