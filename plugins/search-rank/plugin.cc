// Plugin search-rank: type `search.rank`, methods `fuse` and `diversify`. README.md tells what they are for; here is
// only the translation between the ABI and rank.h.
#include <memory>
#include <string>
#include <vector>

#include "dormouse/arguments.hpp"
#include "dormouse/plugin.hpp"
#include "rank.h"

namespace {

using dormouse::count_in;
using dormouse::Failure;
using dormouse::number_in;
using dormouse::View;
using dormouse::Writer;

constexpr int64_t kHitsMax = 10'000;  // in one list, as of the searches
constexpr uint32_t kListsMax = 64;
constexpr uint32_t kFusedMax = 20'000;  // hits of all lists: what runs where the call is made must not take long

void need_at_most(const char* what, uint32_t found, int64_t most) {
  if (found > most) {
    throw Failure(DM_INVALID_ARGUMENT,
                  std::string(what) + ": needed at most " + std::to_string(most) + ", found " + std::to_string(found));
  }
}

// The number 7 and the string "7" are different ids.
std::string key_of(View id) {
  if (id.kind() == DM_INT) return "#" + std::to_string(id.as_int());
  if (id.kind() == DM_STRING) return "'" + std::string(id.as_string());
  throw Failure(DM_INVALID_ARGUMENT,
                std::string("a hit: needed an id that is int or string, found ") + dormouse::kind_word(id.kind()));
}

void need_kind(View hit, const char* field, int needed) {
  const View value = hit[field];
  if (!value || value.kind() == needed) return;
  throw Failure(DM_INVALID_ARGUMENT, std::string("a hit: field '") + field + "': needed " +
                                         dormouse::kind_word(needed) + ", found " + dormouse::kind_word(value.kind()));
}

// A hit as it came, with another score.
void write_hit(View hit, double score, Writer out) {
  for (const char* field : {"title", "text", "snippet"}) need_kind(hit, field, DM_STRING);
  need_kind(hit, "metadata", DM_MAP);
  dormouse::Map map = out.map();
  map.field("id", hit["id"]).field("score", score);
  for (const char* field : {"title", "text", "snippet", "metadata"})
    if (const View value = hit[field]) map.field(field, value);
}

class Rank {
 public:
  static std::unique_ptr<Rank> open(dormouse::Open&) { return std::make_unique<Rank>(); }

  void fuse(dormouse::Call&, View in, Writer out) const {
    const View given = in["lists"], weights = in["weights"];
    need_at_most("field 'lists'", given.size(), kListsMax);
    if (weights && weights.size() != given.size()) {
      throw Failure(DM_INVALID_ARGUMENT, "field 'weights': needed one for each of " + std::to_string(given.size()) +
                                             " lists, found " + std::to_string(weights.size()));
    }
    uint32_t all = 0;
    for (const View list : given.items()) {
      need_at_most("hits of a list", list.size(), kHitsMax);
      all += list.size();
    }
    need_at_most("field 'lists': hits of all lists together", all, kFusedMax);
    std::vector<dormouse::rank::RankedList> lists(given.size());
    for (uint32_t i = 0; i < lists.size(); ++i) {
      for (const View hit : given.at(i).items()) lists[i].keys.push_back(key_of(hit["id"]));
      if (!weights) continue;
      lists[i].weight = weights.at(i).as_float();
      if (!(lists[i].weight >= 0 && lists[i].weight <= 1e6))
        throw Failure(DM_INVALID_ARGUMENT,
                      "field 'weights': needed 0 to 1000000, found " + std::to_string(lists[i].weight));
    }
    const double constant = number_in(in, "constant", 60, 0, 1000);
    dormouse::Map map = out.map();
    dormouse::List hits = map.list("hits");
    for (const dormouse::rank::Fused& fused :
         dormouse::rank::fuse(lists, constant, count_in(in, "k", 10, 1, kHitsMax))) {
      const View hit = given.at(static_cast<uint32_t>(fused.list)).at(static_cast<uint32_t>(fused.position));
      write_hit(hit, fused.score, hits.item());
    }
  }

  void diversify(dormouse::Call&, View in, Writer out) const {
    const View given = in["hits"];
    const dormouse::Tensor<float> vectors = in["vectors"].as_tensor<float>();
    need_at_most("field 'hits'", given.size(), kDiversifiedMax);
    if (vectors.shape[0] != given.size()) {
      throw Failure(DM_INVALID_ARGUMENT, "field 'vectors': needed a row for each of " + std::to_string(given.size()) +
                                             " hits, found " + std::to_string(vectors.shape[0]));
    }
    std::vector<double> relevance;
    for (const View hit : given.items()) {
      key_of(hit["id"]);
      relevance.push_back(hit["score"].as_float());
    }
    dormouse::Map map = out.map();
    dormouse::List hits = map.list("hits");
    for (const size_t i :
         dormouse::rank::diversify(relevance, vectors.data, static_cast<size_t>(vectors.shape[1]),
                                   number_in(in, "lambda", 0.7, 0, 1), count_in(in, "k", 10, 1, kHitsMax))) {
      write_hit(given.at(static_cast<uint32_t>(i)), relevance[i], hits.item());
    }
  }

 private:
  static constexpr int64_t kDiversifiedMax = 1'000;  // each chosen one is compared with all others
};

constexpr dormouse::Type<Rank> rank_type("search.rank", dormouse::method<&Rank::fuse>("fuse"),
                                         dormouse::method<&Rank::diversify>("diversify"));
constexpr dormouse::Plugin plugin("search-rank", "1.0.0", rank_type);

}  // namespace

constexpr dm_plugin dormouse_plugin = plugin.table();
