#include "values/adapt.h"

#include <cmath>
#include <string_view>

namespace dormouse {
namespace {

bool write_adapted(dm_value value, const Type& wanted, ValueWriter& writer);

bool write_adapted_map(dm_value value, const Type& wanted, ValueWriter& writer) {
  if (!writer.map_begin()) return false;
  for (uint32_t i = 0; i < dm_count(value); ++i) {
    dm_string_view key{};
    dm_value child{};
    dm_map_at(value, i, &key, &child);
    const std::string_view name(key.data, key.size);
    const Type::Field* field = wanted.find_field(name);
    if (!writer.key(name) || !write_adapted(child, field ? field->type : wanted.element(), writer)) return false;
  }
  return writer.map_end();
}

bool write_adapted(dm_value value, const Type& wanted, ValueWriter& writer) {
  const int kind = dm_kind(value);
  if (wanted.kind() == Type::Kind::list && kind == DM_MAP && dm_count(value) == 0)
    return writer.list_begin() && writer.list_end();
  if (wanted.kind() == Type::Kind::list && kind == DM_LIST) {
    if (!writer.list_begin()) return false;
    for (uint32_t i = 0; i < dm_count(value); ++i)
      if (!write_adapted(dm_list_at(value, i), wanted.element(), writer)) return false;
    return writer.list_end();
  }
  if (kind == DM_MAP && (wanted.kind() == Type::Kind::record || wanted.kind() == Type::Kind::map))
    return write_adapted_map(value, wanted, writer);
  dm_string_view text{};
  if (wanted.kind() == Type::Kind::bytes && dm_get_string(value, &text)) return writer.bytes(text.data, text.size);
  double number = 0;
  if (wanted.kind() == Type::Kind::integer && kind == DM_FLOAT && dm_get_float(value, &number) &&
      number == std::floor(number) && std::fabs(number) < 9.0e18)
    return writer.integer(static_cast<int64_t>(number));
  return writer.copy(value);
}

}  // namespace

Value adapt(const Value& value, const Type& wanted, ValueWriter& writer) {
  if (!value || wanted.check(value.view()).ok()) return value;
  writer.reset();
  write_adapted(value.view(), wanted, writer);
  Result<Value> adapted = writer.finish();
  return adapted.ok() ? *adapted : value;
}

}  // namespace dormouse
