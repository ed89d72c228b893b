#include "values/type.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/suggest.h"
#include "values/field_index.h"

namespace dormouse {

// Exactly one of the three is used, by kind.
struct Type::Shared {
  std::vector<Field> fields;
  std::vector<Type> element;  // one; a vector because Type is incomplete in a member of its own
  std::vector<Dimension> shape;
};

namespace {

using Kind = Type::Kind;

constexpr size_t kTextBytesMax = 8 * 1024;  // a record of 200 fields with long names
constexpr unsigned kDepthMax = 32;

struct Word {
  std::string_view name;
  Kind kind;
};
constexpr std::array kWords = {Word{"any", Kind::any},       Word{"bool", Kind::boolean},  Word{"int", Kind::integer},
                               Word{"float", Kind::number},  Word{"string", Kind::string}, Word{"bytes", Kind::bytes},
                               Word{"tensor", Kind::tensor}, Word{"list", Kind::list},     Word{"map", Kind::map}};

struct Dtype {
  std::string_view name;
  int dtype;
};
constexpr std::array kDtypes = {Dtype{"f32", DM_F32}, Dtype{"f16", DM_F16}, Dtype{"i8", DM_I8}, Dtype{"i64", DM_I64}};

std::string_view dtype_name(int dtype) {
  for (const Dtype& known : kDtypes)
    if (known.dtype == dtype) return known.name;
  return "?";
}

template <class Table>
std::vector<std::string> names_of(const Table& table) {
  std::vector<std::string> names;
  names.reserve(std::size(table));
  for (const auto& entry : table) names.emplace_back(entry.name);
  return names;
}

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

// Recursive descent over one line of text; the first mistake ends it.
class Type::Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Type> parse() {
    if (text_.size() > kTextBytesMax)
      return mistake(0, "a type of at most " + std::to_string(kTextBytesMax) + " bytes");
    std::optional<Type> type = parse_type(0);
    if (type && peek() != kEnd) fail("the end of the type");
    if (error_) return std::move(*error_);
    return std::move(*type);
  }

 private:
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
    if (at_ == text_.size()) return kEnd;
    return text_[at_] == kEnd ? '\1' : text_[at_];  // a NUL inside the text is not its end
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  bool expect(char c) { return take(c) || fail(std::string("'") + c + "'"); }

  static constexpr char kEnd = '\0';

  static std::string shown(std::string_view name) { return std::string(name.substr(0, 64)); }
  static bool is_printable(char c) { return c >= 0x20 && c <= 0x7E; }

  Error mistake(size_t at, const std::string& expected) const {
    std::string found = "the end of the type";
    if (at < text_.size())
      found = is_printable(text_[at]) ? std::string("'") + text_[at] + "'" : "a character that is not printable ASCII";
    return mistake_at(at, "expected " + expected + ", found " + found);
  }
  Error mistake_at(size_t at, const std::string& problem) const {
    std::string shown(text_.substr(0, 120));
    std::replace_if(
        shown.begin(), shown.end(), [](char c) { return !is_printable(c); }, '?');
    if (text_.size() > shown.size()) shown += "...";
    const std::string column = "column " + std::to_string(at + 1) + ": ";
    return Error{.code = Code::invalid_argument, .message = column + problem, .object = "type '" + shown + "'"};
  }
  bool fail(const std::string& expected) {
    peek();
    if (!error_) error_ = mistake(at_, expected);
    return false;
  }

  std::string_view parse_name() {
    if (!is_name_start(peek())) return {};
    const size_t start = at_;
    while (at_ < text_.size() && (is_name_start(text_[at_]) || is_digit(text_[at_]))) ++at_;
    return text_.substr(start, at_ - start);
  }

  std::optional<Type> parse_type(unsigned depth) {
    if (depth >= kDepthMax) {
      fail("at most " + std::to_string(kDepthMax) + " levels of nesting");
      return std::nullopt;
    }
    std::optional<Type> type = peek() == '{' ? parse_record(depth) : parse_word(depth);
    if (type && take('?')) type->optional_ = true;
    return type;
  }

  std::optional<Type> parse_word(unsigned depth) {
    peek();
    const size_t start = at_;
    const std::string_view name = parse_name();
    if (name.empty()) return fail("a type"), std::nullopt;
    const auto word = std::find_if(kWords.begin(), kWords.end(), [&](const Word& w) { return w.name == name; });
    if (word == kWords.end()) {
      error_ = mistake_at(start, "unknown type '" + shown(name) + "'");
      error_->near = near_names(name, names_of(kWords));
      error_->needed = "bool, int, float, string, bytes, any, list<T>, map<T>, tensor<f32,[n]> or {field: T}";
      return std::nullopt;
    }
    Type type;
    type.kind_ = word->kind;
    if (type.kind_ == Kind::tensor) return parse_tensor(std::move(type));
    if (type.kind_ == Kind::list || type.kind_ == Kind::map) return parse_element(std::move(type), depth);
    return type;
  }

  std::optional<Type> parse_element(Type type, unsigned depth) {
    if (!expect('<')) return std::nullopt;
    std::optional<Type> element = parse_type(depth + 1);
    if (!element || !expect('>')) return std::nullopt;
    auto shared = std::make_shared<Shared>();
    shared->element.push_back(std::move(*element));
    type.shared_ = std::move(shared);
    return type;
  }

  std::optional<Type> parse_tensor(Type type) {
    if (!expect('<')) return std::nullopt;
    const std::string_view name = parse_name();
    const auto known = std::find_if(kDtypes.begin(), kDtypes.end(), [&](const Dtype& d) { return d.name == name; });
    if (known == kDtypes.end()) {
      at_ -= name.size();
      return fail("f32, f16, i8 or i64"), std::nullopt;
    }
    type.dtype_ = static_cast<uint8_t>(known->dtype);
    auto shared = std::make_shared<Shared>();
    if (take(',') && !(expect('[') && parse_shape(shared->shape))) return std::nullopt;
    if (!expect('>')) return std::nullopt;
    type.shared_ = std::move(shared);
    return type;
  }

  bool parse_shape(std::vector<Dimension>& shape) {
    do {
      if (shape.size() == DM_TENSOR_RANK_MAX)
        return fail("at most " + std::to_string(DM_TENSOR_RANK_MAX) + " dimensions");
      Dimension dimension;
      if (is_digit(peek())) {
        const char* begin = text_.data() + at_;
        const auto end = std::from_chars(begin, text_.data() + text_.size(), dimension.size);
        if (end.ec != std::errc()) return fail("a dimension below 2^63");
        at_ += static_cast<size_t>(end.ptr - begin);
      } else {
        dimension.name = parse_name();
        if (dimension.name.empty()) return fail("a number or a name");
      }
      shape.push_back(std::move(dimension));
    } while (take(','));
    return expect(']');
  }

  std::optional<Type> parse_record(unsigned depth) {
    take('{');
    auto shared = std::make_shared<Shared>();
    if (!take('}')) {
      do {
        if (!parse_field(shared->fields, depth)) return std::nullopt;
      } while (take(','));
      if (!expect('}')) return std::nullopt;
    }
    Type type;
    type.kind_ = Kind::record;
    type.shared_ = std::move(shared);
    return type;
  }

  bool parse_field(std::vector<Field>& fields, unsigned depth) {
    const std::string_view name = parse_name();
    if (name.empty()) return fail("a field name");
    for (const Field& field : fields)
      if (field.name == name)
        return error_ = mistake_at(at_ - name.size(), "a second field '" + shown(name) + "'"), false;
    if (!expect(':')) return false;
    std::optional<Type> type = parse_type(depth + 1);
    if (!type) return false;
    fields.push_back(Field{std::string(name), std::move(*type), {}});
    return true;
  }

  const std::string_view text_;
  size_t at_ = 0;
  std::optional<Error> error_;
};

Result<Type> Type::parse(std::string_view text) {
  return Parser(text).parse();
}

Type Type::record(std::vector<Field> fields) {
  auto shared = std::make_shared<Shared>();
  shared->fields = std::move(fields);
  Type type;
  type.kind_ = Kind::record;
  type.shared_ = std::move(shared);
  return type;
}

Type Type::list_of(Type element) {
  auto shared = std::make_shared<Shared>();
  shared->element.push_back(std::move(element));
  Type type;
  type.kind_ = Kind::list;
  type.shared_ = std::move(shared);
  return type;
}

Type Type::optional() const {
  Type type = *this;
  type.optional_ = true;
  return type;
}

Type Type::required() const {
  Type type = *this;
  type.optional_ = false;
  return type;
}

const std::vector<Type::Field>& Type::fields() const {
  static const std::vector<Field> kNone;
  return kind_ == Kind::record ? shared_->fields : kNone;
}

const Type::Field* Type::find_field(std::string_view name) const {
  for (const Field& field : fields())
    if (field.name == name) return &field;
  return nullptr;
}

std::vector<std::string> Type::field_names() const {
  std::vector<std::string> names;
  for (const Field& field : fields()) names.push_back(field.name);
  return names;
}

const Type& Type::element() const {
  static const Type kAny;
  return kind_ == Kind::list || kind_ == Kind::map ? shared_->element.front() : kAny;
}

const std::vector<Type::Dimension>& Type::shape() const {
  static const std::vector<Dimension> kNone;
  return kind_ == Kind::tensor ? shared_->shape : kNone;
}

// ---- text ----

namespace {

std::string shape_text(const std::vector<Type::Dimension>& shape) {
  std::string text = "[";
  for (const Type::Dimension& dimension : shape) {
    if (text.size() > 1) text += ',';
    text += dimension.size >= 0 ? std::to_string(dimension.size) : dimension.name;
  }
  return text + "]";
}

std::string tensor_text(const dm_tensor_view& tensor) {
  std::string text = "tensor<" + std::string(dtype_name(tensor.dtype)) + ",[";
  for (unsigned i = 0; i < tensor.rank; ++i) text += (i ? "," : "") + std::to_string(tensor.shape[i]);
  return text + "]>";
}

}  // namespace

std::string Type::to_string() const {
  const auto word = std::find_if(kWords.begin(), kWords.end(), [&](const Word& w) { return w.kind == kind_; });
  std::string text = word == kWords.end() ? "{" : std::string(word->name);
  if (kind_ == Kind::list || kind_ == Kind::map) text += "<" + element().to_string() + ">";
  if (kind_ == Kind::tensor) {
    text += "<" + std::string(dtype_name(dtype_));
    text += shape().empty() ? ">" : "," + shape_text(shape()) + ">";
  }
  if (kind_ == Kind::record) {
    for (const Field& field : fields())
      text += (text.size() > 1 ? ", " : "") + field.name + ": " + field.type.to_string();
    text += "}";
  }
  return optional_ ? text + "?" : text;
}

// ---- which types fit where ----

namespace {

// What does not fit: at which path below the two types, and why. Empty when all fits.
struct Misfit {
  std::string path;  // "entities[].value"
  std::string problem;
};

std::optional<Misfit> misfit(const Type& wanted, const Type& from);

std::optional<Misfit> expected_found(const Type& wanted, const Type& from) {
  return Misfit{"", "expected " + wanted.to_string() + ", found " + from.to_string()};
}

// The same misfit, seen from one level up.
std::optional<Misfit> below(std::string step, std::optional<Misfit> inner) {
  if (!inner) return std::nullopt;
  if (!inner->path.empty() && inner->path.front() != '[') step += '.';
  inner->path.insert(0, step);
  return inner;
}

std::optional<Misfit> tensor_misfit(const Type& wanted, const Type& from) {
  if (wanted.dtype() != from.dtype()) return expected_found(wanted, from);
  if (wanted.shape().empty()) return std::nullopt;
  if (wanted.shape().size() != from.shape().size()) return expected_found(wanted, from);
  for (size_t i = 0; i < wanted.shape().size(); ++i)
    if (wanted.shape()[i].size >= 0 && wanted.shape()[i].size != from.shape()[i].size)
      return expected_found(wanted, from);
  return std::nullopt;
}

std::optional<Misfit> record_misfit(const Type& wanted, const Type& from) {
  for (const Type::Field& field : wanted.fields()) {
    const Type::Field* given = from.find_field(field.name);
    if (!given && !field.type.is_optional()) return Misfit{field.name, "missing, expected " + field.type.to_string()};
    if (!given) continue;
    if (auto inner = below(field.name, misfit(field.type, given->type))) return inner;
  }
  for (const Type::Field& given : from.fields())
    if (!wanted.find_field(given.name))
      return Misfit{given.name, "unknown" + did_you_mean(given.name, wanted.field_names())};
  return std::nullopt;
}

// A record is a map whose keys are known.
std::optional<Misfit> record_as_map_misfit(const Type& wanted, const Type& from) {
  for (const Type::Field& given : from.fields())
    if (auto inner = below(given.name, misfit(wanted.element(), given.type))) return inner;
  return std::nullopt;
}

std::optional<Misfit> misfit(const Type& wanted, const Type& from) {
  if (wanted.kind() == Kind::any || from.kind() == Kind::any) return std::nullopt;
  if (from.is_optional() && !wanted.is_optional())
    return Misfit{"", "expected " + wanted.to_string() + ", found " + from.to_string() + " which may be absent"};
  if (wanted.kind() == Kind::number && from.kind() == Kind::integer) return std::nullopt;
  if (wanted.kind() == Kind::map && from.kind() == Kind::record) return record_as_map_misfit(wanted, from);
  if (wanted.kind() != from.kind()) return expected_found(wanted, from);
  switch (wanted.kind()) {
    case Kind::tensor:
      return tensor_misfit(wanted, from);
    case Kind::list:
    case Kind::map:
      return below("[]", misfit(wanted.element(), from.element()));
    case Kind::record:
      return record_misfit(wanted, from);
    default:
      return std::nullopt;
  }
}

}  // namespace

bool Type::accepts(const Type& from, std::string* why) const {
  const std::optional<Misfit> found = misfit(*this, from);
  if (!found) return true;
  if (why) *why = found->path.empty() ? found->problem : "field '" + found->path + "': " + found->problem;
  return false;
}

bool operator==(const Type& a, const Type& b) {
  if (a.kind_ != b.kind_ || a.optional_ != b.optional_ || a.dtype_ != b.dtype_) return false;
  if (a.shared_ == b.shared_) return true;
  switch (a.kind_) {
    case Kind::list:
    case Kind::map:
      return a.element() == b.element();
    case Kind::tensor:
      return std::equal(a.shape().begin(), a.shape().end(), b.shape().begin(), b.shape().end(),
                        [](const auto& x, const auto& y) { return x.size == y.size && x.name == y.name; });
    case Kind::record:
      // Neither help nor order changes what a record is.
      return a.fields().size() == b.fields().size() &&
             std::all_of(a.fields().begin(), a.fields().end(), [&](const Type::Field& field) {
               const Type::Field* other = b.find_field(field.name);
               return other && field.type == other->type;
             });
    default:
      return true;
  }
}

// ---- values ----

std::string_view kind_name(dm_value value) {
  switch (dm_kind(value)) {
    case DM_BOOL:
      return "bool";
    case DM_INT:
    case DM_FLOAT:
      return "number";
    case DM_STRING:
      return "string";
    case DM_BYTES:
      return "bytes";
    case DM_TENSOR:
      return "tensor";
    case DM_LIST:
      return "list";
    case DM_MAP:
      return "map";
    default:
      return "null";
  }
}

namespace {

// Walks a value beside its type. The path is only put together once something does not fit.
class Check {
 public:
  explicit Check(std::string_view path) : root_(path) {}

  Status run(const Type& type, dm_value value) {
    if (fits(type, value)) return Status();
    std::string path(root_);
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) path += "/" + *step;
    return Status(Error{.code = Code::invalid_argument,
                        .message = std::move(problem_),
                        .object = std::move(path),
                        .near = std::move(near_)});
  }

 private:
  bool fail(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }
  bool expected(const Type& type, dm_value value) {
    dm_tensor_view tensor{};
    const std::string found = dm_get_tensor(value, &tensor) ? tensor_text(tensor) : std::string(kind_name(value));
    return fail("expected " + type.to_string() + ", found " + found);
  }
  // Adds the step that led to a misfit: a key, escaped as in a JSON pointer, or an index.
  bool below(std::string_view key, bool fit) {
    if (fit) return true;
    std::string& step = steps_.emplace_back();
    for (const char c : key) c == '~' ? step += "~0" : c == '/' ? step += "~1" : step += c;
    return false;
  }

  // The common case of fits(): whether it is true needs no look into the value.
  static bool is_that_scalar(Kind wanted, uint8_t found) {
    return (wanted == Kind::string && found == DM_STRING) || (wanted == Kind::integer && found == DM_INT) ||
           (wanted == Kind::number && found == DM_FLOAT) || (wanted == Kind::boolean && found == DM_BOOL);
  }
  // The first byte tells most names apart without a call of memcmp.
  static bool is_name(const Type::Field& field, std::string_view name) {
    return field.name.size() == name.size() &&
           (name.empty() || (field.name.front() == name.front() && field.name == name));
  }

  bool fits(const Type& type, dm_value value) {
    const int kind = dm_kind(value);
    if (kind == DM_NULL && type.is_optional()) return true;
    switch (type.kind()) {
      case Kind::any:
        return true;
      case Kind::boolean:
        return kind == DM_BOOL || expected(type, value);
      case Kind::integer:
        return kind == DM_INT || expected(type, value);
      case Kind::number:
        return kind == DM_FLOAT || kind == DM_INT || expected(type, value);
      case Kind::string:
        return kind == DM_STRING || expected(type, value);
      case Kind::bytes:
        return kind == DM_BYTES || expected(type, value);
      case Kind::tensor:
        return fits_tensor(type, value) || expected(type, value);
      case Kind::list:
        return kind == DM_LIST ? fits_list(type.element(), value) : expected(type, value);
      case Kind::map:
        return kind == DM_MAP ? fits_map(type.element(), value) : expected(type, value);
      case Kind::record:
        return kind == DM_MAP ? fits_record(type, value) : expected(type, value);
    }
    return false;
  }

  static bool fits_tensor(const Type& type, dm_value value) {
    dm_tensor_view tensor{};
    if (!dm_get_tensor(value, &tensor) || tensor.dtype != type.dtype()) return false;
    const auto& shape = type.shape();
    if (shape.empty()) return true;
    if (shape.size() != tensor.rank) return false;
    for (size_t i = 0; i < shape.size(); ++i)
      if (shape[i].size >= 0 && shape[i].size != tensor.shape[i]) return false;
    return true;
  }

  bool fits_list(const Type& element, dm_value list) {
    if (element.kind() == Kind::any) return true;
    for (uint32_t i = 0; i < dm_count(list); ++i)
      if (!fits(element, dm_list_at(list, i))) return below(std::to_string(i), false);
    return true;
  }

  bool fits_map(const Type& element, dm_value map) {
    dm_string_view key{};
    dm_value child{};
    for (uint32_t i = 0; i < dm_count(map); ++i)
      if (dm_map_at(map, i, &key, &child) && !fits(element, child)) return below({key.data, key.size}, false);
    return true;
  }

  // Values usually have their fields in the order of the type, so the search for a field starts behind the last one.
  // Entries are read where they lie: `map` is a valid map, and this is the hottest loop of a request over its values.
  bool fits_record(const Type& type, dm_value map) {
    const auto& fields = type.fields();
    const auto* entries = reinterpret_cast<const dm_map_entry*>(map.base + map.node->payload);
    size_t next = 0;
    bool in_order = true;
    for (uint32_t i = 0; i < map.node->count; ++i) {
      const dm_map_entry& entry = entries[i];
      const std::string_view name(reinterpret_cast<const char*>(map.base + entry.key.payload), entry.key.count);
      const size_t at = next < fields.size() && is_name(fields[next], name) ? next : index_of(fields, name, next);
      if (at == fields.size()) {
        if (name.size() <= 64) near_ = near_names(name, type.field_names());
        return fail("unknown field '" + shown(name) + "'");
      }
      const Type& wanted = fields[at].type;
      if (!is_that_scalar(wanted.kind(), entry.value.kind) && !fits(wanted, {map.base, &entry.value}))
        return below(name, false);
      in_order = in_order && at >= next;
      next = at + 1;
    }
    // The writer refuses a key twice; only a foreign buffer can hold one.
    if (!in_order && has_twice(map)) return fail("a field twice");
    return map.node->count == fields.size() || has_required_fields(type, map);
  }

  static bool has_twice(dm_value map) {
    dm_string_view key{};
    dm_value child{};
    for (uint32_t i = 0; i < dm_count(map); ++i)
      if (dm_map_at(map, i, &key, &child) && dm_map_find(map, key.data, key.size).node != child.node) return true;
    return false;
  }

  bool has_required_fields(const Type& type, dm_value map) {
    for (const Type::Field& field : type.fields())
      if (!field.type.is_optional() && !dm_map_find(map, field.name.data(), field.name.size()).node)
        return fail("missing field '" + field.name + "', expected " + field.type.to_string());
    return true;
  }

  static std::string shown(std::string_view name) {
    if (name.size() <= 64) return std::string(name);
    size_t size = 64;
    while (size > 0 && (static_cast<unsigned char>(name[size]) & 0xC0) == 0x80) --size;
    return std::string(name.substr(0, size)) + "...";
  }

  const std::string_view root_;
  std::vector<std::string> steps_;  // innermost first
  std::string problem_;
  std::vector<std::string> near_;
};

}  // namespace

Status Type::check(dm_value value, std::string_view path) const {
  return Check(path).run(*this, value);
}

}  // namespace dormouse
