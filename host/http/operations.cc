#include "http/operations.h"

#include <algorithm>
#include <array>
#include <utility>

#include "http/document_parts.h"
#include "http/query.h"

namespace dormouse {
namespace {

std::string answer_text(const Change& change, const ChangeAnswer& answer) {
  JsonText out;
  out.begin_object();
  out.member("verb", change.verb);
  out.member("object", change.object);
  out.member("changed", answer.changed);
  out.member("dry_run", change.dry_run);
  out.member("explanation", answer.explanation);
  out.raw_members(answer.members);
  out.end_object();
  return out.take();
}

// Empty: nothing is known of it.
std::string where(const Work& work) {
  if (work.claim) return work.claim->waits() ? "waits for its turn" : "at work";
  return work.at ? work.at() : std::string();
}

void answer_json(Responder& responder, unsigned status, std::string body, const std::string& location = {}) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  if (!location.empty()) response.add_header("Location", location);
  responder.answer(std::move(response));
}

}  // namespace

void Operations::Ticket::finish(ChangeAnswer answer) const {
  loop_->post(
      [all = all_, number = number_, answer = std::move(answer)]() mutable { all->finish(number, std::move(answer)); });
}

void Operations::Ticket::go_on() const {
  loop_->post([all = all_, number = number_] { all->go_on(number); });
}

Operations::Ticket Operations::begin(Change change, Responder responder, Work work) {
  Operation& operation = operations_.emplace_back();
  operation.number = ++last_number_;
  operation.work = std::move(work);
  operation.started_at = std::chrono::system_clock::now();
  const Duration wait = change.wait > Duration{} ? std::min(change.wait, wait_max_) : wait_max_;
  operation.change = std::move(change);
  operation.asked_by.emplace(std::move(responder));
  operation.timer = loop_.at(loop_.now() + wait, [weak = weak_from_this(), number = operation.number] {
    if (const auto self = weak.lock()) self->go_on(number);
  });
  return Ticket(shared_from_this(), operation.number, loop_);
}

Operations::Operation* Operations::find(uint64_t number) {
  const auto found = std::find_if(operations_.begin(), operations_.end(),
                                  [&](const Operation& operation) { return operation.number == number; });
  return found == operations_.end() ? nullptr : &*found;
}

Operations::Operation* Operations::find(const std::string& id) {
  const auto found = std::find_if(operations_.begin(), operations_.end(), [&](const Operation& operation) {
    return !operation.asked_by && id_of(operation) == id;
  });
  return found == operations_.end() ? nullptr : &*found;
}

void Operations::finish(uint64_t number, ChangeAnswer answer) {
  Operation* operation = find(number);
  if (!operation || operation->state != State::running) return;
  if (operation->asked_by) {
    loop_.cancel(operation->timer);
    Responder responder = std::move(*operation->asked_by);
    const std::string text = answer.problem ? "" : answer_text(operation->change, answer);
    operations_.remove_if([&](const Operation& each) { return each.number == number; });
    answer.problem ? responder.fail(*answer.problem) : answer_json(responder, 200, text);
    return;
  }
  const bool given_up = answer.problem && answer.problem->row->code == to_string(Code::cancelled);
  operation->state = given_up ? State::cancelled : answer.problem ? State::failed : State::done;
  if (answer.problem)
    operation->problem = to_json(*answer.problem);
  else
    operation->result = answer_text(operation->change, answer);
  end(*operation);
}

void Operations::go_on(uint64_t number) {
  Operation* operation = find(number);
  if (!operation || !operation->asked_by) return;
  loop_.cancel(operation->timer);
  Responder responder = std::move(*operation->asked_by);
  operation->asked_by.reset();
  answer_json(responder, 202, text(*operation), "/v1/operations/" + id_of(*operation));
}

void Operations::end(Operation& operation) {
  operation.ended_at = std::chrono::system_clock::now();
  std::list<Waiting> waiting;
  waiting.swap(operation.waiting);
  for (Waiting& each : waiting) {
    loop_.cancel(each.timer);
    answer_json(each.responder, 200, text(operation));
  }
  if (operation.look) loop_.cancel(std::exchange(operation.look, 0));
  for (const auto& reader : std::exchange(operation.readers, {}))
    reader->end(operation.state == State::done ? "result" : "error", text(operation));
  forget_old();
}

// Those that run are kept: they are bounded by what the control listener and the background thread take at once.
void Operations::forget_old() {
  size_t ended = 0;
  for (const Operation& each : operations_) ended += each.state != State::running;
  for (auto it = operations_.begin(); ended > kKept && it != operations_.end();) {
    if (it->state == State::running) {
      ++it;
      continue;
    }
    it = operations_.erase(it);
    --ended;
  }
}

void Operations::stop() {
  std::list<Operation> all;
  all.swap(operations_);
  const Status stopping(Code::unavailable, "the host is stopping");
  for (Operation& operation : all) {
    if (operation.timer) loop_.cancel(operation.timer);
    if (operation.look) loop_.cancel(operation.look);
    if (operation.asked_by) operation.asked_by->fail(stopping);
    for (Waiting& each : operation.waiting) {
      loop_.cancel(each.timer);
      each.responder.fail(stopping);
    }
  }
}

Status Operations::write_page(JsonText& out, const Page& page) const {
  std::vector<const Operation*> seen;  // newest first
  for (auto it = operations_.rbegin(); it != operations_.rend(); ++it)
    if (!it->asked_by) seen.push_back(&*it);
  return write_page_of(
      out, "operations", "operation", seen, page, [](const Operation* each) { return id_of(*each); },
      [](JsonText& to, const Operation* each) { write(to, *each); });
}

Problem Operations::no_such(const std::string& id) const {
  std::vector<std::string> known;
  for (const Operation& each : operations_)
    if (!each.asked_by) known.push_back(id_of(each));
  return unknown_name("operation", id, known);
}

void Operations::answer_one(const std::string& id, Duration wait, Responder responder) {
  Operation* operation = find(id);
  if (!operation) return responder.fail(no_such(id));
  if (operation->state != State::running || wait <= Duration{}) return answer_json(responder, 200, text(*operation));
  Waiting& waiting = operation->waiting.emplace_back(Waiting{std::move(responder), ++last_waiting_});
  waiting.timer = loop_.at(loop_.now() + std::min(wait, wait_max_),
                           [weak = weak_from_this(), number = operation->number, one = waiting.number] {
                             if (const auto self = weak.lock()) self->stop_waiting(number, one);
                           });
}

void Operations::stop_waiting(uint64_t number, uint64_t waiting) {
  Operation* operation = find(number);
  if (!operation) return;
  const auto late = std::find_if(operation->waiting.begin(), operation->waiting.end(),
                                 [&](const Waiting& each) { return each.number == waiting; });
  if (late == operation->waiting.end()) return;
  answer_json(late->responder, 200, text(*operation));
  operation->waiting.erase(late);
}

void Operations::follow(const std::string& id, Duration heartbeat, Responder responder) {
  Operation* operation = find(id);
  if (!operation) return responder.fail(no_such(id));
  size_t readers = 0;
  for (Operation& each : operations_) {
    std::erase_if(each.readers, [](const auto& reader) { return !reader->is_open(); });
    readers += each.readers.size();
  }
  if (readers >= kReadersMax)
    return responder.fail(Status(Error{.code = Code::overloaded,
                                       .message = "too many readers follow operations",
                                       .object = "operation '" + id + "'",
                                       .needed = "at most " + std::to_string(kReadersMax),
                                       .found = std::to_string(readers),
                                       .remedy = "ask with ?wait=30s"}));
  const auto reader = std::make_shared<OperationReader>(responder.stream("text/event-stream"), heartbeat);
  reader->progress(text(*operation), loop_.now());
  if (operation->state != State::running)
    return reader->end(operation->state == State::done ? "result" : "error", text(*operation));
  operation->readers.push_back(reader);
  if (!operation->look) look(operation->number);
}

// Again and again while somebody follows it.
void Operations::look(uint64_t number) {
  Operation* operation = find(number);
  if (!operation) return;
  operation->look = 0;
  std::erase_if(operation->readers, [](const auto& reader) { return !reader->is_open(); });
  if (operation->readers.empty()) return;
  const std::string now = text(*operation);
  for (const auto& reader : operation->readers) reader->progress(now, loop_.now());
  operation->look = loop_.at(loop_.now() + kLookEvery, [weak = weak_from_this(), number] {
    if (const auto self = weak.lock()) self->look(number);
  });
}

void Operations::cancel(const std::string& id, bool dry_run, UniqueFunction<void(ChangeAnswer)> done) {
  Operation* operation = find(id);
  const std::string object = "operation '" + id.substr(0, 64) + "'";
  if (!operation)
    return done(ChangeAnswer::failed(Error{.code = Code::not_found,
                                           .message = "there is none of that name",
                                           .object = object,
                                           .remedy = "list them: dormouse ctl operations"}));
  if (operation->state != State::running) return done({std::nullopt, false, "has ended already", {}});
  const auto& claim = operation->work.claim;
  if (claim && (dry_run ? claim->waits() : claim->give_up())) {
    if (dry_run) return done({std::nullopt, false, "would give it up, unless it begins before", {}});
    operation->state = State::cancelled;
    end(*operation);
    return done({std::nullopt, true, "given up before it began", {}});
  }
  if (operation->work.take_back)
    return operation->work.take_back(dry_run, [dry_run, done = std::move(done)](const Status& status) mutable {
      if (!status.ok()) return done(ChangeAnswer::failed(status));
      done({std::nullopt, !dry_run, dry_run ? "would give it up" : "given up", {}});
    });
  done(ChangeAnswer::failed(
      Error{.code = Code::failed_precondition,
            .message = "has begun its work and cannot be taken back",
            .object = object,
            .needed = "work that waits for its turn",
            .found = "work under way",
            .remedy = "wait for its end: dormouse ctl operations " + id.substr(0, 64) + " --wait 30s"}));
}

std::string Operations::id_of(const Operation& operation) {
  return "op-" + std::to_string(operation.number);
}

void Operations::write(JsonText& out, const Operation& operation) {
  constexpr std::array<std::string_view, 4> kStates{"running", "done", "failed", "cancelled"};
  out.begin_object();
  out.member("id", id_of(operation));
  out.member("verb", operation.change.verb);
  out.member("object", operation.change.object);
  out.member("state", kStates[static_cast<size_t>(operation.state)]);
  const std::string at = operation.state != State::running ? "" : where(operation.work);
  out.key("progress");
  at.empty() ? out.null() : out.begin_object().member("at", at).end_object();
  out.member("started_at", utc_text(operation.started_at));
  out.key("ended_at");
  operation.state == State::running ? out.null() : out.value(utc_text(operation.ended_at));
  out.key("result");
  operation.result.empty() ? out.null() : out.raw(operation.result);
  out.key("problem");
  operation.problem.empty() ? out.null() : out.raw(operation.problem);
  out.end_object();
}

std::string Operations::text(const Operation& operation) {
  JsonText out;
  write(out, operation);
  return out.take();
}

}  // namespace dormouse
