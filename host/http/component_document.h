// What operators see of a component as JSON. Field names are a promise (ARCHITECTURE.md section 9). Snapshots in, text
// out; pure.
#pragma once

#include "components/registry.h"
#include "http/json_text.h"

namespace dormouse {

void write(JsonText& out, const ComponentStatus& component);
void write(JsonText& out, const OverdueCall& call);

}  // namespace dormouse
