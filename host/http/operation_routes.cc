#include "http/operation_routes.h"

#include "http/query.h"

namespace dormouse {

void answer_operations(const Operations& operations, const Request& request, Responder responder) {
  const Result<Page> page = page_of(request);
  if (!page.ok()) return responder.fail(page.status());
  JsonText out;
  if (const Status status = operations.write_page(out, *page); !status.ok()) return responder.fail(status);
  responder.answer_json(out.take());
}

void answer_operation(Operations& operations, Duration wait_max, Duration heartbeat, const Request& request,
                      Responder responder) {
  const std::string& id = request.capture("id");
  const Result<Duration> wait = duration_of(request, "wait", wait_max);
  if (!wait.ok()) return responder.fail(wait.status());
  const bool streams =
      request.method == "GET" && request.header("Accept").find("text/event-stream") != std::string_view::npos;
  streams ? operations.follow(id, heartbeat, std::move(responder))
          : operations.answer_one(id, *wait, std::move(responder));
}

void cancel_operation(const HostChanges& changes, const Request& request, Responder responder) {
  Result<Change> change = read_change(changes, request, "cancel", request.capture("id"));
  if (!change.ok()) return responder.fail(change.status());
  const std::string id = change->object;
  const bool dry_run = change->dry_run;
  const Operations::Ticket ticket = changes.operations->begin(std::move(*change), std::move(responder));
  changes.operations->cancel(id, dry_run, [ticket](ChangeAnswer answer) { ticket.finish(std::move(answer)); });
}

}  // namespace dormouse
