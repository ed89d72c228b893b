// What all verbs of the control listener share. A verb stands with its resource (component_routes.h, script_routes.h
// ...); each is asked for with the same parameters (`wait`, `dry_run`, `reason`), answers in the same shape, and goes
// on as an operation when it does not end within its wait. Handlers run on the control loop and never block it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/background.h"
#include "http/host_view.h"
#include "http/json_text.h"
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

// The parameters that every verb has. Errors: invalid_argument, naming the parameter.
Result<Change> read_change(const HostChanges& changes, const Request& request, std::string verb, std::string object);

// Runs `work` on the background thread, after what waits there already.
void run_in_background(const HostChanges& changes, Change change, Responder responder,
                       UniqueFunction<ChangeAnswer(const Change&)> work);

// The members of an object, behind a comma: what ChangeAnswer::members takes.
std::string members_of(const JsonText& object);

// "1 file", "2 files"
std::string counted(uint64_t count, std::string_view noun, std::string_view plural);

}  // namespace dormouse
