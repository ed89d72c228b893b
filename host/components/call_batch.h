// Runs several calls of one method together, through dormouse.batch/1. It gathers nothing (batch_queue.h does). Private
// to the carrier in_process.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "components/call_job.h"

namespace dormouse {

// [lane, slot] Runs claimed calls of one method together, and answers each with its own value or error.
void run_batch_on_lane(LoadedPlugin& plugin, uint32_t method, unsigned slot,
                       std::vector<std::shared_ptr<CallJob>> jobs);

}  // namespace dormouse
