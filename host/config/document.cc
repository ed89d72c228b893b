#include "config/document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <deque>
#include <istream>
#include <map>
#include <set>
#include <streambuf>

namespace dormouse {

std::string ConfigError::to_string() const {
  if (line == 0) return file + ": " + message;
  return file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + message;
}

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const auto& [name, value] : pairs)
    if (name->text == key) return value;
  return nullptr;
}

bool YamlNode::is_null() const {
  if (kind == Kind::null) return true;
  return kind == Kind::scalar && plain &&
         (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL");
}

struct YamlDocument::Nodes {
  std::deque<YamlNode> all;  // never moves one
  YamlNode empty;
};

namespace {

// Ends the parsing: yaml-cpp has no other way out of its event loop.
struct Stop {
  YAML::Mark mark;
  std::string message;
};

// Reads a string in place; std::istringstream would copy it.
class StringStream : private std::streambuf, public std::istream {
 public:
  explicit StringStream(const std::string& text) : std::istream(static_cast<std::streambuf*>(this)) {
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

}  // namespace

// Turns parser events into nodes. Aliases become pointers to the one node; what they would expand to is counted, so a
// small file cannot stand for a huge one.
class YamlBuilder final : public YAML::EventHandler {
 public:
  YamlBuilder(std::deque<YamlNode>& nodes, const std::string& file, const YamlLimits& limits,
              std::vector<ConfigError>& errors)
      : nodes_(nodes), file_(file), limits_(limits), errors_(errors) {}

  const YamlNode* root() const { return root_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlNode& node = add(mark, YamlNode::Kind::null);
    remember(anchor, node, 1);
    place(node, mark, 1);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode& node = add(mark, YamlNode::Kind::scalar);
    node.text = value;
    node.plain = tag == "?";
    if (tag != "?" && tag != "!") node.tag = tag;
    remember(anchor, node, 1);
    place(node, mark, 1);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end()) throw Stop{mark, "an alias inside the very value it stands for"};
    count(known->second.size, mark);
    place(*known->second.node, mark, known->second.size);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(add(mark, YamlNode::Kind::list), mark, tag, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(add(mark, YamlNode::Kind::map), mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YamlNode* node;
    YAML::Mark mark;
    YAML::anchor_t anchor;
    size_t size;                    // nodes in it so far, itself included
    const YamlNode* key = nullptr;  // of a map: read, its value is still to come
    std::set<std::string_view> keys{};
  };
  struct Anchored {
    const YamlNode* node;
    size_t size;
  };

  YamlNode& add(const YAML::Mark& mark, YamlNode::Kind kind) {
    count(1, mark);
    YamlNode& node = nodes_.emplace_back();
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }
  void count(size_t more, const YAML::Mark& mark) {
    total_ += more;
    if (total_ > limits_.nodes_max)
      throw Stop{mark,
                 "more than " + std::to_string(limits_.nodes_max) + " values, aliases counted for what they stand for"};
  }
  void remember(YAML::anchor_t anchor, const YamlNode& node, size_t size) {
    if (anchor) anchors_[anchor] = {&node, size};
  }
  void open(YamlNode& node, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (open_.size() >= limits_.depth_max)
      throw Stop{mark, "nested deeper than " + std::to_string(limits_.depth_max) + " levels"};
    if (tag != "?" && tag != "!") node.tag = tag;
    open_.push_back({&node, mark, anchor, 1});
  }
  void close() {
    const Open done = std::move(open_.back());
    open_.pop_back();
    remember(done.anchor, *done.node, done.size);
    place(*done.node, done.mark, done.size);
  }
  // Puts a finished node where it belongs.
  void place(const YamlNode& node, const YAML::Mark& mark, size_t size) {
    if (open_.empty()) {
      root_ = &node;
      return;
    }
    Open& parent = open_.back();
    parent.size += size;
    if (parent.node->kind == YamlNode::Kind::list) {
      parent.node->items.push_back(&node);
    } else if (!parent.key) {
      parent.key = &node;
    } else {
      place_value(parent, *std::exchange(parent.key, nullptr), node, mark);
    }
  }
  void place_value(Open& map, const YamlNode& key, const YamlNode& value, const YAML::Mark& mark) {
    if (key.kind != YamlNode::Kind::scalar) return fault(mark, "a key must be a plain word");
    if (!map.keys.insert(key.text).second) {
      return fault_at(key, "'" + key.text + "' stands here a second time (first in line " +
                               std::to_string(line_of(*map.node, key.text)) + "); keep one");
    }
    map.node->pairs.emplace_back(&key, &value);
  }
  static int line_of(const YamlNode& map, std::string_view key) {
    for (const auto& [name, value] : map.pairs)
      if (name->text == key) return name->line;
    return 0;
  }
  void fault(const YAML::Mark& mark, std::string message) {
    errors_.push_back({file_, mark.line + 1, mark.column + 1, std::move(message)});
  }
  void fault_at(const YamlNode& node, std::string message) {
    errors_.push_back({file_, node.line, node.column, std::move(message)});
  }

  std::deque<YamlNode>& nodes_;
  const std::string& file_;
  const YamlLimits& limits_;
  std::vector<ConfigError>& errors_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  size_t total_ = 0;
  const YamlNode* root_ = nullptr;
};

YamlDocument::YamlDocument() : nodes_(std::make_unique<Nodes>()), root_(&nodes_->empty) {}
YamlDocument::YamlDocument(YamlDocument&&) noexcept = default;
YamlDocument::~YamlDocument() = default;

YamlDocument YamlDocument::parse(const std::string& text, const std::string& file, const YamlLimits& limits,
                                 std::vector<ConfigError>& errors) {
  YamlDocument document;
  if (text.size() > limits.bytes_max) {
    errors.push_back({file, 0, 0, "larger than " + std::to_string(limits.bytes_max) + " bytes"});
    return document;
  }
  const auto fail = [&](const YAML::Mark& mark, std::string message) {
    const bool known = !mark.is_null();
    errors.push_back({file, known ? mark.line + 1 : 0, known ? mark.column + 1 : 0, std::move(message)});
  };
  YamlBuilder builder(document.nodes_->all, file, limits, errors);
  try {
    StringStream stream(text);
    YAML::Parser parser(stream);
    if (parser.HandleNextDocument(builder)) {
      if (builder.root()) document.root_ = builder.root();
      const YamlNode* first = document.root_;
      if (parser.HandleNextDocument(builder) && builder.root() != first)
        errors.push_back({file, builder.root()->line, builder.root()->column, "a second document; a file holds one"});
    }
  } catch (const Stop& stop) {
    fail(stop.mark, stop.message);
  } catch (const YAML::Exception& error) {
    fail(error.mark, error.msg);
  }
  return document;
}

}  // namespace dormouse
