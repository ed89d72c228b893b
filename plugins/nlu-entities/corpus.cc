#include "corpus.h"

#include <algorithm>
#include <boost/json.hpp>
#include <string_view>

#include "dormouse/plugin.hpp"
#include "nlu/lines.h"
#include "nlu/text_position.h"

namespace dormouse::entities {
namespace {

namespace json = boost::json;

constexpr uint64_t kLinesBetweenReports = 1024;
constexpr size_t kTypeBytesMax = 64;

bool is_utf8(std::string_view text) {
  return dm_utf8_valid(reinterpret_cast<const unsigned char*>(text.data()), text.size()) != 0;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

std::string in_quotes(std::string_view text) {
  std::string out(1, '\'');
  return out.append(nlu::printable(text)).append(1, '\'');
}

void check_type(const nlu::Lines& lines, std::string_view type) {
  const bool has_control = std::any_of(type.begin(), type.end(), [](unsigned char c) { return c < ' '; });
  if (type.empty() || type.size() > kTypeBytesMax || is_blank(type) || has_control) {
    lines.refuse("needed the name of a type, of 1 to 64 bytes on one line, found " + in_quotes(type));
  }
}

// ---- .jsonl ----

class JsonRow {
 public:
  JsonRow(const nlu::Lines& lines, std::string_view line) : lines_(lines) {
    boost::system::error_code problem;
    json::parse_options options;
    options.max_depth = 8;
    value_ = json::parse(line, problem, {}, options);
    if (problem)
      lines_.refuse("needed one JSON object a line, found " + in_quotes(line) + " (" + problem.message() + ")");
    if (!value_.is_object()) lines_.refuse("needed a JSON object, found " + in_quotes(line));
  }

  Example read(Overlaps overlaps) {
    for (const auto& [key, value] : value_.get_object()) {
      if (std::find(std::begin(kKeys), std::end(kKeys), std::string_view(key)) == std::end(kKeys)) {
        lines_.refuse("unknown key " + in_quotes(key) + "; known are text, entities, intent, expected");
      }
    }
    Example example;
    example.text = string(value_.get_object(), "text", true);
    example.intent = string(value_.get_object(), "intent", false);
    if (is_blank(example.text)) lines_.refuse("'text' is empty");
    read_expected("expected", &example);
    read_expected("requested_slots", &example);
    if (const json::value* entities = value_.get_object().if_contains("entities")) {
      if (!entities->is_array()) lines_.refuse("'entities' needs a list");
      for (const json::value& entity : entities->get_array()) example.spans.push_back(read_span(entity, example.text));
    } else {
      lines_.refuse("key 'entities' is missing; an empty list says that there are none");
    }
    sort_spans(overlaps, &example);
    return example;
  }

 private:
  // The last ones are in well-known data sets and of no use here.
  static constexpr std::string_view kKeys[] = {"text",     "entities", "intent",   "expected", "requested_slots", "id",
                                               "language", "scenario", "category", "tags",     "intents"};
  static constexpr std::string_view kEntityKeys[] = {"start", "end", "type", "text", "value"};

  std::string string(const json::object& object, std::string_view key, bool required) const {
    const json::value* value = object.if_contains(key);
    if (value == nullptr) {
      if (required) lines_.refuse("key " + in_quotes(key) + " is missing");
      return {};
    }
    if (!value->is_string()) lines_.refuse(in_quotes(key) + " needs a string");
    const std::string_view text = value->get_string();
    if (!is_utf8(text)) lines_.refuse(in_quotes(key) + " is not UTF-8");
    return std::string(text);
  }

  void read_expected(std::string_view key, Example* example) const {
    const json::value* list = value_.get_object().if_contains(key);
    if (list == nullptr) return;
    if (!list->is_array()) lines_.refuse(in_quotes(key) + " needs a list of types");
    for (const json::value& type : list->get_array()) {
      if (!type.is_string()) lines_.refuse(in_quotes(key) + " needs a list of types");
      example->expected.emplace_back(type.get_string().c_str());
    }
  }

  size_t offset(const json::object& object, std::string_view key) const {
    const json::value* value = object.if_contains(key);
    if (value == nullptr || !value->is_int64() || value->get_int64() < 0) {
      lines_.refuse("an entity needs " + in_quotes(key) + ", a number of code points from 0");
    }
    return static_cast<size_t>(value->get_int64());
  }

  ExampleSpan read_span(const json::value& value, const std::string& text) const {
    if (!value.is_object()) lines_.refuse("'entities' needs a list of objects with start, end, type");
    const json::object& object = value.get_object();
    for (const auto& [key, ignored] : object) {
      if (std::find(std::begin(kEntityKeys), std::end(kEntityKeys), std::string_view(key)) == std::end(kEntityKeys)) {
        lines_.refuse("unknown key " + in_quotes(key) + " of an entity; known are start, end, type, text, value");
      }
    }
    const size_t start = offset(object, "start"), end = offset(object, "end");
    const size_t length = nlu::code_point_count(text);
    const std::string found = "from " + std::to_string(start) + " to " + std::to_string(end);
    if (start >= end || end > length) {
      lines_.refuse("needed an entity inside the text of " + std::to_string(length) + " code points, found one " +
                    found);
    }
    ExampleSpan span{nlu::byte_offset(text, start), nlu::byte_offset(text, end), string(object, "type", true)};
    check_type(lines_, span.type);
    const std::string_view covered = std::string_view(text).substr(span.begin, span.end - span.begin);
    if (is_blank(covered)) lines_.refuse("the entity " + found + " holds nothing but spaces");
    if (object.contains("text") && string(object, "text", true) != covered) {
      lines_.refuse("the entity " + found + " says its text is " + in_quotes(string(object, "text", true)) +
                    ", but there stands " + in_quotes(covered));
    }
    return span;
  }

  void sort_spans(Overlaps overlaps, Example* example) const {
    auto& spans = example->spans;
    std::sort(spans.begin(), spans.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
    if (overlaps == Overlaps::first_kept) {
      size_t end = 0;
      std::erase_if(spans, [&](const ExampleSpan& span) {
        const bool hidden = span.begin < end;
        if (!hidden) end = span.end;
        return hidden;
      });
    }
    for (size_t i = 1; i < spans.size(); ++i) {
      if (spans[i].begin < spans[i - 1].end) {
        lines_.refuse("the entities " + in_quotes(spans[i - 1].type) + " and " + in_quotes(spans[i].type) + " overlap");
      }
    }
  }

  const nlu::Lines& lines_;
  json::value value_;
};

// ---- .bio ----

class Sentence {
 public:
  explicit Sentence(const nlu::Lines& lines) : lines_(lines) {}

  bool empty() const { return example_.text.empty(); }
  void comment(std::string_view line) {
    constexpr std::string_view kIntent = "# intent";
    if (line.substr(0, kIntent.size()) != kIntent) return;
    line.remove_prefix(kIntent.size());
    const size_t at = line.find_first_not_of(" =:");
    if (!is_utf8(line)) lines_.refuse("the comment is not UTF-8");
    intent_ = at == std::string_view::npos ? "" : std::string(line.substr(at));
  }
  void token(std::string_view token, std::string_view tag) {
    if (!is_utf8(token) || !is_utf8(tag)) lines_.refuse("the line is not UTF-8");
    if (is_blank(token)) lines_.refuse("the token is empty");
    const bool begins = tag.substr(0, 2) == "B-", goes_on = tag.substr(0, 2) == "I-";
    if (tag != "O" && !begins && !goes_on) lines_.refuse("needed a tag O, B-type or I-type, found " + in_quotes(tag));
    if (!example_.text.empty()) example_.text += ' ';
    const size_t begin = example_.text.size();
    example_.text.append(token);
    if (begins || goes_on) check_type(lines_, tag.substr(2));
    if (begins) {
      example_.spans.push_back({begin, example_.text.size(), std::string(tag.substr(2))});
    } else if (goes_on) {
      if (!inside_ || example_.spans.back().type != tag.substr(2)) {
        lines_.refuse("the tag " + in_quotes(tag) + " does not follow B-" + nlu::printable(tag.substr(2)) +
                      " or itself");
      }
      example_.spans.back().end = example_.text.size();
    }
    inside_ = begins || goes_on;
  }
  Example take() {
    Example example = std::move(example_);
    example.intent = std::move(intent_);
    example_ = Example();
    intent_.clear();
    inside_ = false;
    return example;
  }

 private:
  const nlu::Lines& lines_;
  Example example_;
  std::string intent_;
  bool inside_ = false;
};

using Report = std::function<void(uint64_t, uint64_t)>;

void read_jsonl(nlu::Lines& lines, Overlaps overlaps, const std::function<void(Example&&)>& on_example,
                const Report& on_bytes, nlu::SkippedLines* skipped) {
  while (const auto line = lines.next()) {
    if (is_blank(*line)) continue;
    try {
      on_example(JsonRow(lines, *line).read(overlaps));
    } catch (const nlu::RefusedLine& refused) {
      if (skipped == nullptr) throw;
      skipped->add(refused);
    }
    if (lines.number() % kLinesBetweenReports == 0) on_bytes(lines.bytes_done(), lines.bytes_total());
  }
}

void read_bio_line(const nlu::Lines& lines, std::string_view line, Sentence* sentence) {
  const size_t tab = line.find('\t');
  if (tab == std::string_view::npos && line[0] == '#') {
    sentence->comment(line);
  } else if (tab == std::string_view::npos || line.find('\t', tab + 1) != std::string_view::npos) {
    lines.refuse("needed a token, a tab and a tag, found " + in_quotes(line));
  } else {
    sentence->token(line.substr(0, tab), line.substr(tab + 1));
  }
}

void read_bio(nlu::Lines& lines, const std::function<void(Example&&)>& on_example, const Report& on_bytes,
              nlu::SkippedLines* skipped) {
  Sentence sentence(lines);
  bool refused = false;  // a line of this sentence was
  while (const auto line = lines.next()) {
    if (lines.number() % kLinesBetweenReports == 0) on_bytes(lines.bytes_done(), lines.bytes_total());
    if (is_blank(*line)) {
      Example example = sentence.take();
      if (!refused && !example.text.empty()) on_example(std::move(example));
      refused = false;
      continue;
    }
    if (refused) continue;
    try {
      read_bio_line(lines, *line, &sentence);
    } catch (const nlu::RefusedLine& problem) {
      if (skipped == nullptr) throw;
      skipped->add(problem);
      refused = true;
    }
  }
  if (!refused && !sentence.empty()) on_example(sentence.take());
}

bool ends_with(std::string_view path, std::string_view end) {
  return path.size() >= end.size() && path.substr(path.size() - end.size()) == end;
}

}  // namespace

void read_examples(const std::string& path, const std::function<void(Example&&)>& on_example, const Report& on_bytes,
                   Overlaps overlaps, nlu::SkippedLines* skipped) {
  const bool is_json = ends_with(path, ".jsonl") || ends_with(path, ".jsonl.zst");
  if (!is_json && !ends_with(path, ".bio") && !ends_with(path, ".bio.zst")) {
    throw Failure(DM_INVALID_ARGUMENT, path + ": needed a file .jsonl, .jsonl.zst, .bio or .bio.zst");
  }
  nlu::Lines lines(path);
  if (is_json) {
    read_jsonl(lines, overlaps, on_example, on_bytes, skipped);
  } else {
    read_bio(lines, on_example, on_bytes, skipped);
  }
  on_bytes(lines.bytes_total(), lines.bytes_total());
}

}  // namespace dormouse::entities
