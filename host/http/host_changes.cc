#include "http/host_changes.h"

#include "http/query.h"

namespace dormouse {
namespace {

constexpr size_t kReasonMax = 200;  // bytes; it stands in an event and in a line of the log

}  // namespace

Result<Change> read_change(const HostChanges& changes, const Request& request, std::string verb, std::string object) {
  const Result<Duration> wait = duration_of(request, "wait", changes.wait_max);
  if (!wait.ok()) return wait.status();
  const Result<bool> dry_run = flag_of(request, "dry_run");
  if (!dry_run.ok()) return dry_run.status();
  std::string reason = request.parameter("reason").value_or("");
  if (reason.size() > kReasonMax)
    return bad_parameter("reason", "at most " + std::to_string(kReasonMax) + " bytes",
                         std::to_string(reason.size()) + " bytes");
  // Verbs are asked for with the one token there is.
  return Change{std::move(verb), std::move(object), *dry_run, *wait, Actor{"local", request.id, std::move(reason)}};
}

void run_in_background(const HostChanges& changes, Change change, Responder responder,
                       UniqueFunction<ChangeAnswer(const Change&)> work) {
  const auto claim = std::make_shared<WorkClaim>();
  const Operations::Ticket ticket = changes.operations->begin(change, std::move(responder), {.claim = claim});
  const Status taken =
      changes.background.submit([ticket, claim, change = std::move(change), work = std::move(work)]() mutable {
        if (claim->begin()) ticket.finish(work(change));
      });
  if (!taken.ok()) ticket.finish(ChangeAnswer::failed(taken));
}

std::string members_of(const JsonText& object) {
  return "," + object.text().substr(1, object.text().size() - 2);
}

std::string counted(uint64_t count, std::string_view noun, std::string_view plural) {
  return std::to_string(count) + " " + std::string(count == 1 ? noun : plural);
}

}  // namespace dormouse
