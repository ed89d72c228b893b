// What operators see of scripts as JSON: pipelines, generations, faults, changed pools. Field names are a promise
// (ARCHITECTURE.md section 9). Snapshots in, text out; pure.
#pragma once

#include "http/json_text.h"
#include "pipeline/engine.h"

namespace dormouse {

void write(JsonText& out, const PipelineInfo& pipeline);
void write(JsonText& out, const GenerationInfo& generation);
void write(JsonText& out, const ScriptError& error);
void write(JsonText& out, const PoolChange& change);

}  // namespace dormouse
