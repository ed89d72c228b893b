// A host to be killed: checks that everything acknowledged so far is there, then adds until it is killed, and tells
// each acknowledgement by a line on its output.
//   vector_adder STATE_DIR ACKNOWLEDGED add|save|unload
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "integration/plugins/search-faiss/vector_host.h"

namespace {

using namespace dormouse;

void must(const Status& status) {
  if (!status.ok()) throw std::runtime_error(status.to_string());
}

// What the kill is to meet beside adds: mostly nothing, a snapshot being written, the component leaving.
void do_beside(VectorHost& vectors, const std::string& beside, int64_t next) {
  if (beside == "save" || (beside == "add" && next % 5 == 0))
    must(vectors.call("save", value_with([](ValueWriter&) {})));
  if (beside == "unload") vectors.unload();
}

void add_until_killed(VectorHost& vectors, const std::string& beside, int64_t next) {
  for (;;) {
    const int64_t n = 1 + next % 7;
    std::vector<float> rows;
    for (int64_t id = next; id < next + n; ++id)
      for (const float x : vector_of(id)) rows.push_back(x);
    must(vectors.add(rows, kVectorSize, next));
    next += n;
    const std::string line = std::to_string(next) + "\n";
    if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
      throw std::runtime_error("deaf");
    do_beside(vectors, beside, next);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  try {
    VectorHost vectors("flat", 1, argv[1]);
    const int64_t acknowledged = std::atoll(argv[2]);
    if (acknowledged > 0) vectors.must_have(acknowledged);
    add_until_killed(vectors, argv[3], acknowledged);
  } catch (const std::exception& e) {
    std::cerr << "FAILED " << e.what() << std::endl;
    _exit(1);
  }
}
