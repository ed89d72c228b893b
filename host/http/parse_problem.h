// From what RequestParser refused to the answer its client gets. Pure; any thread.
#pragma once

#include "http/options.h"
#include "http/problem.h"
#include "http/request_parser.h"

namespace dormouse {

// The header does not fit into `limits`.
Problem header_too_large(const HttpLimits& limits);
// `error` is what `parser`, made with `limits`, failed with.
Problem parse_problem(const boost::beast::error_code& error, const RequestParser& parser, const HttpLimits& limits);

}  // namespace dormouse
