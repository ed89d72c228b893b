#include "pipeline/drive.h"

#include <utility>

#include "pipeline/kinds/stage.h"

namespace dormouse {

void drive(LoopTools& tools, LoopFunctions& functions, RequestRun& request) {
  while (!request.finished) {
    if (Activation* child = request.activations.next_ended()) {
      const Activation::Parent parent = child->parent();
      ActivationEnd end = parent.activation->take_end_of(*child);
      if (!parent.activation->is_running()) continue;
      Stage(tools, functions, request, *parent.activation, parent.node).on_child(std::move(end));
    } else if (const auto ready = request.activations.next_ready()) {
      if (!ready->activation->is_running()) continue;
      Stage(tools, functions, request, *ready->activation, ready->node).begin();
    } else {
      return;
    }
  }
}

}  // namespace dormouse
