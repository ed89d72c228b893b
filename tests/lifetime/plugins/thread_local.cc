// Keeps the last text of each thread in a thread_local with a destructor: the commonest reason why libraries stay
// mapped.
#include <memory>
#include <string>

#include "dormouse/plugin.hpp"

namespace {

thread_local std::string last_text;

class Words {
 public:
  static std::unique_ptr<Words> open(dormouse::Open&) { return std::make_unique<Words>(); }

  void remember(dormouse::Call&, dormouse::View in, dormouse::Writer out) const {
    out.map().field("before", last_text);
    last_text = std::string(in["text"].as_string()) + ", which is longer than the string itself holds in place";
  }
};

constexpr dormouse::Type<Words> words_type("thread-local", dormouse::method<&Words::remember>("remember"));
constexpr dormouse::Plugin plugin("thread-local", "1.0.0", words_type);

}  // namespace

constexpr dm_plugin dormouse_plugin = plugin.table();
