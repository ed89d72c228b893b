// A plugin to copy: type `template.words` finds the longest words of a text. Five steps, each marked below.
// Build it with CMakeLists.txt beside this file, inside the project or out of tree.
#include <algorithm>
#include <memory>
#include <string_view>
#include <vector>

#include "dormouse/plugin.hpp"

namespace {

// Step 1: the component. One object for each component of this type in the configuration. It is shared by all calls and
// does not change after open, so no lock is needed.
class Words {
 public:
  // What calls need for scratch: one call at a time has it, and its memory is used again by the next.
  class Scratch;

  // Step 2: open. Settings are checked against the manifest and complete when they arrive here. Heavy work (reading a
  // model, building a table) belongs here and not into constructors of statics: it may take long, it is cancellable,
  // and a failure is an answer: throw dormouse::Failure(DM_NOT_FOUND, "what is missing, and how to make it").
  static std::unique_ptr<Words> open(dormouse::Open& open) {
    auto words = std::make_unique<Words>();
    words->length_min_ = static_cast<size_t>(open.settings()["length_min"].as_int());
    open.host().log().info("ready to look for words");
    return words;
  }

  // Instances. Leave this out when no method needs scratch memory.
  std::unique_ptr<Scratch> create(dormouse::Call&) const { return std::make_unique<Scratch>(*this); }

  // Step 3: methods. One on the component is called by many threads at a time, so it is const: thread rule "any".
  void count(dormouse::Call&, dormouse::View in, dormouse::Writer out) const {
    int64_t count = 0;
    each_word(in["text"].as_string(), [&](std::string_view) { ++count; });
    out.map().field("count", count);
  }

  template <class Visit>
  void each_word(std::string_view text, Visit visit) const {
    constexpr std::string_view kSpace = " \t\r\n";
    for (size_t at = text.find_first_not_of(kSpace); at != std::string_view::npos;) {
      const size_t end = std::min(text.find_first_of(kSpace, at), text.size());
      if (end - at >= length_min_) visit(text.substr(at, end - at));
      at = text.find_first_not_of(kSpace, end);
    }
  }

  // Step 4: capabilities, each optional. The host finds them by their signature.
  //   void trim(dormouse::Call&)             drop caches, stay callable
  //   std::string may_park(dormouse::Call&)  "" or why this component must not be closed now
  // Others (batches, a cache, metrics) are at the top of dormouse/plugin.hpp.

 private:
  size_t length_min_ = 1;
};

class Words::Scratch {
 public:
  explicit Scratch(const Words& words) : words_(words) {}

  // A method of the instance class: one call at a time, thread rule "instance".
  void longest(dormouse::Call& call, dormouse::View in, dormouse::Writer out) {
    found_.clear();
    words_.each_word(in["text"].as_string(), [&](std::string_view word) {
      if (found_.size() % 4096 == 0) call.check_cancelled();
      found_.push_back(word);
    });
    std::stable_sort(found_.begin(), found_.end(), [](auto a, auto b) { return a.size() > b.size(); });
    const auto limit = static_cast<size_t>(std::max<int64_t>(0, in["limit"].as_int(3)));
    found_.resize(std::min(found_.size(), limit));
    out.map().field("words", found_);
    found_.clear();  // they point into the text of this call
  }

 private:
  const Words& words_;
  std::vector<std::string_view> found_;
};

// Step 5: the tables. Names, id and version are the manifest's; the host compares them before it calls anything. All
// three are constants, so nothing runs when the file is mapped.
constexpr dormouse::Type<Words> words_type("template.words", dormouse::method<&Words::count>("count"),
                                           dormouse::method<&Words::Scratch::longest>("longest"));
constexpr dormouse::Plugin plugin("template", "0.1.0", words_type);

}  // namespace

constexpr dm_plugin dormouse_plugin = plugin.table();
