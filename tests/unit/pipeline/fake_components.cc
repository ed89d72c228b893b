#include "unit/pipeline/fake_components.h"

#include <algorithm>
#include <stdexcept>

namespace dormouse {

Value value_of(const std::function<void(ValueWriter&)>& write) {
  ValueWriter writer;
  write(writer);
  Result<Value> value = writer.finish();
  if (!value.ok()) throw std::runtime_error(value.status().to_string());
  return *value;
}

Value text_map(const std::vector<std::pair<std::string, std::string>>& fields) {
  return value_of([&](ValueWriter& w) {
    w.map_begin();
    for (const auto& [name, text] : fields) {
      w.key(name);
      w.string(text);
    }
    w.map_end();
  });
}

FakeComponent::FakeComponent(ManualLoop& loop, std::string name, const std::string& input, const std::string& output)
    : loop_(loop), name_(std::move(name)) {
  manifest_->types.emplace_back();
  manifest_->types[0].name = name_;
  manifest_->types[0].default_method = "run";
  add_method("run", input, output);
  answer = [](const Value& in) -> Result<Value> { return in; };
}

MethodManifest& FakeComponent::add_method(const std::string& name, const std::string& input,
                                          const std::string& output) {
  MethodManifest method;
  method.name = name;
  method.input = *Type::parse(input);
  method.output = *Type::parse(output);
  method.fast = true;
  method.thread = ThreadRule::any;
  manifest_->types[0].methods.push_back(std::move(method));
  return manifest_->types[0].methods.back();
}

void FakeComponent::replace_methods(const std::string& name, const std::string& input, const std::string& output) {
  manifest_->types[0].methods.clear();
  manifest_->types[0].default_method = name;
  add_method(name, input, output);
}

void FakeComponent::load() {
  ready = true;
  while (!demands_.empty()) {
    Demand demand = std::move(demands_.front());
    demands_.pop_front();
    demand.done(Lease());
  }
}

void FakeComponent::fail_load(Status why) {
  while (!demands_.empty()) {
    Demand demand = std::move(demands_.front());
    demands_.pop_front();
    demand.done(why);
  }
}

void FakeComponent::answer_one(Result<Value> value) {
  auto done = std::move(hanging_.front());
  hanging_.pop_front();
  loop_.post([done = std::move(done), value = std::move(value)]() mutable {
    done(CallResult{std::move(value), {}, {}});
  });
}

void FakeComponent::forget_all() {
  demands_.clear();
  hanging_.clear();
}

void FakeComponents::forget_all() {
  for (auto& [name, component] : components_) component->forget_all();
}

Result<Callee::Described> FakeComponent::describe() {
  if (!describable.ok()) return describable;
  return Described{manifest_, &manifest_->types[0]};
}

std::optional<Lease> FakeComponent::try_acquire() {
  if (!ready) return std::nullopt;
  return Lease();
}

void FakeComponent::acquire(Demand demand) {
  demand_causes.push_back(demand.cause);
  if (ready)
    demand.done(Lease());
  else
    demands_.push_back(std::move(demand));
}

size_t FakeComponent::wanted() const {
  return static_cast<size_t>(
      std::count_if(demands_.begin(), demands_.end(), [](const Demand& demand) { return demand.is_wanted(); }));
}

void FakeComponent::offer_cache() {
  manifest_->types[0].capabilities = {"dormouse.cache/1"};
}

std::unique_ptr<CacheSpace> FakeComponent::cache_space(const std::string& name) {
  auto& state = spaces[name];
  if (!state) state = std::make_shared<FakeSpace::State>();
  return std::make_unique<FakeSpace>(state);
}

Result<Callee::Method> FakeComponent::find_method(const Lease&, const MethodRef&, std::string_view name) {
  const TypeManifest& type = manifest_->types[0];
  const MethodManifest* found = type.find_method(name.empty() ? type.default_method : name);
  if (!found)
    return Error{.code = Code::not_found,
                 .message = "has no method '" + std::string(name) + "'",
                 .object = "component '" + name_ + "'"};
  return Method{static_cast<uint32_t>(found - type.methods.data()), inline_calls, found};
}

Result<Value> FakeComponent::called(uint32_t method, const Value& in, const CallOptions& options) {
  ++calls;
  last_options = options;
  inputs.push_back(to_debug_string(in.view()));
  const Status fits = manifest_->types[0].methods[method].input.check(in.view());
  if (!fits.ok()) return fits;
  return answer(in);
}

Result<Value> FakeComponent::call_inline(const Lease&, uint32_t method, const Value& in, const CallOptions& options) {
  return called(method, in, options);
}

void FakeComponent::call_on_lane(Lease, uint32_t method, Value in, CallOptions options, EventLoop& reply,
                                 UniqueFunction<void(CallResult)> done) {
  Result<Value> value = called(method, in, options);
  if (hangs) {
    hanging_.push_back(std::move(done));
    return;
  }
  loop_.at(loop_.now() + takes, [&reply, took = takes, value = std::move(value), done = std::move(done)]() mutable {
    reply.post([took, value = std::move(value), done = std::move(done)]() mutable {
      done(CallResult{std::move(value), Duration::zero(), took});
    });
  });
}

FakeComponent& FakeComponents::add(const std::string& name, const std::string& input, const std::string& output) {
  auto& made = components_[name];
  made = std::make_unique<FakeComponent>(loop_, name, input, output);
  return *made;
}

Callee* FakeComponents::find(std::string_view name) {
  const auto found = components_.find(name);
  return found == components_.end() ? nullptr : found->second.get();
}

std::vector<std::string> FakeComponents::names() const {
  std::vector<std::string> names;
  for (const auto& [name, component] : components_) names.push_back(name);
  return names;
}

}  // namespace dormouse
