// The same as bad_text.c with the C++ wrapper, whose writer throws.
#include <memory>

#include "dormouse/plugin.hpp"

namespace {

class BadText {
 public:
  static std::unique_ptr<BadText> open(dormouse::Open&) { return std::make_unique<BadText>(); }
  void run(dormouse::Call&, dormouse::View, dormouse::Writer out) const { out.map().field("text", "\xff"); }
};

constexpr dormouse::Type<BadText> bad_text("bad-text-wrapped", dormouse::method<&BadText::run>("run"));
constexpr dormouse::Plugin plugin("bad-text-wrapped", "1.0.0", bad_text);

}  // namespace

constexpr dm_plugin dormouse_plugin = plugin.table();
