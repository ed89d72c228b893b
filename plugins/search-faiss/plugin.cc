// Plugin search-faiss: type `search.faiss`. README.md tells what a collection is, what lasts and how it was measured;
// here is only the translation between the ABI and collections.h.
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "bounds.h"
#include "collections.h"
#include "dormouse/arguments.hpp"
#include "dormouse/plugin.hpp"
#include "search/id_values.h"

namespace {

using namespace dormouse::search;
using dormouse::Call;
using dormouse::count_in;
using dormouse::Failure;
using dormouse::View;
using dormouse::Writer;

// The stamp of what made the vectors.
std::string model_in(View in) {
  constexpr size_t kStampBytesMax = 128;
  const std::string_view model = in["model"].as_string("");
  if (model.size() <= kStampBytesMax) return std::string(model);
  throw Failure(DM_INVALID_ARGUMENT, "field 'model': needed at most " + std::to_string(kStampBytesMax) +
                                         " bytes, found " + std::to_string(model.size()));
}

std::string name_in(View in) {
  return std::string(in["collection"].as_string("default"));
}

Selection selection_of(View in) {
  Selection selection;
  if (in["ids"]) selection.ids = ids_of(in["ids"]);
  for (const auto& [key, value] : in["where"].entries()) selection.fields.push_back(encode_field(key, value, "where"));
  return selection;
}

void write_hits(const std::vector<Hit>& hits, bool with_metadata, Writer out) {
  dormouse::List list = out.list();
  for (const Hit& hit : hits) {
    dormouse::Map map = list.map();
    write_id(hit.id, map);
    map.field("score", hit.score);
    if (with_metadata) write_metadata(hit.metadata, map.field("metadata"));
  }
}

void write_stats(const Stats& stats, Writer out) {
  dormouse::Map map = out.map();
  map.field("name", stats.name)
      .field("kind", word(stats.spec.kind))
      .field("metric", word(stats.spec.metric))
      .field("dimension", stats.spec.dimension)
      .field("ids", stats.spec.text_ids ? "string" : "int")
      .field("count", stats.count)
      .field("dead_rows", stats.dead_rows)
      .field("trained", stats.trained)
      .field("memory_bytes", stats.memory_bytes)
      .field("store_bytes", stats.store_bytes)
      .field("snapshot_bytes", stats.snapshot_bytes)
      .field("transaction", stats.transaction)
      .field("snapshot_transaction", stats.snapshot_transaction)
      .field("note", stats.note)
      .field("model", stats.model);
}

class VectorSearch {
 public:
  static std::unique_ptr<VectorSearch> open(dormouse::Open& open) { return std::make_unique<VectorSearch>(open); }

  explicit VectorSearch(dormouse::Open& open) : host_(open.host()) {
    const View settings = open.settings();
    defaults_.kind = kind_of(settings["kind"].as_string());
    defaults_.metric = metric_of(settings["metric"].as_string());
    defaults_.m = static_cast<uint32_t>(settings["m"].as_int());
    defaults_.ef_construction = static_cast<uint32_t>(settings["ef_construction"].as_int());
    defaults_.nlist = static_cast<uint32_t>(settings["nlist"].as_int());
    defaults_.pq_m = static_cast<uint32_t>(settings["pq_m"].as_int());
    defaults_.nbits = static_cast<uint32_t>(settings["nbits"].as_int());
    ef_search_ = settings["ef_search"].as_int();
    nprobe_ = settings["nprobe"].as_int();
    rerank_ = settings["rerank"].as_int();
    CollectionOptions options;
    options.threads = static_cast<unsigned>(settings["threads"].as_int());
    options.sync = settings["sync"].as_bool();
    options.warn = [log = host_.log()](const std::string& line) { log.warning(line); };
    collections_.emplace(std::string(open.data_dir()), options, [&open] { open.call().check_cancelled(); });
  }

  // What changed is saved, so that the next load is quick. Nothing is lost when that fails.
  ~VectorSearch() {
    for (const Collections::Shared& collection : collections_->all()) {
      try {
        if (collection->changed()) collection->save(false, [] {});
      } catch (const std::exception& e) {
        host_.log().warning("not saved at closing: " + std::string(e.what()));
      }
    }
  }

  void search(Call& call, View in, Writer out) const {
    const Ask ask = ask_of(in);
    const auto hits = ask.collection->search(std::span(&ask.vector, 1), ask.dimension, ask.question,
                                             [&call] { call.check_cancelled(); });
    dormouse::Map map = out.map();
    write_hits(hits[0], ask.question.with_metadata, map.field("hits"));
  }

  // Those that ask the same collection in the same way are searched together; one that fails fails alone.
  void search_batch(dormouse::Batch& batch) const {
    using Sort = std::tuple<const Collection*, size_t, uint32_t, uint32_t, uint32_t, uint32_t, bool, std::string>;
    std::vector<Ask> asks(batch.size());
    std::map<Sort, std::vector<uint32_t>> groups;
    for (uint32_t i = 0; i < batch.size(); ++i) {
      if (!batch.attempt(i, [&] { asks[i] = ask_of(batch.in(i)); })) continue;
      const Ask& ask = asks[i];
      if (ask.question.among.selects()) {
        answer_alone(batch, i);
        continue;
      }
      groups[{ask.collection.get(), ask.dimension, ask.question.k, ask.question.ef, ask.question.nprobe,
              ask.question.rerank, ask.question.with_metadata, ask.question.model}]
          .push_back(i);
    }
    for (const auto& [sort, members] : groups) answer_together(batch, asks, members);
  }

  void search_many(Call& call, View in, Writer out) const {
    const dormouse::Tensor<float> vectors = in["vectors"].as_tensor<float>();
    const auto count = static_cast<size_t>(vectors.shape[0]), dimension = static_cast<size_t>(vectors.shape[1]);
    const Question question = question_of(in, false);
    const Collections::Shared collection = collections_->get(name_in(in));
    dormouse::Map map = out.map();
    dormouse::List results = map.list("results");
    // In parts, so that what is found does not pile up beside what is written.
    for (size_t first = 0; first < count; first += kQueriesAtOnce) {
      std::vector<const float*> queries;
      for (size_t i = first; i < std::min(count, first + kQueriesAtOnce); ++i)
        queries.push_back(vectors.data + i * dimension);
      for (const auto& hits : collection->search(queries, dimension, question, [&call] { call.check_cancelled(); }))
        write_hits(hits, question.with_metadata, results.item());
    }
  }

  void add(Call& call, View in, Writer out) const {
    const dormouse::Tensor<float> vectors = in["vectors"].as_tensor<float>();
    const auto count = static_cast<size_t>(vectors.shape[0]);
    Rows rows;
    rows.vectors = vectors.data;
    rows.dimension = static_cast<size_t>(vectors.shape[1]);
    rows.model = model_in(in);
    rows.ids = ids_of(in["ids"]);
    need_one_each("ids", rows.ids.size(), count);
    if (const View metadata = in["metadata"]) {
      need_one_each("metadata", metadata.size(), count);
      for (const View item : metadata.items())
        rows.metadata.push_back(encode_metadata(item, "metadata of row " + std::to_string(rows.metadata.size())));
    }
    if (count == 0) throw Failure(DM_INVALID_ARGUMENT, "vectors: needed at least one row, found none");
    Spec spec = defaults_;
    spec.dimension = static_cast<uint32_t>(std::min<size_t>(rows.dimension, kDimensionMax + 1));
    spec.text_ids = rows.ids[0].is_text;
    const std::string name = name_in(in);
    const AddResult result = collections_->add(name, spec, rows, [&call] { call.check_cancelled(); });
    dormouse::Map map = out.map();
    map.field("added", result.added).field("replaced", result.replaced).field("count", result.count);
  }

  void remove(Call&, View in, Writer out) const {
    const Selection selection = selection_of(in);
    if (!selection.selects()) throw Failure(DM_INVALID_ARGUMENT, "needed ids or where; to remove everything, use drop");
    const size_t removed = collections_->get(name_in(in))->remove(selection);
    dormouse::Map map = out.map();
    map.field("removed", removed);
  }

  void create(Call&, View in, Writer out) const {
    Spec spec = defaults_;
    spec.dimension = count_in(in, "dimension", 0, 1, kDimensionMax);
    if (in["kind"]) spec.kind = kind_of(in["kind"].as_string());
    if (in["metric"]) spec.metric = metric_of(in["metric"].as_string());
    const std::string_view ids = in["ids"].as_string("int");
    if (ids != "int" && ids != "string")
      throw Failure(DM_INVALID_ARGUMENT, "field 'ids': needed 'int' or 'string', found '" + std::string(ids) + "'");
    spec.text_ids = ids == "string";
    spec.m = count_in(in, "m", spec.m, 2, 128);
    spec.ef_construction = count_in(in, "ef_construction", spec.ef_construction, 4, kEffortMax);
    spec.nlist = count_in(in, "nlist", spec.nlist, 0, kListsMax);
    spec.pq_m = count_in(in, "pq_m", spec.pq_m, 0, kDimensionMax);
    spec.nbits = count_in(in, "nbits", spec.nbits, 4, 8);
    collections_->create(name_in(in), spec);
    dormouse::Map map = out.map();
    map.field("collection", name_in(in));
  }

  void train(Call& call, View in, Writer out) const {
    const size_t lists = collections_->get(name_in(in))->train([&call] { call.check_cancelled(); });
    dormouse::Map map = out.map();
    map.field("lists", lists);
  }

  void stats(Call& call, View in, Writer out) const {
    dormouse::Map map = out.map();
    {
      dormouse::List list = map.list("collections");
      each_chosen(in, [&](Collection& collection) {
        if (in["verify"].as_bool(false)) collection.verify([&call] { call.check_cancelled(); });
        const Stats stats = collection.stats();
        write_stats(stats, list.item());
      });
    }
    {
      dormouse::Map damaged = map.map("damaged");
      for (const auto& [name, cause] : collections_->damaged()) damaged.field(name, cause);
    }
    map.field("kernels", best_kernels().name);
  }

  void save(Call& call, View in, Writer out) const {
    size_t saved = 0;
    uint64_t bytes = 0;
    each_chosen(in, [&](Collection& collection) {
      bytes += collection.save(in["compact"].as_bool(false), [&call] { call.check_cancelled(); });
      ++saved;
    });
    dormouse::Map map = out.map();
    map.field("saved", saved).field("bytes", bytes);
  }

  void drop(Call&, View in, Writer out) const {
    collections_->drop(name_in(in));
    dormouse::Map map = out.map();
    map.field("dropped", name_in(in));
  }

  // Nobody calls now: a good moment to save, and to give back what only speed needs.
  void trim(Call& call) {
    for (const Collections::Shared& collection : collections_->all()) {
      if (collection->changed()) collection->save(false, [&call] { call.check_cancelled(); });
      collection->trim();
    }
  }

 private:
  static constexpr size_t kQueriesAtOnce = 256;

  // One search, read and not yet looked at. The vector is borrowed from the call.
  struct Ask {
    Collections::Shared collection;
    const float* vector = nullptr;
    size_t dimension = 0;
    Question question;
  };

  Question question_of(View in, bool with_metadata) const {
    Question question;
    question.k = count_in(in, "k", 10, 1, kResultsMax);
    question.ef = count_in(in, "ef", ef_search_, 1, kEffortMax);
    question.nprobe = count_in(in, "nprobe", nprobe_, 1, kListsMax);
    question.rerank = count_in(in, "rerank", rerank_, 1, kRerankMax);
    question.among = selection_of(in);
    question.with_metadata = in["metadata"].as_bool(with_metadata);
    question.model = model_in(in);
    return question;
  }

  Ask ask_of(View in) const {
    const dormouse::Tensor<float> vector = in["vector"].as_tensor<float>();
    return {collections_->get(name_in(in)), vector.data, vector.size, question_of(in, true)};
  }

  void answer_alone(const dormouse::Batch& batch, uint32_t i) const {
    batch.answer(i, [&](Writer out) {
      Call call = batch.call(i);
      search(call, batch.in(i), out);
    });
  }

  void answer_together(const dormouse::Batch& batch, const std::vector<Ask>& asks,
                       const std::vector<uint32_t>& members) const {
    const Ask& first = asks[members[0]];
    std::vector<const float*> vectors;
    vectors.reserve(members.size());
    for (const uint32_t i : members) vectors.push_back(asks[i].vector);
    std::vector<std::vector<Hit>> answers;
    try {
      answers = first.collection->search(vectors, first.dimension, first.question, [] {});
    } catch (const Failure&) {
      // Whose fault it is shows when each asks for itself.
      for (const uint32_t i : members) answer_alone(batch, i);
      return;
    }
    for (size_t m = 0; m < members.size(); ++m) {
      batch.answer(members[m], [&](Writer out) {
        dormouse::Map map = out.map();
        write_hits(answers[m], first.question.with_metadata, map.field("hits"));
      });
    }
  }

  // The one that is named, or all but those that somebody drops meanwhile.
  void each_chosen(View in, const std::function<void(Collection&)>& visit) const {
    if (in["collection"]) return visit(*collections_->get(name_in(in)));
    for (const Collections::Shared& collection : collections_->all()) {
      try {
        visit(*collection);
      } catch (const Failure& failure) {
        if (failure.status() != DM_NOT_FOUND) throw;
      }
    }
  }

  static void need_one_each(const char* field, size_t found, size_t needed) {
    if (found == needed) return;
    throw Failure(DM_INVALID_ARGUMENT, std::string("field '") + field + "': needed one for each of " +
                                           std::to_string(needed) + " vectors, found " + std::to_string(found));
  }

  StoreLibrary library_;  // outlives the collections
  dormouse::Host host_;
  Spec defaults_;
  int64_t ef_search_ = 0;
  int64_t nprobe_ = 0;
  int64_t rerank_ = 0;
  // The methods are const, for they run side by side; what is shared in here locks for itself.
  mutable std::optional<Collections> collections_;
};

constexpr dormouse::Type<VectorSearch> search_type(
    "search.faiss", dormouse::method<&VectorSearch::search, &VectorSearch::search_batch>("search"),
    dormouse::method<&VectorSearch::search_many>("search_many"), dormouse::method<&VectorSearch::add>("add"),
    dormouse::method<&VectorSearch::remove>("remove"), dormouse::method<&VectorSearch::create>("create"),
    dormouse::method<&VectorSearch::train>("train"), dormouse::method<&VectorSearch::stats>("stats"),
    dormouse::method<&VectorSearch::save>("save"), dormouse::method<&VectorSearch::drop>("drop"));
constexpr dormouse::Plugin plugin("search-faiss", "1.0.0", search_type);

}  // namespace

constexpr dm_plugin dormouse_plugin = plugin.table();
