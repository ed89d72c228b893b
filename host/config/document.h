// A YAML file as a tree that remembers where everything stands. The only place that sees yaml-cpp.
// Not a general YAML library: one document, string keys, bounded size, depth and aliases. Built from parser events,
// which is three times faster than yaml-cpp's own tree and keeps duplicate keys visible. A value once built; any thread
// may read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dormouse {

// A fault in a configuration, where it stands. Line and column count from 1; line 0: the file as a whole.
struct ConfigError {
  std::string file;
  int line = 0;
  int column = 0;
  std::string message;            // one sentence, with the key it is about
  std::string to_string() const;  // "file:line:col: message"
};

// A node belongs to its document and is valid as long as that.
struct YamlNode {
  enum class Kind : uint8_t { null, scalar, list, map };
  Kind kind = Kind::null;
  bool plain = false;  // a scalar without quotes and without a tag: its type follows from how it is written
  int line = 0;
  int column = 0;
  std::string text;                                                // scalar
  std::string tag;                                                 // as written, "!!str"; empty for none
  std::vector<const YamlNode*> items;                              // list
  std::vector<std::pair<const YamlNode*, const YamlNode*>> pairs;  // map, in order; keys are scalars and differ

  // The value of `key`, or null.
  const YamlNode* find(std::string_view key) const;
  bool is_map() const { return kind == Kind::map; }
  // Null, also when written as ~ or null: how an empty section looks.
  bool is_null() const;
};

struct YamlLimits {
  size_t bytes_max = size_t{4} << 20;  // a thousand components with settings take 300 KiB
  size_t nodes_max = 200'000;          // after aliases are replaced by what they stand for
  unsigned depth_max = 32;
};

class YamlDocument {
 public:
  // Parses `text`; `file` names it in errors. All faults that leave the rest readable (duplicate keys, keys that are no
  // scalars) are appended to `errors`; a syntax error or a crossed limit ends it.
  static YamlDocument parse(const std::string& text, const std::string& file, const YamlLimits& limits,
                            std::vector<ConfigError>& errors);

  YamlDocument();
  YamlDocument(YamlDocument&&) noexcept;
  ~YamlDocument();

  // The outermost node; of kind null for an empty or unreadable file.
  const YamlNode& root() const { return *root_; }

 private:
  friend class YamlBuilder;
  struct Nodes;
  std::unique_ptr<Nodes> nodes_;
  const YamlNode* root_;
};

}  // namespace dormouse
