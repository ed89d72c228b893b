// A host to be killed: checks that everything acknowledged so far is there, then adds until it is killed, and tells
// each acknowledgement by a line on its output.
//   text_adder STATE_DIR ACKNOWLEDGED
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "integration/plugins/search-text/text_host.h"

namespace {

using namespace dormouse;

void check(TextHost& texts, int64_t acknowledged) {
  if (texts.count() < acknowledged)
    throw std::runtime_error("of " + std::to_string(acknowledged) + " are left " + std::to_string(texts.count()));
  for (int64_t number = 0; number < acknowledged; ++number) {
    if (texts.search(word_of(number)) != std::vector<std::string>{std::to_string(number)})
      throw std::runtime_error("lost: " + std::to_string(number));
  }
}

void add_until_killed(TextHost& texts, int64_t next) {
  for (;;) {
    std::vector<std::string> ids, added;
    for (int64_t n = 1 + next % 7; n > 0; --n, ++next) {
      ids.push_back(std::to_string(next));
      added.push_back("document " + word_of(next) + " stays");
    }
    if (next % 4 == 0) {  // one that is there already, so that rows die as well
      ids.emplace_back("0");
      added.push_back("document " + word_of(0) + " again");
    }
    if (const Status status = texts.add(ids, added); !status.ok()) throw std::runtime_error(status.to_string());
    const std::string line = std::to_string(next) + "\n";
    if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
      throw std::runtime_error("deaf");
    // Now and then a snapshot, so that the kill meets that as well.
    if (next % 5 != 0) continue;
    if (const Status saved = texts.call("save", value_with([](ValueWriter&) {})); !saved.ok())
      throw std::runtime_error(saved.to_string());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    TextHost texts(argv[1]);
    const int64_t acknowledged = std::atoll(argv[2]);
    if (acknowledged > 0) check(texts, acknowledged);
    add_until_killed(texts, acknowledged);
  } catch (const std::exception& e) {
    std::cerr << "FAILED " << e.what() << std::endl;
    _exit(1);
  }
}
