#include "http/script_routes.h"

#include "http/document_parts.h"
#include "http/query.h"
#include "http/script_documents.h"

namespace dormouse {
namespace {

// "; generation 7 has 38 requests in flight": of those that still serve beside `serving`.
std::string still_busy(const std::vector<GenerationInfo>& generations, uint64_t serving) {
  std::string text;
  for (const GenerationInfo& each : generations)
    if (each.number != serving && each.in_flight > 0)
      text += "; generation " + std::to_string(each.number) + " has " + counted(each.in_flight, "request", "requests") +
              " in flight";
  return text;
}

// "serving generation 8: a.lua changed; generation 7 has 38 requests in flight; the files on disk differ ..."
std::string explain(const LoadReport& report, const std::vector<GenerationInfo>& generations, bool dry_run) {
  std::string text = (dry_run ? "would serve generation " : "serving generation ") + std::to_string(report.generation);
  if (report.text_of != 0) text += ", the scripts of generation " + std::to_string(report.text_of);
  text += ": ";
  if (report.changes.empty()) text += "no file changed";
  for (const std::string& change : report.changes) text += (&change == &report.changes.front() ? "" : ", ") + change;
  if (!dry_run) text += still_busy(generations, report.generation);
  if (!report.unlike_disk.empty())
    text += "; the files on disk " + std::string(dry_run ? "would differ" : "differ") +
            " from what serves: " + report.unlike_disk + "; to serve them again: dormouse ctl reload";
  return text;
}

ChangeAnswer answer_of(const LoadReport& report, const std::vector<GenerationInfo>& generations, bool dry_run) {
  JsonText lists;
  lists.begin_object();
  lists.member("generation", report.generation);
  if (report.text_of != 0) lists.member("text_of", report.text_of);
  write_list(lists, "changes", report.changes);
  lists.member("unlike_disk", report.unlike_disk);
  write_list(lists, "errors", report.errors);
  write_list(lists, "warnings", report.warnings);
  write_list(lists, "pool_changes", report.pool_changes);
  lists.end_object();
  ChangeAnswer answer;
  answer.members = members_of(lists);
  answer.changed = !dry_run;
  answer.explanation = explain(report, generations, dry_run);
  if (report.status.ok() && report.errors.empty()) return answer;
  const Status refused = !report.status.ok()
                             ? report.status
                             : Status(Error{.code = Code::failed_precondition,
                                            .message = "the scripts have faults: nothing was changed",
                                            .object = "scripts",
                                            .needed = "scripts without faults",
                                            .found = counted(report.errors.size(), "fault", "faults"),
                                            .remedy = "see errors, correct the files, then: dormouse ctl reload"});
  answer.problem = Problem::of(refused);
  answer.problem->members = std::move(answer.members);
  return answer;
}

}  // namespace

void answer_pipelines(const HostView& host, Responder responder) {
  JsonText out;
  out.begin_object();
  write_list(out, "pipelines", host.engine.pipelines());
  out.key("next").null();
  out.end_object();
  responder.answer_json(out.take());
}

void answer_pipeline(const HostView& host, const Request& request, Responder responder) {
  const std::string& name = request.capture("name");
  std::vector<std::string> names;
  for (const PipelineInfo& info : host.engine.pipelines()) {
    if (info.name == name) {
      JsonText out;
      write(out, info);
      return responder.answer_json(out.take());
    }
    names.push_back(info.name);
  }
  responder.fail(unknown_name("pipeline", name, names));
}

void answer_generations(const HostView& host, Responder responder) {
  JsonText out;
  out.begin_object();
  write_list(out, "generations", host.engine.generations());
  out.key("next").null();
  out.end_object();
  responder.answer_json(out.take());
}

void reload_scripts(const HostChanges& changes, const Request& request, Responder responder) {
  const std::string only = request.parameter("only").value_or("scripts");
  if (only != "scripts") return responder.fail(Status(bad_parameter("only", "scripts", only)));
  Result<Change> change = read_change(changes, request, "reload", "scripts");
  if (!change.ok()) return responder.fail(change.status());
  run_in_background(changes, std::move(*change), std::move(responder),
                    [&engine = changes.host.engine](const Change& asked) {
                      const LoadReport report = engine.load(asked.dry_run, asked.actor);
                      return answer_of(report, engine.generations(), asked.dry_run);
                    });
}

void roll_back_scripts(const HostChanges& changes, const Request& request, Responder responder) {
  Result<Change> change = read_change(changes, request, "rollback", "scripts");
  if (!change.ok()) return responder.fail(change.status());
  run_in_background(changes, std::move(*change), std::move(responder),
                    [&engine = changes.host.engine](const Change& asked) {
                      const LoadReport report = engine.rollback(asked.dry_run, asked.actor);
                      return answer_of(report, engine.generations(), asked.dry_run);
                    });
}

}  // namespace dormouse
