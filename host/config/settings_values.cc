#include "config/settings_values.h"

#include <charconv>
#include <cmath>
#include <filesystem>
#include <optional>

#include "base/file.h"

namespace dormouse {
namespace {

constexpr size_t kSecretBytesMax = size_t{64} << 10;  // a PEM chain; keys and passwords are far smaller

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  for (std::string_view word : words)
    if (text == word) return true;
  return false;
}

// [-+]?[0-9]+ | 0o[0-7]+ | 0x[0-9a-fA-F]+
bool looks_like_integer(std::string_view text, int& base, std::string_view& digits, bool& negative) {
  base = 10;
  digits = text;
  negative = false;
  if (text.starts_with("0o") || text.starts_with("0x")) {
    base = text[1] == 'o' ? 8 : 16;
    digits.remove_prefix(2);
  } else if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) {
    negative = digits[0] == '-';
    digits.remove_prefix(1);
  }
  const std::string_view allowed = base == 8 ? "01234567" : base == 16 ? "0123456789abcdefABCDEF" : "0123456789";
  return !digits.empty() && digits.find_first_not_of(allowed) == std::string_view::npos;
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool looks_like_float(std::string_view text) {
  size_t i = 0;
  const auto digits = [&] {
    const size_t begin = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i - begin;
  };
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  const size_t whole = digits();
  size_t part = 0;
  if (i < text.size() && text[i] == '.') {
    ++i;
    part = digits();
  }
  if (whole + part == 0) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

// Writes one tree twice: with secrets into `real`, without into `shown`.
class SettingsWriter {
 public:
  SettingsWriter(const std::string& file, const std::string& folder, const Environment& environment,
                 std::vector<ConfigError>& errors)
      : file_(file), folder_(folder), environment_(environment), errors_(errors) {}

  void write(const YamlNode& node, const std::string& what) {
    switch (node.kind) {
      case YamlNode::Kind::null:
        return both([](ValueWriter& w) { w.null(); });
      case YamlNode::Kind::scalar:
        return scalar(node, what);
      case YamlNode::Kind::list:
        return list(node, what);
      case YamlNode::Kind::map:
        return is_secret(node) ? secret(*node.pairs[0].second, what) : map(node, what);
    }
  }

  SettingsValues finish(const YamlNode& node, const std::string& what) {
    SettingsValues values;
    Result<Value> real = real_.finish();
    Result<Value> shown = shown_.finish();
    if (!real || !shown) {
      // Only its first sentence: the object would be a place inside the value.
      fault(node, what, (real ? shown : real).status().error().message);
      return values;
    }
    values.real = std::move(*real);
    values.shown = std::move(*shown);
    return values;
  }

  // The outermost map: one setting that happens to be called `secret` is a setting.
  void map(const YamlNode& node, const std::string& what) {
    if (!node.tag.empty()) fault(node, what, "the tag " + node.tag + " is not understood; leave it out");
    both([](ValueWriter& w) { w.map_begin(); });
    for (const auto& [key, value] : node.pairs) {
      both([name = &key->text](ValueWriter& w) { w.key(*name); });
      write(*value, what + "." + key->text);
    }
    both([](ValueWriter& w) { w.map_end(); });
  }

 private:
  static bool is_secret(const YamlNode& map) { return map.pairs.size() == 1 && map.pairs[0].first->text == "secret"; }
  template <class Write>
  void both(Write write) {
    write(real_);
    write(shown_);
  }
  void fault(const YamlNode& node, const std::string& what, const std::string& message) {
    errors_.push_back({file_, node.line, node.column, what + ": " + message});
  }

  void list(const YamlNode& node, const std::string& what) {
    if (!node.tag.empty()) fault(node, what, "the tag " + node.tag + " is not understood; leave it out");
    both([](ValueWriter& w) { w.list_begin(); });
    for (size_t i = 0; i < node.items.size(); ++i) write(*node.items[i], what + "[" + std::to_string(i) + "]");
    both([](ValueWriter& w) { w.list_end(); });
  }

  void scalar(const YamlNode& node, const std::string& what) {
    const std::string_view text = node.text;
    const std::string tag = node.tag.starts_with("tag:yaml.org,2002:") ? "!!" + node.tag.substr(18) : node.tag;
    const bool untyped = node.plain;
    if (tag == "!!str" || (tag.empty() && !untyped)) return both([&](ValueWriter& w) { w.string(text); });
    if (!tag.empty() && !is_one_of(tag, {"!!null", "!!bool", "!!int", "!!float"})) {
      fault(node, what, "the tag " + tag + " is not understood; leave it out, or quote what is a text");
      return both([](ValueWriter& w) { w.null(); });
    }
    if ((untyped || tag == "!!null") && is_one_of(text, {"", "~", "null", "Null", "NULL"}))
      return both([](ValueWriter& w) { w.null(); });
    if ((untyped || tag == "!!bool") && is_one_of(text, {"true", "True", "TRUE"}))
      return both([](ValueWriter& w) { w.boolean(true); });
    if ((untyped || tag == "!!bool") && is_one_of(text, {"false", "False", "FALSE"}))
      return both([](ValueWriter& w) { w.boolean(false); });
    if (untyped || tag == "!!int") {
      int base = 10;
      std::string_view digits;
      bool negative = false;
      if (looks_like_integer(text, base, digits, negative)) {
        if (tag.empty() || tag == "!!int") return integer(node, what, base, digits, negative);
      }
    }
    if (untyped || tag == "!!float") {
      if (looks_like_float(text)) return number(node, what);
      if (is_one_of(text, {".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "-.inf", "-.Inf", "-.INF", "+.inf"})) {
        fault(node, what, "needed a finite number, found " + node.text);
        return both([](ValueWriter& w) { w.null(); });
      }
    }
    if (!untyped) fault(node, what, "'" + node.text + "' cannot be read as " + tag);
    both([&](ValueWriter& w) { w.string(text); });
  }

  void integer(const YamlNode& node, const std::string& what, int base, std::string_view digits, bool negative) {
    // from_chars knows '-', so that the smallest integer can be read.
    const std::string signed_digits = (negative ? "-" : "") + std::string(digits);
    int64_t value = 0;
    const auto [end, error] =
        std::from_chars(signed_digits.data(), signed_digits.data() + signed_digits.size(), value, base);
    if (error != std::errc() || end != signed_digits.data() + signed_digits.size())
      fault(node, what, "needed a 64-bit integer, found " + node.text.substr(0, 40) + "; quote what is a text");
    both([&](ValueWriter& w) { w.integer(value); });
  }

  void number(const YamlNode& node, const std::string& what) {
    std::string_view text = node.text;
    if (text.starts_with('+')) text.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || !std::isfinite(value)) {
      fault(node, what, "needed a finite number, found " + node.text.substr(0, 40));
      value = 0;
    }
    both([&](ValueWriter& w) { w.number(value); });
  }

  void secret(const YamlNode& source, const std::string& what) {
    const std::optional<std::string> value = resolve(source, what);
    real_.string(value.value_or(""));
    shown_.string("(secret " + source.text + ")");
  }

  std::optional<std::string> resolve(const YamlNode& source, const std::string& what) {
    const std::string& text = source.text;
    if (source.kind == YamlNode::Kind::scalar && text.starts_with("env:") && text.size() > 4) {
      const auto found = environment_.find(text.substr(4));
      if (found != environment_.end()) return found->second;
      fault(source, what, "the environment has no " + text.substr(4) + "; set it for this process");
      return std::nullopt;
    }
    if (source.kind == YamlNode::Kind::scalar && text.starts_with("file:") && text.size() > 5) {
      Result<std::string> content = read_file(path_from(folder_, text.substr(5)), kSecretBytesMax);
      if (!content) {
        fault(source, what, "the secret cannot be read: " + content.status().to_string());
        return std::nullopt;
      }
      // What editors and `echo` leave at the end is not part of the secret.
      while (!content->empty() && (content->back() == '\n' || content->back() == '\r')) content->pop_back();
      return std::move(*content);
    }
    fault(source, what, "needed {secret: \"env:NAME\"} or {secret: \"file:PATH\"}");
    return std::nullopt;
  }

  const std::string& file_;
  const std::string& folder_;
  const Environment& environment_;
  std::vector<ConfigError>& errors_;
  ValueWriter real_;
  ValueWriter shown_;
};

}  // namespace

SettingsValues settings_values(const YamlNode& node, const std::string& what, const std::string& file,
                               const std::string& folder, const Environment& environment,
                               std::vector<ConfigError>& errors) {
  static const YamlNode kEmptyMap = [] {
    YamlNode empty;
    empty.kind = YamlNode::Kind::map;
    return empty;
  }();
  if (!node.is_map() && !node.is_null()) {
    errors.push_back({file, node.line, node.column, what + ": needed a map of settings"});
    return {};
  }
  SettingsWriter writer(file, folder, environment, errors);
  writer.map(node.is_map() ? node : kEmptyMap, what);
  return writer.finish(node, what);
}

std::string path_from(const std::string& folder, const std::string& path) {
  return (std::filesystem::path(folder) / path).lexically_normal().string();
}

}  // namespace dormouse
