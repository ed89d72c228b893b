#include "pipeline/scheduler.h"

#include <algorithm>
#include <cassert>

#include "base/units.h"
#include "cache/key.h"
#include "script/lua_value.h"
#include "values/adapt.h"

namespace dormouse {
namespace {

constexpr Duration kCleanAfter = std::chrono::milliseconds(500);  // of a Lua state that holds much garbage
constexpr Duration kCleanSlice = std::chrono::milliseconds(1);

constexpr MetricInfo kStaleCompletions{"dormouse_stale_completions_total",
                                       "Results that came back after their stage or request had moved on."};
constexpr MetricInfo kBudgetExceeded{"dormouse_lua_budget_exceeded_total",
                                     "Entries into Lua that were stopped because they used up their CPU time."};
constexpr MetricInfo kScriptErrors{"dormouse_script_errors_total",
                                   "Faults of stage functions while serving, by the stage's place in its script."};

std::vector<uint64_t> versions_now(const StageCache& cache) {
  std::vector<uint64_t> versions;
  for (const Callee* callee : cache.versions_of) versions.push_back(callee->stamp());
  return versions;
}

}  // namespace

// A stage function that has begun and not returned.
struct Scheduler::FunctionRun {
  LuaState::Coroutine coroutine;
  FunctionSlot slot = kRunSlot;
  unsigned calls = 0;
  Time began{};
  Duration cold_before{}, queued_before{};
  FunctionFrame::Waiting waiting;  // the call it waits for
  std::shared_ptr<void> wanted;    // while that waits for a load, whose demand loses its place with it
};

// A stage that asked its cache in vain, until it has ended.
struct Scheduler::CacheRun {
  CacheKey key;
  Cache::Miss miss;
  Flights::Ticket seat;   // none without single flight
  bool is_leader = true;  // what comes of the stage is for the cache, and for those who wait
};

// One node of one request.
struct Scheduler::Run {
  // `joined`: waits for what another request is making.
  enum class Phase : uint8_t { waiting, started, cold, calling, joined, ended };
  Phase phase = Phase::waiting;
  bool in_fallback = false;
  bool user_counted = false;       // still among the users of its component's lease
  uint16_t inputs_missing = 0;     // of a group: members still running
  uint16_t ok = 0, fallbacks = 0;  // of a group: how members ended
  uint16_t winner = Node::kNone;
  uint32_t attempt = 0;  // moves on with every end, so late completions are told apart
  Duration cold{}, queued{}, ran{};
  Time cold_since{};
  Duration time_left{};  // of the stage's timeout
  Time clock_since{};
  EventLoop::TimerId timer = 0;
  std::optional<CancelToken> cancel;
  Value input;
  Status error;                   // with a fallback: what it stands for
  FaultOf fault = FaultOf::host;  // of what ended it, when that is a failure
  CacheResult cached = CacheResult::none;
  std::optional<CacheRun> cache;
  std::optional<FunctionRun> function;
};

// The lease of one component, for the stages of one request.
struct Scheduler::Held {
  enum class State : uint8_t { none, warm, pending, failed } state = State::none;
  uint16_t users = 0;  // stages that have not called it yet
  Lease lease;
  Status failure;
  std::shared_ptr<void>
      wanted;  // while pending: gone with the last stage that wants it, and the demand's place with it
};

struct Scheduler::Request {
  uint32_t slot = 0;
  uint32_t generation = 0;
  bool used = false;
  bool driving = false;
  bool finished = false;
  bool degraded = false;
  uint64_t serial = 0;
  PipelinePtr hold;
  const CompiledPipeline* pipeline = nullptr;
  PipelineRequest in;
  UniqueFunction<void(PipelineResponse)> done;
  Time began{};
  Time deadline{};
  Time latest{};  // the clock, if nothing but the scheduler ran since it was read; otherwise zero
  EventLoop::TimerId deadline_timer = 0;
  std::vector<Run> runs;      // by node
  std::vector<Value> values;  // by node; no value: absent
  std::vector<Held> held;     // by component
  std::vector<uint16_t> ready;
  size_t ready_next = 0;
  size_t open = 0;  // nodes that have not ended
  Status failure;
  FaultOf fault = FaultOf::host;  // of `failure`
  std::vector<StageTrace> trace;
  int ctx_anchor = LUA_NOREF;

  const Graph& graph() const { return pipeline->graph; }
};

Scheduler::Scheduler(EventLoop& loop, size_t index, std::shared_ptr<Callees> callees, const Clock& clock,
                     const ScriptLimits& limits, Metrics& metrics)
    : loop_(loop),
      index_(index),
      callees_(std::move(callees)),
      clock_(clock),
      limits_(limits),
      metrics_(metrics),
      stale_completions_(metrics.counter(kStaleCompletions)),
      budget_exceeded_(metrics.counter(kBudgetExceeded)) {
  metrics.declare(kScriptErrors);
}

Scheduler::~Scheduler() = default;

// ---- slots ----

Scheduler::Request* Scheduler::take_slot() {
  if (free_slots_.empty()) {
    if (slots_.size() == kRequestsPerLoopMax) return nullptr;
    slots_.push_back(std::make_unique<Request>());
    slots_.back()->slot = static_cast<uint32_t>(slots_.size() - 1);
    slots_.back()->generation = 1;
    free_slots_.push_back(slots_.back()->slot);
  }
  Request* r = slots_[free_slots_.back()].get();
  free_slots_.pop_back();
  r->used = true;
  return r;
}

void Scheduler::free_slot(Request& r) {
  r.used = false;
  ++r.generation;
  r.latest = Time{};
  r.driving = r.finished = r.degraded = false;
  r.hold.reset();
  r.pipeline = nullptr;
  r.in = PipelineRequest{Value(), 0, Time::max(), Lane::Priority::normal, nobodys_};
  r.deadline_timer = 0;
  r.values.clear();
  r.held.clear();
  r.ready.clear();
  r.ready_next = 0;
  r.open = 0;
  r.failure = Status();
  r.fault = FaultOf::host;
  r.trace.clear();
  free_slots_.push_back(r.slot);
}

Scheduler::Request* Scheduler::live(uint32_t slot, uint32_t generation) {
  if (slot >= slots_.size()) return nullptr;
  Request* r = slots_[slot].get();
  return r->used && r->generation == generation ? r : nullptr;
}

Scheduler::Request* Scheduler::arrived(const Address& at) {
  Request* r = live(at.slot, at.generation);
  if (r && !r->finished && r->runs[at.node].attempt == at.attempt) return r;
  stale_completions_.add();
  return nullptr;
}

Scheduler::Address Scheduler::address(const Request& r, uint16_t node) const {
  return {r.slot, r.generation, r.runs[node].attempt, node};
}

std::string Scheduler::stage_object(const Request& r, uint16_t node) const {
  return "stage " + r.graph().name + "/" + r.graph().nodes[node].path;
}

// What the request's error is about: the stage, and in it what the stage's own error names. A wrong input is a fault of
// the script, so it says where the stage stands and which component refused.
std::string Scheduler::failed_object(const Request& r, uint16_t index, const Error& error) const {
  const Node& node = r.graph().nodes[index];
  const std::string stage = stage_object(r, index);
  const bool of_its_function = error.object.starts_with(stage);
  std::string within = of_its_function ? error.object.substr(stage.size()) : error.object;
  if (within.starts_with(", ")) within.erase(0, 2);
  std::string object = stage;
  if (error.code == Code::invalid_argument) {
    object += " (" + r.pipeline->info().file + ":" + std::to_string(node.line) + ")";
    const bool named = of_its_function || within.starts_with("component '") || within.starts_with("plugin");
    if (node.kind == Node::Kind::component && !named)
      object += ", component '" + r.graph().components[node.component] + "'";
  }
  return within.empty() ? object : object + ", " + within;
}

// ---- a request from start to end ----

uint64_t Scheduler::start(PipelinePtr hold, const CompiledPipeline& pipeline, PipelineRequest request,
                          UniqueFunction<void(PipelineResponse)> done) {
  assert(loop_.in_loop_thread());
  Request* taken = take_slot();
  if (!taken) {
    PipelineResponse response;
    response.status = Error{Code::overloaded,
                            "too many requests at the same time",
                            "pipeline '" + pipeline.graph.name + "'",
                            "at most " + std::to_string(kRequestsPerLoopMax) + " on one loop",
                            {},
                            "retry later"};
    response.ended = loop_.now();
    done(std::move(response));
    return 0;
  }
  Request& r = *taken;
  const Graph& graph = pipeline.graph;
  r.serial = next_serial_++;
  r.hold = std::move(hold);
  r.pipeline = &pipeline;
  r.in = std::move(request);
  r.done = std::move(done);
  const Time now = loop_.now();
  r.began = r.latest = now;
  r.deadline = std::min(r.in.deadline, now + graph.deadline);
  pipeline.generation->loops[index_]->in_flight.fetch_add(1, std::memory_order_relaxed);

  r.values.resize(graph.nodes.size());
  r.trace.reserve(graph.nodes.size());
  r.runs.resize(std::max(r.runs.size(), graph.nodes.size()));
  r.open = graph.nodes.size();
  for (uint16_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    Run& run = r.runs[i];
    run.phase = Run::Phase::waiting;
    run.in_fallback = false;
    run.user_counted = node.kind == Node::Kind::component;
    run.inputs_missing =
        static_cast<uint16_t>(node.kind == Node::Kind::group ? node.members.size() : node.waits_for.size());
    run.ok = run.fallbacks = 0;
    run.fault = FaultOf::host;
    run.cached = CacheResult::none;
    run.winner = Node::kNone;
    run.cold = run.queued = run.ran = Duration::zero();
    run.time_left = node.timeout.value_or(Duration::zero());
    if (node.kind != Node::Kind::group && run.inputs_missing == 0) r.ready.push_back(i);
  }
  const uint64_t ticket = uint64_t{r.generation} << 32 | r.slot;
  if (!over(r, now)) hold_components(r);
  drive(r);
  return ticket;
}

void Scheduler::cancel(uint64_t ticket) {
  Request* r = live(static_cast<uint32_t>(ticket), static_cast<uint32_t>(ticket >> 32));
  if (!r || r->finished) return;
  fail(*r, Error{Code::cancelled, "the client is gone", "pipeline '" + r->graph().name + "'", {}, {}, {}});
  drive(*r);
}

// Starts what is ready until nothing is; ends the request when all has ended.
void Scheduler::drive(Request& r) {
  if (r.driving) return;
  r.driving = true;
  while (!r.finished && r.ready_next < r.ready.size()) start_node(r, r.ready[r.ready_next++]);
  r.driving = false;
  if (r.finished || r.open == 0) return finish(r);
  r.latest = Time{};
  arm_deadline(r);
}

// Only requests that have to wait need a timer.
void Scheduler::arm_deadline(Request& r) {
  if (r.deadline_timer != 0 || r.deadline == Time::max()) return;
  r.deadline_timer = loop_.at(r.deadline, [this, slot = r.slot, generation = r.generation] {
    Request* late = live(slot, generation);
    if (!late) return;
    late->deadline_timer = 0;
    over(*late, loop_.now());
    drive(*late);
  });
}

void Scheduler::fail(Request& r, Status status) {
  if (r.finished) return;
  r.finished = true;
  r.failure = std::move(status);
}

// Whether nobody waits for the request any more; then it is failed.
bool Scheduler::over(Request& r, Time now) {
  if (r.finished) return true;
  if (r.in.cancel.cancelled()) {
    fail(r, Error{Code::cancelled, "the client is gone", "pipeline '" + r.graph().name + "'", {}, {}, {}});
  } else if (now >= r.deadline) {
    std::string open;  // called and not ended: whether a call runs or waits for an instance, its lane knows
    for (size_t i = 0; i < r.graph().nodes.size(); ++i) {
      const Run::Phase phase = r.runs[i].phase;
      if (r.graph().nodes[i].kind == Node::Kind::group || phase == Run::Phase::waiting || phase == Run::Phase::ended)
        continue;
      open += (open.empty() ? "'" : ", '") + r.graph().nodes[i].name + "'" +
              (phase == Run::Phase::cold ? " (loading)" : "");
    }
    fail(r, Error{Code::deadline_exceeded,
                  "the deadline passed",
                  "pipeline '" + r.graph().name + "'",
                  {},
                  open.empty() ? "" : "no end of " + open,
                  {}});
  }
  return r.finished;
}

// Stages that run are cancelled; members of a group that has begun and not reached them are skipped. Other stages that
// have not begun have no outcome.
void Scheduler::stop_all_stages(Request& r) {
  const std::vector<Node>& nodes = r.graph().nodes;
  for (uint16_t i = 0; i < nodes.size(); ++i) {
    const Run::Phase phase = r.runs[i].phase;
    const bool skipped = phase == Run::Phase::waiting && nodes[i].group != Node::kNone && has_begun(r, nodes[i].group);
    const bool cancelled = phase != Run::Phase::waiting && phase != Run::Phase::ended;
    if (!skipped && !cancelled) continue;
    const Outcome outcome = skipped ? Outcome::skipped : Outcome::cancelled;
    stop_stage(r, i);
    count(r, i, outcome);
    trace_stage(r, i, outcome, Status());
  }
  for (uint16_t i = 0; i < nodes.size(); ++i)
    if (r.runs[i].phase != Run::Phase::ended) stop_stage(r, i);
}

bool Scheduler::has_begun(const Request& r, uint16_t group) const {
  const std::vector<uint16_t>& members = r.graph().nodes[group].members;
  return std::any_of(members.begin(), members.end(),
                     [&](uint16_t member) { return r.runs[member].phase != Run::Phase::waiting; });
}

void Scheduler::finish(Request& r) {
  r.finished = true;
  stop_all_stages(r);
  if (r.deadline_timer != 0) loop_.cancel(r.deadline_timer);
  PipelineResponse response;
  response.status = r.failure;
  response.fault = r.fault;
  if (r.failure.ok()) {
    Result<Value> output = evaluate(r.graph().output, {r.in.input, r.values}, writer_);
    if (output.ok() && !*output) {  // a reference to what is absent
      writer_.reset();
      writer_.null();
      output = writer_.finish();
    }
    response.status = output.status();
    if (output.ok()) response.output = std::move(*output);
  }
  response.degraded = r.degraded && response.status.ok();
  response.ended = r.latest != Time{} ? r.latest : loop_.now();
  RequestCells& counted = r.pipeline->requests->by_loop[index_];
  counted.statuses[request_status(response.status.code(), response.degraded)].add_alone();
  counted.took.observe_alone(response.ended - r.began);
  response.stages = std::move(r.trace);
  const Generation& generation = *r.pipeline->generation;
  response.generation = generation.number;
  if (r.ctx_anchor != LUA_NOREF) {
    luaL_unref(scripts(generation).state->main(), LUA_REGISTRYINDEX, r.ctx_anchor);
    r.ctx_anchor = LUA_NOREF;
  }
  generation.loops[index_]->in_flight.fetch_sub(1, std::memory_order_relaxed);
  UniqueFunction<void(PipelineResponse)> done = std::move(r.done);
  const PipelinePtr hold = std::move(r.hold);
  free_slot(r);
  done(std::move(response));
}

// ---- caches ----

// Whether the stage has its result, or waits for somebody else's. If not it has to be made, and is for others as well.
bool Scheduler::answered_by_cache(Request& r, uint16_t index) {
  Cache* cache = r.pipeline->caches[index];
  if (!cache) return false;
  Run& run = r.runs[index];
  const Node& node = r.graph().nodes[index];
  Result<CacheKey> key = cache_key(r, index);
  if (!key.ok()) {
    fail_stage(r, index, key.status(), Outcome::error);
    return true;
  }
  if (!*key) return false;
  const Time now = r.latest != Time{} ? r.latest : loop_.now();
  Cache::Answer answer = cache->look_up(key->bytes(), node.cache->policy, now,
                                        [&](const Value& value) { return node.output.check(value.view()).ok(); });
  run.cached = answer.result;
  if (answer.result == CacheResult::hit) {
    end_stage(r, index, Outcome::ok, std::move(answer.value), Status());
    return true;
  }
  if (answer.result == CacheResult::negative) {
    fail_stage(r, index, std::move(answer.error), Outcome::error);
    return true;
  }
  run.cache.emplace();
  run.cache->key = std::move(*key);
  run.cache->miss = answer.miss;
  return node.cache->policy.single_flight && join_flight(r, index, *cache);
}

// With the version of what would answer, and with what the scripts say is asked.
Result<CacheKey> Scheduler::cache_key(Request& r, uint16_t index) {
  const Node& node = r.graph().nodes[index];
  const StageCache& cache = *node.cache;
  Value asked = r.runs[index].input;
  if (cache.key) {
    Result<Value> made = evaluate(*cache.key, {r.in.input, r.values}, writer_);
    if (!made.ok()) return made.status();
    asked = std::move(*made);
  }
  if (asked && !asked.is_root()) {
    writer_.reset();
    writer_.copy(asked.view());
    Result<Value> whole = writer_.finish();
    if (!whole.ok()) return whole.status();
    asked = std::move(*whole);
  }
  const bool by_plugin = cache.policy.version_by_plugin && node.kind == Node::Kind::component;
  const uint64_t stamp = by_plugin ? r.pipeline->callees[node.component]->stamp() : 0;
  return CacheKey(stamp, versions_now(cache), cache.key_prefix, asked.bytes());
}

// Whether somebody else makes it already.
bool Scheduler::join_flight(Request& r, uint16_t index, Cache& cache) {
  Run& run = r.runs[index];
  const Flights::Role role = cache.flights().join(
      run.cache->key.bytes(), loop_,
      [self = shared_from_this(), at = address(r, index)](const FlightNews& news) { self->on_flight(at, news); },
      run.cache->seat);
  if (role == Flights::Role::lead) return false;
  cache.count_coalesced();
  run.cached = CacheResult::coalesced;
  run.cache->is_leader = false;
  run.phase = Run::Phase::joined;
  // The other one may have to wait for a component that is draining, which must not be kept from that here.
  if (role == Flights::Role::wait) let_go_of_leases(r);
  // While the other one waits for a load, nothing is worked at.
  if (role == Flights::Role::wait_called || r.graph().nodes[index].kind == Node::Kind::function)
    run_clock(r, index, loop_.now());
  return true;
}

void Scheduler::on_flight(const Address& at, const FlightNews& news) {
  Request* r = arrived(at);
  if (!r) return;
  Run& run = r->runs[at.node];
  const Time now = loop_.now();
  if (over(*r, now)) return drive(*r);
  switch (news.what) {
    case FlightNews::What::called:
      run_clock(*r, at.node, now);
      break;
    case FlightNews::What::lead:
      run.cache->is_leader = true;
      run.cached = CacheResult::miss;
      run.phase = Run::Phase::started;
      make_result(*r, at.node);
      break;
    case FlightNews::What::landed:
      run.queued += news.call.queued;
      run.ran += news.call.ran;
      settle(*r, at.node, news.call.value);
      break;
  }
  drive(*r);
}

// The flight owns the call, so the first requester's deadline cannot cut it short. The call is cancelled when the last
// requester leaves; a result that comes after that is dropped.
void Scheduler::call_in_flight(Request& r, uint16_t index, Callee& callee, Lease lease, uint32_t method) {
  Run& run = r.runs[index];
  Cache& cache = *r.pipeline->caches[index];
  struct Landing {
    PipelinePtr hold;                // of the node
    std::shared_ptr<Caches> caches;  // of the cache: when nobody waits any more, the engine may go first
    Flights::Ticket seat;
    CacheRun run;
    std::vector<std::string> tags;
  };
  auto landing = std::make_shared<Landing>();
  landing->hold = r.hold;
  landing->caches = r.pipeline->generation->all_caches.lock();
  landing->seat = run.cache->seat;
  landing->run = std::move(*run.cache);
  landing->tags = cache_tags(r, index);
  const StageCache& node = *r.graph().nodes[index].cache;
  run.cache->seat = landing->seat;
  run.cache->is_leader = false;

  CallOptions options = lane_options(r, index);
  options.cancel = cache.flights().take_over(landing->seat);
  options.deadline = Time::max();
  const CancelToken nobody_waits = options.cancel;
  callee.call_on_lane(std::move(lease), method, std::move(run.input), std::move(options), loop_,
                      [self = shared_from_this(), at = address(r, index), &cache, &node, landing, nobody_waits,
                       &counted = cells(r, index)](CallResult result) {
                        counted.queued.observe_alone(result.queued);
                        // What ends after it was cancelled may be less than the whole answer (plugin-api/CONTRACT.md).
                        if (nobody_waits.cancelled()) return;
                        cache.keep(landing->run.key.bytes(), result, landing->tags, landing->run.miss, node.policy,
                                   self->loop_.now(), self->writer_);
                        cache.flights().land(landing->seat, result);
                        self->on_flight(at, {FlightNews::What::landed, std::move(result)});
                      });
}

// What a stage made on its own, in this request: a function's result, an inline call's, or a failure before any call.
void Scheduler::result_for_cache(Request& r, uint16_t index, const Result<Value>& value) {
  Run& run = r.runs[index];
  if (!run.cache || !std::exchange(run.cache->is_leader, false)) return;
  const Node& node = r.graph().nodes[index];
  Cache& cache = *r.pipeline->caches[index];
  const CallResult result{value, run.queued, run.ran};
  // A function may have called other versions than those of its key.
  if (run.cache->key.has_versions(versions_now(*node.cache)))
    cache.keep(run.cache->key.bytes(), result, cache_tags(r, index), run.cache->miss, node.cache->policy, loop_.now(),
               writer_);
  if (run.cache->seat) cache.flights().land(run.cache->seat, result);
}

// A load that failed says nothing of what was asked for: nobody remembers it, and all who wait fail with it.
void Scheduler::land_without_call(Request& r, uint16_t index, const Status& why) {
  Run& run = r.runs[index];
  if (!run.cache || !run.cache->seat || !std::exchange(run.cache->is_leader, false)) return;
  r.pipeline->caches[index]->flights().land(run.cache->seat, {why, {}, {}});
}

std::vector<std::string> Scheduler::cache_tags(Request& r, uint16_t index) {
  std::vector<std::string> tags;
  for (const Expression& expression : r.graph().nodes[index].cache->tags) {
    const Result<Value> tag = evaluate(expression, {r.in.input, r.values}, writer_);
    dm_string_view text{};
    if (tag.ok() && *tag && dm_get_string(tag->view(), &text)) tags.emplace_back(text.data, text.size);
  }
  return tags;
}

// ---- components ----

void Scheduler::hold_components(Request& r) {
  const Graph& graph = r.graph();
  r.held.resize(graph.components.size());
  for (uint16_t c = 0; c < graph.components.size(); ++c) {
    Held& held = r.held[c];
    held.users = graph.component_users[c];
    if (graph.called_at_misses[c] && may_hit(r, c)) continue;
    if (std::optional<Lease> lease = r.pipeline->callees[c]->try_acquire()) {
      held.lease = std::move(*lease);
      held.state = Held::State::warm;
      continue;
    }
    const bool now = std::any_of(r.ready.begin(), r.ready.end(), [&](uint16_t node) {
      return graph.nodes[node].kind == Node::Kind::component && graph.nodes[node].component == c;
    });
    demand(r, c, now ? "request" : "prefetch");
  }
}

// Whether the stages that call this component may do without it. A cache that is not in memory has nothing: then the
// component is fetched ahead like any other, and a cold pipeline still costs its slowest load.
bool Scheduler::may_hit(const Request& r, uint16_t component) const {
  for (size_t i = 0; i < r.graph().nodes.size(); ++i) {
    const Node& node = r.graph().nodes[i];
    const bool calls = node.kind == Node::Kind::component && node.component == component;
    if (calls && r.pipeline->caches[i] && r.pipeline->caches[i]->is_in_memory()) return true;
  }
  return false;
}

void Scheduler::demand(Request& r, uint16_t component, const char* cause) {
  r.held[component].state = Held::State::pending;
  r.held[component].wanted = std::make_shared<char>();
  Demand demand;
  demand.cause = cause;
  demand.wanted = r.held[component].wanted;
  // Runs on any thread, maybe at once: it only hands over.
  demand.done = [self = shared_from_this(), slot = r.slot, generation = r.generation, component](Result<Lease> lease) {
    Scheduler& scheduler = *self;
    scheduler.loop_.post([self, slot, generation, component, lease = std::move(lease)]() mutable {
      self->on_held(slot, generation, component, std::move(lease));
    });
  };
  r.pipeline->callees[component]->acquire(std::move(demand));
}

void Scheduler::on_held(uint32_t slot, uint32_t generation, uint16_t component, Result<Lease> lease) {
  Request* found = live(slot, generation);
  if (!found || found->held[component].state != Held::State::pending) return stale_completions_.add();
  Request& r = *found;
  Held& held = r.held[component];
  held.state = lease.ok() ? Held::State::warm : Held::State::failed;
  if (lease.ok())
    held.lease = std::move(*lease);
  else
    held.failure = lease.status();
  if (lease.ok() && held.users == 0) held = Held();  // whoever wanted it was cancelled meanwhile
  const Time now = loop_.now();
  if (!over(r, now)) {
    for (uint16_t i = 0; i < r.graph().nodes.size() && !r.finished; ++i) {
      Run& run = r.runs[i];
      const Node& node = r.graph().nodes[i];
      if (run.phase != Run::Phase::cold || run.function || node.kind != Node::Kind::component ||
          node.component != component)
        continue;
      run.cold += now - run.cold_since;
      run.phase = Run::Phase::started;
      call_component(r, i);
    }
  }
  drive(r);
}

// The held lease itself for the last user, or when no second one is to be had: a draining component must not be waited
// for by somebody who keeps it from draining.
std::optional<Lease> Scheduler::take_lease(Request& r, uint16_t component) {
  Held& held = r.held[component];
  if (held.state != Held::State::warm || held.users > 1)
    if (std::optional<Lease> another = r.pipeline->callees[component]->try_acquire()) return another;
  if (held.state != Held::State::warm) return std::nullopt;
  held.state = Held::State::none;
  return std::move(held.lease);
}

void Scheduler::release_user(Request& r, uint16_t node) {
  Run& run = r.runs[node];
  if (!run.user_counted) return;
  run.user_counted = false;
  if (r.held.empty()) return;
  Held& held = r.held[r.graph().nodes[node].component];
  if (--held.users > 0) return;
  held.wanted.reset();
  if (held.state == Held::State::warm) held = Held();
}

// Before a wait for a component that may be draining, be it somebody else's wait; taken again when they are needed.
void Scheduler::let_go_of_leases(Request& r) {
  for (Held& held : r.held)
    if (held.state == Held::State::warm) held = Held{.users = held.users, .lease = {}, .failure = {}, .wanted = {}};
}

// ---- stages ----

void Scheduler::start_node(Request& r, uint16_t index) {
  Run& run = r.runs[index];
  if (run.phase != Run::Phase::waiting) return;
  const Node& node = r.graph().nodes[index];
  run.phase = Run::Phase::started;
  if (node.kind == Node::Kind::function) {
    if (!answered_by_cache(r, index)) make_result(r, index);
    return;
  }
  if (node.functions[kInputSlot] != kNoFunctionId) return begin_function(r, index, kInputSlot);
  Result<Value> input = evaluate(node.input, {r.in.input, r.values}, writer_);
  if (input.ok() && !*input)
    input = Error{Code::invalid_argument, "its input is absent", stage_object(r, index), {}, {}, {}};
  if (!input.ok()) return fail_stage(r, index, input.status(), Outcome::error);
  run.input = std::move(*input);
  if (!answered_by_cache(r, index)) make_result(r, index);
}

void Scheduler::make_result(Request& r, uint16_t index) {
  if (r.graph().nodes[index].kind == Node::Kind::function) return begin_function(r, index, kRunSlot);
  call_component(r, index);
}

void Scheduler::call_component(Request& r, uint16_t index) {
  Run& run = r.runs[index];
  const Node& node = r.graph().nodes[index];
  Held& held = r.held[node.component];
  if (held.state == Held::State::failed) {
    land_without_call(r, index, held.failure);
    return fail_stage(r, index, held.failure, Outcome::error);
  }
  std::optional<Lease> lease;
  if (held.state != Held::State::pending) {
    lease = take_lease(r, node.component);
    if (!lease) demand(r, node.component, "request");
  }
  if (!lease) {
    const Time now = loop_.now();
    pause_clock(r, index, now);
    run.phase = Run::Phase::cold;
    run.cold_since = now;
    return;
  }
  release_user(r, index);
  call(r, index, *r.pipeline->callees[node.component], std::move(*lease), node.method, node.method_name);
}

void Scheduler::call(Request& r, uint16_t index, Callee& callee, Lease lease, const MethodRef& known,
                     const std::string& method) {
  Run& run = r.runs[index];
  // The loaded one may be newer than the one asked about; the lease keeps it what it is, and no longer than that.
  if (run.cache && !run.function && r.graph().nodes[index].cache->policy.version_by_plugin)
    run.cache->key.set_stamp(callee.stamp());
  const Result<Callee::Method> found = callee.find_method(lease, known, method);
  if (!found.ok()) return settle(r, index, found.status());
  if (!known.method && found->manifest) run.input = adapt(run.input, found->manifest->input, writer_);
  if (found->runs_inline) {
    inline_options_.request_id = r.in.request_id;
    inline_options_.deadline = r.deadline;
    inline_options_.priority = r.in.priority;
    inline_options_.cancel = r.in.cancel;
    // Reading the clock costs as much as a small stage: where one inline call ended, the next one begins.
    const Time began = r.latest != Time{} ? r.latest : loop_.now();
    Result<Value> result = callee.call_inline(lease, found->index, run.input, inline_options_);
    inline_options_.cancel = nobodys_;
    const Time now = loop_.now();
    r.latest = now;
    run.ran += now - began;
    lease = Lease();
    if (over(r, now)) return;
    return settle(r, index, std::move(result));
  }
  run.phase = Run::Phase::calling;
  run_clock(r, index, loop_.now());
  if (run.cache && run.cache->seat && !run.function)
    return call_in_flight(r, index, callee, std::move(lease), found->index);
  callee.call_on_lane(std::move(lease), found->index, std::move(run.input), lane_options(r, index), loop_,
                      [self = shared_from_this(), at = address(r, index)](CallResult result) {
                        self->on_called(at, std::move(result));
                      });
}

CallOptions Scheduler::lane_options(Request& r, uint16_t index) {
  Run& run = r.runs[index];
  if (!run.cancel) run.cancel.emplace();
  CallOptions options;
  options.request_id = r.in.request_id;
  options.deadline = r.deadline;
  if (run.timer != 0) options.deadline = std::min(options.deadline, run.clock_since + run.time_left);
  options.cancel = *run.cancel;
  options.priority = r.in.priority;
  return options;
}

void Scheduler::on_called(const Address& at, CallResult result) {
  Request* r = arrived(at);
  if (!r) return;
  Run& run = r->runs[at.node];
  run.queued += result.queued;
  cells(*r, at.node).queued.observe_alone(result.queued);
  const Time now = loop_.now();
  if (!run.function) run.ran += result.ran;
  if (!over(*r, now)) settle(*r, at.node, std::move(result.value));
  drive(*r);
}

// What a call of the stage, or of its function, came to.
void Scheduler::settle(Request& r, uint16_t index, Result<Value> result) {
  Run& run = r.runs[index];
  run.input = Value();
  if (run.function) return answer_function(r, index, result);
  result_for_cache(r, index, result);
  if (!result.ok()) {
    run.fault = FaultOf::component;
    return fail_stage(r, index, result.status(), Outcome::error);
  }
  end_stage(r, index, Outcome::ok, std::move(*result), Status());
}

// The wrappers around a failed call, inside out: timeout has ended by now, then comes the fallback.
void Scheduler::fail_stage(Request& r, uint16_t index, Status status, Outcome outcome) {
  const Node& node = r.graph().nodes[index];
  Run& run = r.runs[index];
  stop_stage(r, index);
  if (run.in_fallback) return end_stage(r, index, Outcome::error, Value(), std::move(status));
  if (node.fallback) return end_stage(r, index, Outcome::fallback, node.fallback, std::move(status));
  if (node.functions[kFallbackSlot] == kNoFunctionId) return end_stage(r, index, outcome, Value(), std::move(status));
  run.in_fallback = true;
  run.error = std::move(status);
  run.phase = Run::Phase::started;
  begin_function(r, index, kFallbackSlot);
}

// Lets go of everything a stage has running: what comes back later is stale.
void Scheduler::stop_stage(Request& r, uint16_t index) {
  Run& run = r.runs[index];
  ++run.attempt;
  if (run.timer != 0) loop_.cancel(std::exchange(run.timer, 0));
  if (run.cancel) {
    run.cancel->cancel();
    run.cancel.reset();
  }
  if (run.phase == Run::Phase::cold) run.cold += loop_.now() - run.cold_since;
  run.input = Value();
  if (run.cache) {
    if (run.cache->seat) r.pipeline->caches[index]->flights().leave(run.cache->seat);
    run.cache.reset();
  }
  close_function(r, index);
  if (r.graph().nodes[index].kind == Node::Kind::component) release_user(r, index);
  run.phase = Run::Phase::ended;
}

void Scheduler::end_stage(Request& r, uint16_t index, Outcome outcome, Value value, Status error) {
  const Node& node = r.graph().nodes[index];
  Run& run = r.runs[index];
  stop_stage(r, index);
  run.error = Status();
  r.values[index] = std::move(value);
  --r.open;
  count(r, index, outcome);
  const bool failed = outcome == Outcome::error || outcome == Outcome::timeout;
  if (failed || outcome == Outcome::fallback) r.degraded = true;
  const bool alone = node.group == Node::kNone;
  if (failed && alone && !node.optional) {
    Error told = error.error();
    told.object = failed_object(r, index, told);
    r.fault = run.fault;
    fail(r, Status(std::move(told)));
  }
  trace_stage(r, index, outcome, std::move(error));
  if (r.finished) return;
  notify_readers(r, index);
  if (!alone) member_ended(r, node.group, index);
}

void Scheduler::trace_stage(Request& r, uint16_t index, Outcome outcome, Status error) {
  const Run& run = r.runs[index];
  const bool found = run.cached == CacheResult::hit || run.cached == CacheResult::negative;
  r.trace.push_back({r.graph().nodes[index].path, outcome, run.cold, run.queued, run.ran, std::move(error), run.cached,
                     found ? r.pipeline->caches[index]->store() : std::string()});
}

StageCells& Scheduler::cells(const Request& r, uint16_t index) const {
  return r.pipeline->stages[index]->by_loop[index_];
}

// What never got as far as running, or was found in a cache, has no time that would mean something.
void Scheduler::count(const Request& r, uint16_t index, Outcome outcome) const {
  StageCells& counted = cells(r, index);
  counted.count(outcome);
  if (outcome == Outcome::ok && r.values[index]) counted.count_result(r.values[index].bytes().size());
  const Run& run = r.runs[index];
  // The time of a call that others waited for is its leader's.
  if (run.cached == CacheResult::hit || run.cached == CacheResult::coalesced) return;
  if (outcome == Outcome::ok || run.ran > Duration::zero()) counted.ran.observe_alone(run.ran);
}

void Scheduler::notify_readers(Request& r, uint16_t index) {
  for (const uint16_t reader : r.graph().nodes[index].readers)
    if (--r.runs[reader].inputs_missing == 0) r.ready.push_back(reader);
}

// ---- a stage's timeout: it runs while the stage works, not while it waits for a load ----

void Scheduler::run_clock(Request& r, uint16_t index, Time now) {
  Run& run = r.runs[index];
  if (!r.graph().nodes[index].timeout || run.timer != 0 || run.in_fallback) return;
  run.clock_since = now;
  run.timer =
      loop_.at(now + run.time_left, [self = shared_from_this(), at = address(r, index)] { self->on_timeout(at); });
}

void Scheduler::pause_clock(Request& r, uint16_t index, Time now) {
  Run& run = r.runs[index];
  if (run.timer == 0) return;
  loop_.cancel(std::exchange(run.timer, 0));
  run.time_left = std::max(Duration::zero(), run.time_left - (now - run.clock_since));
}

void Scheduler::on_timeout(const Address& at) {
  Request* r = live(at.slot, at.generation);
  if (!r || r->finished || r->runs[at.node].attempt != at.attempt) return;  // ended in the same turn of the loop
  r->runs[at.node].timer = 0;
  if (!over(*r, loop_.now())) {
    Run& run = r->runs[at.node];
    run.ran += loop_.now() - run.clock_since;
    const Duration timeout = *r->graph().nodes[at.node].timeout;
    fail_stage(
        *r, at.node,
        Error{Code::deadline_exceeded, "took longer than its timeout of " + format_duration(timeout), {}, {}, {}, {}},
        Outcome::timeout);
  }
  drive(*r);
}

// ---- groups ----

// Counts outcomes, not values. A fallback counts only when the real results do not suffice.
void Scheduler::member_ended(Request& r, uint16_t index, uint16_t member) {
  Run& run = r.runs[index];
  if (run.phase == Run::Phase::ended) return;
  const Node& group = r.graph().nodes[index];
  const bool counts = group.join != Join::all || !r.graph().nodes[member].optional;
  const StageTrace& ended = r.trace.back();
  --run.inputs_missing;
  if (counts && ended.outcome == Outcome::ok) ++run.ok;
  if (counts && ended.outcome == Outcome::fallback) ++run.fallbacks;
  if (ended.outcome == Outcome::ok && run.winner == Node::kNone) run.winner = member;

  if (group.join != Join::all && run.ok >= group.needed) return end_group(r, index, true);
  if (run.inputs_missing == 0) return end_group(r, index, run.ok + run.fallbacks >= group.needed);
  if (group.on_error == OnError::partial) return;
  // fail_fast: as soon as the members still running cannot make up for those that failed.
  unsigned possible = run.ok + run.fallbacks;
  for (const uint16_t other : group.members)
    if (r.runs[other].phase != Run::Phase::ended && (group.join != Join::all || !r.graph().nodes[other].optional))
      ++possible;
  if (possible < group.needed) end_group(r, index, false);
}

void Scheduler::end_group(Request& r, uint16_t index, bool met) {
  Run& run = r.runs[index];
  const Node& group = r.graph().nodes[index];
  run.phase = Run::Phase::ended;
  --r.open;
  cancel_members(r, index);
  if (!met && group.on_error == OnError::fail_fast) return fail(r, group_failure(r, index));
  if (!met) r.degraded = true;
  if (group.join == Join::any) {
    uint16_t winner = run.winner;
    for (size_t i = 0; i < group.members.size() && winner == Node::kNone; ++i)
      if (r.values[group.members[i]]) winner = group.members[i];
    if (winner != Node::kNone) r.values[index] = r.values[winner];
  }
  notify_readers(r, index);
}

// What ended the last member that failed.
Status Scheduler::group_failure(Request& r, uint16_t index) const {
  for (auto ended = r.trace.rbegin(); ended != r.trace.rend(); ++ended) {
    if (ended->outcome != Outcome::error && ended->outcome != Outcome::timeout) continue;
    for (const uint16_t member : r.graph().nodes[index].members) {
      if (r.graph().nodes[member].path != ended->name) continue;
      Error error = ended->error.error();
      error.object = failed_object(r, member, error);
      r.fault = r.runs[member].fault;
      return error;
    }
  }
  return Error{Code::internal, "too few of its stages ended well", stage_object(r, index), {}, {}, {}};
}

void Scheduler::cancel_members(Request& r, uint16_t index) {
  for (const uint16_t member : r.graph().nodes[index].members) {
    const Run::Phase phase = r.runs[member].phase;
    if (phase == Run::Phase::ended) continue;
    end_stage(r, member, phase == Run::Phase::waiting ? Outcome::skipped : Outcome::cancelled, Value(), Status());
  }
}

// ---- functions ----

// Of a generation that has functions. Opened before it served, and this thread's since then.
LoopScripts& Scheduler::scripts(const Generation& generation) const {
  return *generation.loops[index_]->scripts;
}

void Scheduler::begin_function(Request& r, uint16_t index, FunctionSlot slot) {
  if (resting_) {
    put_off_.emplace_back(address(r, index), slot);
    return;
  }
  Run& run = r.runs[index];
  LoopScripts& lua = scripts(*r.pipeline->generation);
  Result<LuaState::Coroutine> coroutine = lua.state->take_coroutine();
  if (!coroutine.ok()) return fail_stage(r, index, coroutine.status(), Outcome::error);
  run.function.emplace();
  FunctionRun& function = *run.function;
  function.coroutine = *coroutine;
  function.slot = slot;
  function.began = loop_.now();
  function.cold_before = run.cold;
  function.queued_before = run.queued;
  int arguments = 1;
  const Status pushed = protect(lua.state->main(), [&](lua_State* L) {
    lua_State* co = function.coroutine.thread;
    luaL_checkstack(co, 4, nullptr);
    if (r.ctx_anchor == LUA_NOREF) {
      push_ctx(L, r.serial);
      r.ctx_anchor = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    lua_rawgeti(co, LUA_REGISTRYINDEX, lua.functions[r.graph().nodes[index].functions[slot]]);
    lua_rawgeti(co, LUA_REGISTRYINDEX, r.ctx_anchor);
    if (slot == kFallbackSlot) {
      push_error(L, run.error);
      lua_xmove(L, co, 1);
      ++arguments;
    }
  });
  if (!pushed.ok()) return function_failed(r, index, pushed, true);
  run_clock(r, index, function.began);
  go_on(r, index, arguments);
}

// Lets the loop turn once before the next function begins: without it, one request with many functions that use up
// their budgets would hold everybody else up for the sum of them.
void Scheduler::rest() {
  if (resting_) return;
  resting_ = true;
  loop_.post([self = shared_from_this()] { self->begin_put_off(); });
}

void Scheduler::begin_put_off() {
  resting_ = false;
  while (!resting_ && !put_off_.empty()) {
    const auto [at, slot] = put_off_.front();
    put_off_.pop_front();
    Request* r = live(at.slot, at.generation);
    if (!r || r->finished || r->runs[at.node].attempt != at.attempt) continue;  // timed out or cancelled meanwhile
    if (!over(*r, loop_.now())) begin_function(*r, at.node, slot);
    drive(*r);
  }
}

// Soon, and not after each request: what serves at the moment may need as much again.
void Scheduler::clean_later(const Request& r) {
  LoopScripts& lua = scripts(*r.pipeline->generation);
  if (lua.is_cleaned || !lua.state->is_bloated()) return;
  lua.is_cleaned = true;
  loop_.at(loop_.now() + kCleanAfter,
           [self = shared_from_this(), of = std::weak_ptr<const Pipeline>(r.hold), &lua] { self->clean(of, lua); });
}

// In slices, each a turn of the loop. `of` keeps `scripts`.
void Scheduler::clean(const std::weak_ptr<const Pipeline>& of, LoopScripts& scripts) {
  const PipelinePtr hold = of.lock();
  if (!hold) return;
  if (scripts.state->clean(kCleanSlice, clock_)) {
    scripts.is_cleaned = false;
    return;
  }
  loop_.post([self = shared_from_this(), of, &scripts] { self->clean(of, scripts); });
}

// Enters Lua, and sees what came of it.
void Scheduler::go_on(Request& r, uint16_t index, int arguments) {
  Run& run = r.runs[index];
  FunctionRun& function = *run.function;
  LoopScripts& lua = scripts(*r.pipeline->generation);
  inline_options_.request_id = r.in.request_id;
  inline_options_.deadline = r.deadline;
  inline_options_.priority = r.in.priority;
  inline_options_.cancel = r.in.cancel;
  FunctionFrame frame{function.coroutine.thread, r.serial, r.graph(),     index, r.in.input, r.values, *callees_,
                      inline_options_,           clock_,   function.calls};
  lua.host.running = &frame;
  const LuaState::Run ran = lua.state->resume(function.coroutine, arguments, limits_.entry_cpu_max);
  lua.host.running = nullptr;
  inline_options_.cancel = nobodys_;
  r.latest = Time{};
  switch (ran.how) {
    case LuaState::Ended::returned:
      return function_returned(r, index, ran.values);
    case LuaState::Ended::yielded:
      if (!frame.waiting)
        return function_failed(
            r, index,
            Error{Code::internal, "a stage function yielded; only ctx:call waits", stage_object(r, index), {}, {}, {}},
            true);
      function.waiting = std::move(*frame.waiting);
      return call_from_function(r, index);
    case LuaState::Ended::failed: {
      lua_State* co = function.coroutine.thread;
      const bool script_fault = lua_type(co, -1) != LUA_TUSERDATA;
      Status status;
      const Status read =
          protect(lua.state->main(), [&](lua_State*) { status = error_status(co, -1, stage_object(r, index)); });
      return function_failed(r, index, read.ok() ? status : read, script_fault);
    }
    case LuaState::Ended::out_of_memory:
      return function_failed(r, index,
                             Error{Code::internal,
                                   ran.stopped_at + ": its function used up the memory of its Lua state",
                                   stage_object(r, index),
                                   lua.state->memory_limit(),
                                   {},
                                   "keep less, or do the work in a component"},
                             true);
    case LuaState::Ended::out_of_stack:
      lua.state->drop(function.coroutine);
      return function_failed(r, index,
                             Error{Code::internal,
                                   ran.stopped_at + ": C stack overflow, coroutines nest too deep",
                                   stage_object(r, index),
                                   {},
                                   {},
                                   "do without coroutines that close each other"},
                             true);
    case LuaState::Ended::out_of_time:
      lua.state->drop(function.coroutine);
      budget_exceeded_.add();
      rest();
      return function_failed(r, index,
                             Error{Code::internal,
                                   ran.stopped_at + ": its function used up its CPU time",
                                   stage_object(r, index),
                                   "at most " + format_duration(limits_.entry_cpu_max) + " without a wait",
                                   {},
                                   "do the work in a component"},
                             true);
  }
}

void Scheduler::function_failed(Request& r, uint16_t index, Status status, bool script_fault) {
  if (script_fault)
    metrics_
        .counter(kScriptErrors,
                 {{"script", r.pipeline->info().file}, {"line", std::to_string(r.graph().nodes[index].line)}})
        .add();
  Run& run = r.runs[index];
  run.fault = script_fault ? FaultOf::script : FaultOf::component;
  if (run.function)
    run.ran += loop_.now() - run.function->began - (run.cold - run.function->cold_before) -
               (run.queued - run.function->queued_before);
  if (run.function && run.function->slot == kRunSlot) result_for_cache(r, index, status);
  fail_stage(r, index, std::move(status), Outcome::error);
}

void Scheduler::function_returned(Request& r, uint16_t index, int values) {
  Run& run = r.runs[index];
  const Node& node = r.graph().nodes[index];
  FunctionRun& function = *run.function;
  const FunctionSlot slot = function.slot;
  const Type* wanted = slot == kInputSlot ? &node.input_type : slot == kFallbackSlot ? &node.output : nullptr;
  Result<Value> value = Value();
  lua_State* co = function.coroutine.thread;
  const Status read = scripts(*r.pipeline->generation)
                          .state->protect_within(limits_.entry_cpu_max, function.coroutine, [&](lua_State*) {
                            if (values == 0) lua_pushnil(co);
                            value = read_value(co, values == 0 ? -1 : -values, wanted, writer_);
                          });
  if (!read.ok()) value = read;
  if (value.ok() && slot == kFallbackSlot) {
    const Status fits = node.output.check(value->view());
    if (!fits.ok()) value = fits;
  }
  if (!value.ok()) {
    Error error = value.status().error();
    error.object = stage_object(r, index) + (error.object.empty() ? "" : ", " + error.object);
    error.message = "its function returned what cannot be used: " + error.message;
    return function_failed(r, index, Status(std::move(error)), true);
  }
  const Time now = loop_.now();
  run.ran += now - function.began - (run.cold - function.cold_before) - (run.queued - function.queued_before);
  close_function(r, index);
  if (over(r, now)) return;
  if (slot == kRunSlot) {
    result_for_cache(r, index, value);
    return end_stage(r, index, Outcome::ok, std::move(*value), Status());
  }
  if (slot == kFallbackSlot) return end_stage(r, index, Outcome::fallback, std::move(*value), run.error);
  run.input = std::move(*value);
  if (!answered_by_cache(r, index)) call_component(r, index);
}

// The function waits for a call; its stage's clock stands still while that waits for a load.
void Scheduler::call_from_function(Request& r, uint16_t index) {
  Run& run = r.runs[index];
  FunctionFrame::Waiting& waiting = run.function->waiting;
  run.input = std::move(waiting.input);
  if (std::optional<Lease> lease = waiting.callee->try_acquire())
    return call(r, index, *waiting.callee, std::move(*lease), MethodRef(), waiting.method);
  let_go_of_leases(r);
  const Time now = loop_.now();
  pause_clock(r, index, now);
  run.phase = Run::Phase::cold;
  run.cold_since = now;
  run.function->wanted = std::make_shared<char>();
  Demand demand;
  demand.cause = "request";
  demand.wanted = run.function->wanted;
  demand.done = [self = shared_from_this(), at = address(r, index)](Result<Lease> lease) {
    Scheduler& scheduler = *self;
    scheduler.loop_.post(
        [self, at, lease = std::move(lease)]() mutable { self->on_function_lease(at, std::move(lease)); });
  };
  waiting.callee->acquire(std::move(demand));
}

void Scheduler::on_function_lease(const Address& at, Result<Lease> lease) {
  Request* r = arrived(at);
  if (!r) return;
  Run& run = r->runs[at.node];
  const Time now = loop_.now();
  run.cold += now - run.cold_since;
  run.phase = Run::Phase::calling;
  run.function->wanted.reset();
  if (!over(*r, now)) {
    run_clock(*r, at.node, now);
    FunctionFrame::Waiting& waiting = run.function->waiting;
    if (lease.ok())
      call(*r, at.node, *waiting.callee, std::move(*lease), MethodRef(), waiting.method);
    else
      settle(*r, at.node, lease.status());
  }
  drive(*r);
}

void Scheduler::answer_function(Request& r, uint16_t index, const Result<Value>& answer) {
  Run& run = r.runs[index];
  run.phase = Run::Phase::started;
  const LuaState::Coroutine& coroutine = run.function->coroutine;
  const Status pushed =
      scripts(*r.pipeline->generation).state->protect_within(limits_.entry_cpu_max, coroutine, [&](lua_State* L) {
        luaL_checkstack(coroutine.thread, 4, nullptr);
        push_answer(L, answer);
        lua_xmove(L, coroutine.thread, 2);
      });
  if (!pushed.ok()) return function_failed(r, index, pushed, true);
  go_on(r, index, 2);
}

// A cancelled function never runs on: its to-be-closed variables run, then it is forgotten.
void Scheduler::close_function(Request& r, uint16_t index) {
  Run& run = r.runs[index];
  if (!run.function) return;
  if (run.function->coroutine)
    scripts(*r.pipeline->generation).state->give_back(run.function->coroutine, limits_.entry_cpu_max);
  run.function.reset();
  clean_later(r);
}

}  // namespace dormouse
