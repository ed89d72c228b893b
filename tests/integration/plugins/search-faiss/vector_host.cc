#include "integration/plugins/search-faiss/vector_host.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace dormouse {
namespace {

RegistryOptions options_in(const std::string& state_dir) {
  RegistryOptions options;
  options.state_dir = state_dir;
  return options;
}

void must(const Status& status) {
  if (!status.ok()) throw std::runtime_error(status.to_string());
}

}  // namespace

std::vector<float> vector_of(int64_t id) {
  std::vector<float> vector;
  auto state = static_cast<uint64_t>(id) + 1;
  for (size_t i = 0; i < kVectorSize; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    vector.push_back(static_cast<float>(state >> 40));
  }
  return vector;
}

void write_floats(ValueWriter& writer, const char* key, const float* data, std::vector<int64_t> shape) {
  size_t elements = 1;
  for (const int64_t n : shape) elements *= static_cast<size_t>(n);
  writer.key(key);
  std::memcpy(writer.tensor(DM_F32, shape), data, elements * sizeof(float));
}

VectorHost::VectorHost(const std::string& kind, int64_t threads, const std::string& state_dir)
    : host({DORMOUSE_PLUGINS}, options_in(state_dir)),
      component(host.add("vectors", "search-faiss", value_with([&](ValueWriter& writer) {
                           writer.key("kind");
                           writer.string(kind);
                           writer.key("threads");
                           writer.integer(threads);
                         }))) {
  host.start();
  for (const char* method : {"search", "search_many", "add", "remove", "stats", "save", "drop", "train", "create"})
    methods_[method] = host.method_index(component, method);
}

Status VectorHost::call(const std::string& method, const Value& in) {
  Result<Value> answer = host.ask(component, methods_.at(method), in);
  if (!answer.ok()) return answer.status();
  answer_ = std::move(*answer);
  return {};
}

Status VectorHost::add(const std::vector<float>& vectors, size_t dimension, int64_t first_id,
                       const std::string& collection) {
  const auto n = static_cast<int64_t>(vectors.size() / dimension);
  return call("add", value_with([&](ValueWriter& writer) {
                write_floats(writer, "vectors", vectors.data(), {n, static_cast<int64_t>(dimension)});
                writer.key("ids");
                const int64_t shape[] = {n};
                auto* ids = static_cast<int64_t*>(writer.tensor(DM_I64, shape));
                for (int64_t i = 0; i < n; ++i) ids[i] = first_id + i;
                writer.key("collection");
                writer.string(collection);
              }));
}

std::vector<VectorHit> VectorHost::search(const float* vector, size_t dimension, int64_t k) {
  must(call("search", value_with([&](ValueWriter& writer) {
              write_floats(writer, "vector", vector, {static_cast<int64_t>(dimension)});
              writer.key("k");
              writer.integer(k);
            })));
  std::vector<VectorHit> hits;
  const dm_value list = dm_map_get(answer_.view(), "hits");
  for (uint32_t i = 0; i < dm_count(list); ++i) {
    VectorHit hit;
    dm_get_int(dm_map_get(dm_list_at(list, i), "id"), &hit.id);
    dm_get_float(dm_map_get(dm_list_at(list, i), "score"), &hit.score);
    hits.push_back(hit);
  }
  return hits;
}

std::vector<int64_t> VectorHost::nearest_of_each(const std::vector<float>& vectors, size_t dimension) {
  must(call("search_many", value_with([&](ValueWriter& writer) {
              write_floats(writer, "vectors", vectors.data(),
                           {static_cast<int64_t>(vectors.size() / dimension), static_cast<int64_t>(dimension)});
              writer.key("k");
              writer.integer(1);
            })));
  std::vector<int64_t> ids;
  const dm_value results = dm_map_get(answer_.view(), "results");
  for (uint32_t i = 0; i < dm_count(results); ++i) {
    int64_t id = -1;
    dm_get_int(dm_map_get(dm_list_at(dm_list_at(results, i), 0), "id"), &id);
    ids.push_back(id);
  }
  return ids;
}

int64_t VectorHost::count() {
  must(call("stats", value_with([](ValueWriter&) {})));
  int64_t count = 0;
  dm_get_int(dm_map_get(dm_list_at(dm_map_get(answer_.view(), "collections"), 0), "count"), &count);
  return count;
}

void VectorHost::must_have(int64_t ids) {
  if (const int64_t there = count(); there < ids)
    throw std::runtime_error("of " + std::to_string(ids) + " are left " + std::to_string(there));
  constexpr int64_t kAtOnce = 500;
  for (int64_t first = 0; first < ids; first += kAtOnce) {
    const int64_t last = std::min(ids, first + kAtOnce);
    std::vector<float> asked;
    for (int64_t id = first; id < last; ++id)
      for (const float x : vector_of(id)) asked.push_back(x);
    const std::vector<int64_t> found = nearest_of_each(asked, kVectorSize);
    for (int64_t id = first; id < last; ++id)
      if (found.at(static_cast<size_t>(id - first)) != id) throw std::runtime_error("lost: " + std::to_string(id));
  }
}

void VectorHost::unload() {
  const VerbAnswer answer = host.request(component, Verb::unload, {std::chrono::seconds(60), false});
  must(answer.status);
  if (answer.component.state != State::unloaded) throw std::runtime_error("it stays: " + answer.explanation);
}

}  // namespace dormouse
