#include "http/error_json.h"

namespace dormouse {

void write_error_parts(JsonText& out, const Error& error) {
  const auto add = [&](std::string_view name, const std::string& text) {
    if (!text.empty()) out.member(name, text);
  };
  add("object", error.object);
  add("needed", error.needed);
  add("found", error.found);
  if (!error.near.empty()) {
    out.key("near").begin_array();
    for (const std::string& name : error.near) out.value(name);
    out.end_array();
  }
  add("remedy", remedy_text(error));
}

void write(JsonText& out, const Status& status) {
  if (status.ok()) {
    out.null();
    return;
  }
  const Error& error = status.error();
  out.begin_object();
  out.member("code", to_string(error.code));
  out.member("detail", error.message);
  write_error_parts(out, error);
  out.end_object();
}

}  // namespace dormouse
