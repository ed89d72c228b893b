// Answers each call with its text and the number of calls it was answered with. Some texts misbehave: "missing" fails,
// "wrong" answers another type, "nothing" writes nothing, "all" throws for everybody.
#include "dormouse/plugin.hpp"

namespace {

void count(dormouse::View in, dormouse::Writer out, int64_t together) {
  const std::string_view text = in["text"].as_string();
  if (text == "missing") throw dormouse::Failure(DM_NOT_FOUND, "there is no such text");
  if (text == "nothing") return;
  auto answer = out.map();
  if (text == "wrong")
    answer.field("text", 7);
  else
    answer.field("text", text);
  answer.field("together", together);
}

void count_all(dormouse::Batch& batch) {
  for (uint32_t i = 0; i < batch.size(); ++i)
    if (batch.in(i)["text"].as_string() == "all") throw dormouse::Failure(DM_UNAVAILABLE, "not for any of you");
  for (uint32_t i = 0; i < batch.size(); ++i)
    batch.answer(i, [&](dormouse::Writer out) { count(batch.in(i), out, batch.size()); });
}

struct Scratch {
  void scratch(dormouse::Call&, dormouse::View in, dormouse::Writer out) { count(in, out, 1); }
  void scratch_batch(dormouse::Batch& batch) { count_all(batch); }
};

struct Gathering {
  static std::unique_ptr<Gathering> open(dormouse::Open&) { return std::make_unique<Gathering>(); }
  std::unique_ptr<Scratch> create(dormouse::Call&) const { return std::make_unique<Scratch>(); }
  void count(dormouse::Call&, dormouse::View in, dormouse::Writer out) const { ::count(in, out, 1); }
  void count_batch(dormouse::Batch& batch) const { count_all(batch); }
};

constexpr dormouse::Type<Gathering> gathering("gathering",
                                              dormouse::method<&Gathering::count, &Gathering::count_batch>("count"),
                                              dormouse::method<&Scratch::scratch, &Scratch::scratch_batch>("scratch"));
constexpr dormouse::Plugin plugin("gathering", "1.0.0", gathering);

}  // namespace

constexpr dm_plugin dormouse_plugin = plugin.table();
