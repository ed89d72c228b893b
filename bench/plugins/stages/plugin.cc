// Three small stages, so that what is measured is the way between them. The peer's are in bench/peers/stages.lua.
#include <charconv>
#include <cstdint>
#include <memory>
#include <string_view>

#include "dormouse/plugin.hpp"

namespace {

class Stages {
 public:
  static std::unique_ptr<Stages> open(dormouse::Open&) { return std::make_unique<Stages>(); }

  void parse(dormouse::Call&, dormouse::View in, dormouse::Writer out) const {
    const std::string_view digits = in["id"].as_string();
    int64_t id = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), id);
    if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size() || digits[0] == '-')
      throw dormouse::Failure(DM_INVALID_ARGUMENT, "'id' is no number");
    out.map().field("id", id).field("text", in["text"]);
  }

  void hash(dormouse::Call&, dormouse::View in, dormouse::Writer out) const {
    uint64_t hash = 0xcbf29ce484222325;
    for (const char c : in["text"].as_string()) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    char digits[16];
    for (int i = 15; i >= 0; --i, hash >>= 4) digits[i] = "0123456789abcdef"[hash & 15];
    out.map().field("hash", std::string_view(digits, sizeof digits));
  }

  void respond(dormouse::Call&, dormouse::View in, dormouse::Writer out) const {
    out.map().field("id", in["id"]).field("text", in["text"]).field("hash", in["hash"]);
  }
};

constexpr dormouse::Type<Stages> stages_type("stages", dormouse::method<&Stages::parse>("parse"),
                                             dormouse::method<&Stages::hash>("hash"),
                                             dormouse::method<&Stages::respond>("respond"));
constexpr dormouse::Plugin plugin("stages", "1.0.0", stages_type);

}  // namespace

constexpr dm_plugin dormouse_plugin = plugin.table();
