#include "cli/value_text.h"

#include <cstdio>

#include "cli/table.h"
#include "http/json_text.h"

namespace dormouse {
namespace {

bool is_list_of_maps(dm_value value) {
  if (dm_kind(value) != DM_LIST || dm_count(value) == 0) return false;
  for (uint32_t i = 0; i < dm_count(value); ++i)
    if (dm_kind(dm_list_at(value, i)) != DM_MAP) return false;
  return true;
}

bool is_list_of_texts(dm_value value) {
  if (dm_kind(value) != DM_LIST) return false;
  for (uint32_t i = 0; i < dm_count(value); ++i)
    if (dm_kind(dm_list_at(value, i)) != DM_STRING) return false;
  return true;
}

std::string joined_texts(dm_value list) {
  std::string text;
  for (uint32_t i = 0; i < dm_count(list); ++i) text += (i ? ", " : "") + to_cell(dm_list_at(list, i));
  return text;
}

bool is_map_of_scalars(dm_value value) {
  dm_string_view key;
  dm_value field;
  if (dm_kind(value) != DM_MAP || dm_count(value) == 0) return false;
  for (uint32_t i = 0; i < dm_count(value); ++i)
    if (dm_map_at(value, i, &key, &field) && dm_kind(field) > DM_STRING) return false;
  return true;
}

std::string joined_fields(dm_value map) {
  std::string text;
  dm_string_view key;
  dm_value field;
  for (uint32_t i = 0; i < dm_count(map); ++i)
    if (dm_map_at(map, i, &key, &field))
      text += (i ? ", " : "") + std::string(key.data, key.size) + " " + to_cell(field);
  return text;
}

std::string field_cell(dm_value value) {
  if (is_list_of_texts(value)) return joined_texts(value);
  return is_map_of_scalars(value) ? joined_fields(value) : to_cell(value);
}

std::string table_of(dm_value list) {
  std::vector<std::string> keys;
  const dm_value first = dm_list_at(list, 0);
  for (uint32_t i = 0; i < dm_count(first); ++i) {
    dm_string_view key;
    dm_value value;
    if (dm_map_at(first, i, &key, &value)) keys.emplace_back(key.data, key.size);
  }
  Table table(keys);
  for (uint32_t row = 0; row < dm_count(list); ++row) {
    std::vector<std::string> cells;
    cells.reserve(keys.size());
    for (const std::string& key : keys) cells.push_back(to_cell(dm_map_get(dm_list_at(list, row), key.c_str())));
    table.add(std::move(cells));
  }
  return table.to_string();
}

}  // namespace

std::string to_cell(dm_value value) {
  dm_string_view text;
  double number = 0;
  if (dm_get_string(value, &text)) return std::string(text.data, text.size);
  if (dm_kind(value) == DM_FLOAT && dm_get_float(value, &number)) {
    char shown[32];
    std::snprintf(shown, sizeof shown, "%.4g", number);
    return shown;
  }
  if (dm_kind(value) == DM_NULL) return "";
  std::string json;
  append_json(json, value);
  return json;
}

std::string to_report(dm_value map, ShowField show) {
  if (dm_kind(map) != DM_MAP) return printable(to_cell(map)) + "\n";
  std::string scalars, tables;
  size_t width = 0;
  dm_string_view key;
  dm_value value;
  for (uint32_t i = 0; i < dm_count(map); ++i)
    if (dm_map_at(map, i, &key, &value)) width = std::max(width, key.size);
  for (uint32_t i = 0; i < dm_count(map); ++i) {
    if (!dm_map_at(map, i, &key, &value)) continue;
    const std::string name = printable({key.data, key.size});
    if (is_list_of_maps(value)) {
      tables += "\n" + name + "\n" + table_of(value);
    } else {
      std::string cell = show ? show({key.data, key.size}, value) : "";
      if (cell.empty()) cell = field_cell(value);
      scalars += name + std::string(width - std::min(width, name.size()) + 2, ' ') + printable(cell) + "\n";
    }
  }
  return scalars + tables;
}

std::string text_at(dm_value map, const char* key) {
  return to_cell(dm_map_get(map, key));
}

double number_at(dm_value map, const char* key) {
  double number = 0;
  dm_get_float(dm_map_get(map, key), &number);
  return number;
}

bool flag_at(dm_value map, const char* key) {
  int flag = 0;
  dm_get_bool(dm_map_get(map, key), &flag);
  return flag != 0;
}

}  // namespace dormouse
