// Changes that operators asked for, from the request to the answer. A change that ends within its wait is answered with
// what it came to. One that does not goes on as an operation: 202 with its address, where its end can be looked up and
// waited for.
// On the control loop alone, but for Ticket, which any thread may use. Knows no verb: what is done is the caller's.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/events.h"
#include "exec/event_loop.h"
#include "http/json_text.h"
#include "http/operation_reader.h"
#include "http/query.h"
#include "http/responder.h"

namespace dormouse {

// What was asked.
struct Change {
  std::string verb;    // "unload"
  std::string object;  // "nlu.intent", "scripts"
  bool dry_run = false;
  Duration wait{};  // of the whole verb; zero: as long as the control listener gives a request
  Actor actor;
};

// What it came to.
struct ChangeAnswer {
  std::optional<Problem> problem;  // none: done
  bool changed = false;
  std::string explanation;  // "loaded", "would load it"
  std::string members;      // more members of the answer as JSON text, each with a leading comma

  static ChangeAnswer failed(const Status& status) { return {Problem::of(status), false, {}, {}}; }
};

// Whether work that waits for its turn has begun, or was given up before: one of the two, once. Any thread.
class WorkClaim {
 public:
  bool begin() { return take(State::begun); }
  bool give_up() { return take(State::given_up); }
  bool waits() const { return state_ == State::waiting; }

 private:
  enum class State : uint8_t { waiting, begun, given_up };
  bool take(State to) {
    State waiting = State::waiting;
    return state_.compare_exchange_strong(waiting, to);
  }
  std::atomic<State> state_{State::waiting};
};

// How work under way can be followed and ended. Empty members: it cannot.
struct Work {
  std::shared_ptr<WorkClaim> claim = nullptr;  // of work that can be given up before it begins
  // What it is at, in a word or two: "loading". On the control loop.
  std::function<std::string()> at = nullptr;
  // Gives up what has begun, or with `dry_run` says whether it could. Answers once, on any thread; what was given up
  // finishes with `cancelled`.
  using TakenBack = UniqueFunction<void(Status)>;
  std::function<void(bool dry_run, TakenBack taken_back)> take_back = nullptr;
};

class Operations : public std::enable_shared_from_this<Operations> {
 public:
  static constexpr size_t kKept = 128;       // that have ended; older ones are forgotten
  static constexpr size_t kReadersMax = 16;  // who follow operations as streams; beyond it 503
  static constexpr Duration kLookEvery = std::chrono::milliseconds(250);  // at what an operation is, for its readers

  // `loop` is the control listener's and outlives this. `wait_max`: what a request may wait at most.
  Operations(EventLoop& loop, Duration wait_max) : loop_(loop), wait_max_(wait_max) {}

  // What the worker holds of a change. Copies are the same ticket; the first finish() counts. Any thread.
  class Ticket {
   public:
    void finish(ChangeAnswer answer) const;
    // It will not end within the wait: answer that it goes on.
    void go_on() const;

   private:
    friend class Operations;
    Ticket(std::shared_ptr<Operations> all, uint64_t number, EventLoop& loop)
        : all_(std::move(all)), number_(number), loop_(&loop) {}
    std::shared_ptr<Operations> all_;
    uint64_t number_;
    EventLoop* loop_;
  };

  Ticket begin(Change change, Responder responder, Work work = {});

  // The host stops: who still waits is told so, and what ends later is not kept.
  void stop();

  // {"operations": [...], "next": null}: newest first; `next` is the id to ask for behind, when there are more. Errors:
  // not_found for a page behind an operation that is not there (any more).
  Status write_page(JsonText& out, const Page& page) const;
  // Answers with the operation `id`, as soon as it has ended, after `wait` at the latest. 404 when there is none.
  void answer_one(const std::string& id, Duration wait, Responder responder);
  // Streams the operation `id`: an event `progress` at once and whenever it is at something else, then `result` or
  // `error`, and the end. Each holds the operation. 404 when there is none, 503 when too many follow.
  void follow(const std::string& id, Duration heartbeat, Responder responder);
  // Gives `id` up when its work has not begun, or can be taken back. `done` gets the answer, once. Errors: not_found,
  // failed_precondition, what take_back says.
  void cancel(const std::string& id, bool dry_run, UniqueFunction<void(ChangeAnswer)> done);

 private:
  enum class State : uint8_t { running, done, failed, cancelled };
  struct Waiting {
    Responder responder;
    uint64_t number = 0;
    EventLoop::TimerId timer = 0;
  };
  struct Operation {
    uint64_t number = 0;
    Change change;
    Work work;
    std::optional<Responder> asked_by;  // still waits for the answer
    EventLoop::TimerId timer = 0;       // the end of that wait
    State state = State::running;
    std::chrono::system_clock::time_point started_at, ended_at;
    std::string result;  // JSON; empty until done
    std::string problem;
    std::list<Waiting> waiting;
    std::vector<std::shared_ptr<OperationReader>> readers;
    EventLoop::TimerId look = 0;  // while there are readers
  };

  Operation* find(uint64_t number);
  Operation* find(const std::string& id);
  void finish(uint64_t number, ChangeAnswer answer);
  void go_on(uint64_t number);
  void end(Operation& operation);
  void stop_waiting(uint64_t number, uint64_t waiting);
  void look(uint64_t number);
  Problem no_such(const std::string& id) const;
  void forget_old();
  static std::string id_of(const Operation& operation);
  static void write(JsonText& out, const Operation& operation);
  static std::string text(const Operation& operation);

  EventLoop& loop_;
  const Duration wait_max_;
  uint64_t last_number_ = 0;
  uint64_t last_waiting_ = 0;
  // Those that a client waits for as well: they become visible when they go on.
  std::list<Operation> operations_;
};

}  // namespace dormouse
