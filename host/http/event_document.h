// An event as JSON. Field names are a promise (ARCHITECTURE.md section 9). Pure; any thread.
#pragma once

#include "base/events.h"
#include "http/json_text.h"

namespace dormouse {

void write(JsonText& out, const Event& event);

}  // namespace dormouse
