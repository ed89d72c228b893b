// Calls of one method answered together through dormouse.batch/1. Private to the carrier in_process.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "components/call_job.h"

namespace dormouse {

// [lane, slot] Answers claimed jobs of one method, each on its own terms.
void run_batch_on_lane(LoadedPlugin& plugin, uint32_t method, unsigned slot,
                       std::vector<std::shared_ptr<CallJob>> jobs);

}  // namespace dormouse
