// An error as JSON: the parts that every error document of the control and the data listener has. Pure; any thread.
#pragma once

#include "base/status.h"
#include "http/json_text.h"

namespace dormouse {

// The members "object", "needed", "found", "near" and "remedy", each only when it is set. `remedy` says what `near`
// says as well, so a client that shows one text shows the near names too.
void write_error_parts(JsonText& out, const Error& error);

// null when ok, else {"code","detail"} and the parts above.
void write(JsonText& out, const Status& status);

}  // namespace dormouse
