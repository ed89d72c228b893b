// The verbs of the control listener: what operators change. Each is asked for with the same parameters (`wait`,
// `dry_run`, `reason`), answers in the same shape, and goes on as an operation when it does not end within its wait.
// Handlers run on the control loop and never block it: components change on the registry's loop, what reads the disk or
// runs scripts does so on the background thread.
#pragma once

#include <memory>

#include "http/background.h"
#include "http/host_view.h"
#include "http/operations.h"
#include "http/request.h"
#include "http/responder.h"

namespace dormouse {

// What every verb needs. The referred outlive the routes.
struct HostChanges {
  HostView host;
  Background& background;
  std::shared_ptr<Operations> operations;
  Duration wait_max{};  // what `wait` may ask for
};

void change_component(const HostChanges& changes, Verb verb, const Request& request, Responder responder);
void reload_scripts(const HostChanges& changes, const Request& request, Responder responder);
void roll_back_scripts(const HostChanges& changes, const Request& request, Responder responder);
void scan_plugins(const HostChanges& changes, const Request& request, Responder responder);
void purge_cache(const HostChanges& changes, const Request& request, Responder responder);
void cancel_operation(const HostChanges& changes, const Request& request, Responder responder);

}  // namespace dormouse
