// Query parameters of the control listener as values, and the refusals that name what was needed. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "http/json_text.h"
#include "http/problem.h"
#include "http/request.h"

namespace dormouse {

Error bad_parameter(std::string_view name, std::string needed, const std::string& found);

// A whole number from 0 to `most`; `absent` when it is not there.
Result<uint64_t> number_of(const Request& request, std::string_view name, uint64_t absent, uint64_t most);
// 1, true or nothing behind the name: yes. 0, false or absent: no.
Result<bool> flag_of(const Request& request, std::string_view name);
// "5s", or a whole number of milliseconds; zero when it is not there.
Result<Duration> duration_of(const Request& request, std::string_view name, Duration most);

// The part of a list that is asked for: ?limit= (1 to 1000; 100) and ?after=, the id of the last one before it.
struct Page {
  size_t limit = 100;
  std::string after = {};  // empty: from the first
};
Result<Page> page_of(const Request& request);
Error no_page_behind(std::string_view noun, const std::string& after);

// {"NOUNS": [...], "next": null or the id behind which the next page begins}. `id` names an item, `write` writes it.
// Errors: not_found when `after` names none of them.
template <class Items, class Id, class Write>
Status write_page_of(JsonText& out, std::string_view nouns, std::string_view noun, const Items& items, const Page& page,
                     Id id, Write write) {
  auto from = items.begin();
  if (!page.after.empty()) {
    while (from != items.end() && id(*from) != page.after) ++from;
    if (from == items.end()) return no_page_behind(noun, page.after);
    ++from;
  }
  out.begin_object().key(nouns).begin_array();
  std::string last;
  for (size_t i = 0; from != items.end() && i < page.limit; ++i, ++from) {
    write(out, *from);
    last = id(*from);
  }
  out.end_array().key("next");
  from == items.end() ? out.null() : out.value(last);
  out.end_object();
  return {};
}

// 404 with the near ones of `known`.
Problem unknown_name(std::string_view what, const std::string& name, const std::vector<std::string>& known);

}  // namespace dormouse
