// Query parameters of the control listener as values, and the refusals that name what was needed. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
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

// 404 with the near ones of `known`.
Problem unknown_name(std::string_view what, const std::string& name, const std::vector<std::string>& known);

}  // namespace dormouse
