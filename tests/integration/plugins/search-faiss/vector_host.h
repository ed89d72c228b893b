// A host with one component of type search.faiss, and its methods as functions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "support/live/live_registry.h"

namespace dormouse {

struct VectorHit {
  int64_t id = -1;
  double score = 0;
};

// A vector that only this id has, so that who asks with it must find that id first.
std::vector<float> vector_of(int64_t id);
inline constexpr size_t kVectorSize = 8;

class VectorHost {
 public:
  // `state_dir` empty: a folder of its own.
  VectorHost(const std::string& kind, int64_t threads, const std::string& state_dir = "");

  // What a call ended in; `answer` keeps its value.
  Status call(const std::string& method, const Value& in);
  const Value& answer() const { return answer_; }

  Status add(const std::vector<float>& vectors, size_t dimension, int64_t first_id,
             const std::string& collection = "default");
  std::vector<VectorHit> search(const float* vector, size_t dimension, int64_t k);
  std::vector<int64_t> nearest_of_each(const std::vector<float>& vectors, size_t dimension);
  int64_t count();
  // Throws unless all ids below this are there: counted, and each found by its own vector_of.
  void must_have(int64_t ids);
  void unload();

  LiveRegistry host;
  Component& component;

 private:
  std::map<std::string, uint32_t> methods_;
  Value answer_;
};

// A map of the fields written by `fill`.
template <class Fill>
Value value_with(const Fill& fill) {
  ValueWriter writer;
  writer.map_begin();
  fill(writer);
  writer.map_end();
  return *writer.finish();
}
void write_floats(ValueWriter& writer, const char* key, const float* data, std::vector<int64_t> shape);

}  // namespace dormouse
