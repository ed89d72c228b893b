// What stands in the head of an answer: reason phrases, and a problem as a response.
// Pure; any thread.
#pragma once

#include <string_view>

#include "http/problem.h"
#include "http/request.h"

namespace dormouse {

// "Not Found"; empty for a status that no part of the host answers, as HTTP allows.
std::string_view reason_of(unsigned status);

// `problem` as application/problem+json, with Retry-After where trying again may help.
Response response_of(const Problem& problem);

}  // namespace dormouse
