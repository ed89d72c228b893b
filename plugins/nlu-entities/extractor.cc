#include "extractor.h"

#include <algorithm>

#include "nlu/text_position.h"

namespace dormouse::entities {
namespace {

// Spans that keep their place: added in the order of who wins.
class Taken {
 public:
  explicit Taken(std::vector<Entity>* entities) : entities_(entities) {}
  // `own` comes in order, without overlaps among each other.
  void add(const std::vector<Entity>& own) {
    const size_t before = entities_->size();
    size_t at = 0;
    for (const Entity& entity : own) {
      while (at < before && (*entities_)[at].end <= entity.begin) ++at;
      if (at == before || (*entities_)[at].begin >= entity.end) added_.push_back(entity);
    }
    entities_->insert(entities_->end(), added_.begin(), added_.end());
    added_.clear();
    std::inplace_merge(entities_->begin(), entities_->begin() + static_cast<ptrdiff_t>(before), entities_->end(),
                       [](const Entity& a, const Entity& b) { return a.begin < b.begin; });
  }

 private:
  std::vector<Entity>* entities_;
  std::vector<Entity> added_;
};

bool is_wanted(const std::vector<std::string>& types, std::string_view type) {
  return types.empty() || std::find(types.begin(), types.end(), type) != types.end();
}

// Whether there is nothing but spaces, signs and small words that belong to dates and times in `text`.
bool says_nothing(std::string_view text) {
  const Lexemes l(text);
  for (size_t i = 0; i < l.size(); ++i) {
    constexpr std::string_view kSmall[] = {"at", "on", "for", "in", "the", "by", "from", "around", "about"};
    if (l[i].kind != LexemeKind::sign &&
        std::find(std::begin(kSmall), std::end(kSmall), l.word(i)) == std::end(kSmall)) {
      return false;
    }
  }
  return true;
}

void lend_value(std::string_view text, const std::vector<ExactSpan>& exact, Entity* entity) {
  const auto inside = [&](const ExactSpan& s) { return s.begin >= entity->begin && s.end <= entity->end; };
  const auto first = std::lower_bound(exact.begin(), exact.end(), entity->begin,
                                      [](const ExactSpan& s, size_t begin) { return s.begin < begin; });
  if (first == exact.end() || !inside(*first)) return;
  if (const auto second = first + 1; second != exact.end() && inside(*second)) return;
  if (says_nothing(text.substr(entity->begin, first->begin - entity->begin)) &&
      says_nothing(text.substr(first->end, entity->end - first->end))) {
    if (!std::holds_alternative<std::monostate>(first->value)) entity->value = first->value;
  }
}

// Byte offsets to code points, in one pass over the text.
void count_code_points(std::string_view text, std::vector<Entity>* entities) {
  size_t at = 0, count = 0;
  const auto reach = [&](size_t byte) {
    for (; at < byte; ++at) count += (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
    return count;
  };
  for (Entity& e : *entities) {
    e.start = reach(e.begin);
    e.stop = reach(e.end);
  }
}

}  // namespace

Extractor::Extractor(std::optional<Model> model, Gazetteer gazetteer, uint32_t exact_kinds, double min_confidence)
    : model_(std::move(model)),
      gazetteer_(std::move(gazetteer)),
      exact_kinds_(exact_kinds),
      min_confidence_(min_confidence) {
  if (!model_) return;
  for (const std::string& type : model_->types()) {
    if (const auto kind = exact_of(type)) learned_kinds_ |= 1u << static_cast<unsigned>(*kind);
  }
}

std::vector<Entity> Extractor::extract(const Question& question, const std::function<void()>& between) const {
  const std::string_view text = nlu::utf8_prefix(question.text, kTextBytesMax);
  std::vector<Entity> entities, own;
  Taken taken(&entities);
  const auto add = [&](std::string_view type, size_t begin, size_t end, double confidence,
                       std::optional<ExactValue> value) {
    if (is_wanted(question.types, type)) own.push_back({type, begin, end, 0, 0, confidence, std::move(value)});
  };
  for (const GazetteerSpan& s : gazetteer_.find(text)) {
    add(s.type, s.begin, s.end, 1, s.value.empty() ? std::nullopt : std::optional<ExactValue>(std::string(s.value)));
  }
  taken.add(own);
  own.clear();
  between();
  const std::vector<ExactSpan> exact = recognise(text, exact_kinds_, question.now, question.locale);
  if (model_) {
    for (const LearnedSpan& s : model_->find(text, question.expected, between)) {
      if (s.confidence < min_confidence_) continue;
      add(model_->types()[s.type], s.begin, s.end, s.confidence, std::nullopt);
      if (!own.empty() && own.back().begin == s.begin) lend_value(text, exact, &own.back());
    }
  }
  taken.add(own);
  own.clear();
  for (const ExactSpan& s : exact) {
    if (learned_kinds_ >> static_cast<unsigned>(s.kind) & 1) continue;
    const bool known = !std::holds_alternative<std::monostate>(s.value);
    add(exact_name(s.kind), s.begin, s.end, 1, known ? std::optional(s.value) : std::nullopt);
  }
  taken.add(own);
  count_code_points(text, &entities);
  return entities;
}

}  // namespace dormouse::entities
