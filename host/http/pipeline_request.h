// What the headers of a pipeline request mean, and what the headers of its answer say. Pure; no socket, no engine.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "exec/lane.h"
#include "pipeline/engine.h"
#include "values/type.h"
#include "values/value.h"

namespace dormouse {

enum class BodyFormat : uint8_t { json, bytes };
// What a body is, by its Content-Type and Content-Encoding as sent. JSON also when there is no type, and for what
// `curl -d` sends without being told; text is refused rather than guessed.
// Errors (415, invalid_argument): another type, a charset other than UTF-8, any encoding but identity.
Result<BodyFormat> body_format(std::string_view content_type, std::string_view content_encoding);

// Request-Timeout, in milliseconds. Nothing when the header is absent (empty).
// Errors: invalid_argument when it is no whole number from 1 to 86400000.
Result<std::optional<Duration>> parse_request_timeout(std::string_view text);

// Priority: "u=0" to "u=7" as in RFC 9218 (browsers send it), or high, normal, low. What cannot be understood is
// normal, as that RFC wants it. Never above `at_most`.
Lane::Priority parse_priority(std::string_view text, Lane::Priority at_most);

// A W3C trace context: fit to be logged.
bool is_traceparent(std::string_view text);

// The input of a pipeline that takes exactly one value of type bytes (and else nothing that is needed).
// Errors: invalid_argument when the pipeline wants something else.
Result<Value> input_of_bytes(std::string_view body, const Type& input);

// Appends "unread;dur=8.0, language;dur=0.100, language-cold;dur=12.3, total;dur=20.9", in milliseconds. `unread` is
// part of `total`, and is left out when it is zero.
void append_server_timing(std::string& out, Duration unread, const std::vector<StageTrace>& stages, Duration total);

// "intent=timeout, entities=error": the stages whose result is missing or a fallback.
std::string degraded_stages(const std::vector<StageTrace>& stages);

// 16 hexadecimal digits.
void append_request_id(std::string& out, uint64_t id);
std::string request_id_text(uint64_t id);

// How loud a request's end is in the log: debug when it was answered, info when the client could have known better or
// left, warn when the host had no time or room for it, error when a script, a plugin or the host is at fault.
LogLevel log_level_of_outcome(Code code);

}  // namespace dormouse
