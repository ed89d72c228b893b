// What a request does between two waits: begins the nodes that may begin, and hands what activations came to to the
// nodes that began them, until there is nothing left to do or the request is over. In turns and not by recursion, so a
// thousand stages, and a thousand activations one after the other, do not grow the stack.
//
// Here it is decided which kind runs a node. It neither begins nor ends requests (scheduler.h). Loop thread.
#pragma once

#include "pipeline/activation.h"
#include "pipeline/loop_functions.h"
#include "pipeline/request_run.h"

namespace dormouse {

// Not from within itself.
void drive(LoopTools& tools, LoopFunctions& functions, RequestRun& request);

}  // namespace dormouse
