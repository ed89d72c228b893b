// The loop that drives one request between two waits: it begins the nodes that may begin, and hands the result of each
// ended child activation to the node that began it, until nothing is left to do or the request is over. It is a loop
// and not a recursion, so a thousand stages, or a thousand activations one after the other, do not grow the stack.
//
// It decides which kind runs a node. It neither begins nor ends requests (scheduler.h does). Thread: the loop's. It
// fails with nothing; errors end in the request.
#pragma once

#include "pipeline/activation.h"
#include "pipeline/loop_functions.h"
#include "pipeline/request_run.h"

namespace dormouse {

// Not reentrant: never called from a step that it runs.
void drive(LoopTools& tools, LoopFunctions& functions, RequestRun& request);

}  // namespace dormouse
