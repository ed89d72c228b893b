// A host to be killed: checks that everything acknowledged so far is there, then adds until it is killed, and tells
// each acknowledgement by a line on its output.
//   vector_adder STATE_DIR ACKNOWLEDGED
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>

#include "integration/plugins/search-faiss/vector_host.h"

namespace {

using namespace dormouse;

// The ids below `acknowledged`: counted, and each asked for by its own vector.
void check(VectorHost& vectors, int64_t acknowledged) {
  if (vectors.count() < acknowledged)
    throw std::runtime_error("of " + std::to_string(acknowledged) + " are left " + std::to_string(vectors.count()));
  constexpr int64_t kAtOnce = 500;
  for (int64_t first = 0; first < acknowledged; first += kAtOnce) {
    const int64_t last = std::min(acknowledged, first + kAtOnce);
    std::vector<float> asked;
    for (int64_t id = first; id < last; ++id)
      for (const float x : vector_of(id)) asked.push_back(x);
    const std::vector<int64_t> found = vectors.nearest_of_each(asked, kVectorSize);
    for (int64_t id = first; id < last; ++id)
      if (found.at(static_cast<size_t>(id - first)) != id) throw std::runtime_error("lost: " + std::to_string(id));
  }
}

void add_until_killed(VectorHost& vectors, int64_t next) {
  for (;;) {
    const int64_t n = 1 + next % 7;
    std::vector<float> rows;
    for (int64_t id = next; id < next + n; ++id)
      for (const float x : vector_of(id)) rows.push_back(x);
    if (const Status added = vectors.add(rows, kVectorSize, next); !added.ok())
      throw std::runtime_error(added.to_string());
    next += n;
    const std::string line = std::to_string(next) + "\n";
    if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
      throw std::runtime_error("deaf");
    // Now and then a snapshot, so that the kill meets that as well.
    if (next % 5 != 0) continue;
    if (const Status saved = vectors.call("save", value_with([](ValueWriter&) {})); !saved.ok())
      throw std::runtime_error(saved.to_string());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    VectorHost vectors("flat", 1, argv[1]);
    const int64_t acknowledged = std::atoll(argv[2]);
    if (acknowledged > 0) check(vectors, acknowledged);
    add_until_killed(vectors, acknowledged);
  } catch (const std::exception& e) {
    std::cerr << "FAILED " << e.what() << std::endl;
    _exit(1);
  }
}
