#include "fake_carrier.h"

#include <algorithm>
#include <functional>

namespace dormouse {

FakeLoaded::FakeLoaded(FakeCarrier& carrier, std::string component, FakeFile file)
    : Loaded(facts_of_file_), carrier_(carrier), component_(std::move(component)), file_(std::move(file)) {
  facts_of_file_.path = "/plugins/fake.so";
  facts_of_file_.sha256 = file_.content;
  facts_of_file_.version = file_.content;
  facts_of_file_.manifest = carrier.manifest();
  facts_of_file_.type = carrier.manifest()->types.data();
  facts_of_file_.stamp = std::hash<std::string>()(file_.content) | 1;
}

// Echoes.
void FakeLoaded::call(Lease lease, uint32_t, Value in, CallOptions, EventLoop& reply,
                      UniqueFunction<void(CallResult)> done) {
  carrier_.steps.push_back("call " + file_.content);
  lease.release();
  reply.post([in = std::move(in), done = std::move(done)]() mutable { done({std::move(in), {}, {}}); });
}

void FakeLoaded::adopt(Loaded& parked) {
  auto& other = static_cast<FakeLoaded&>(parked);
  if (other.file_.content == file_.content) mapped_ = std::exchange(other.mapped_, false);
}

void FakeLoaded::open(OpenOrder order, UniqueFunction<void(Opened)> done) {
  set_number(order.number);
  carrier_.step("open", file_.content, [this, done = std::move(done)]() mutable {
    if (!mapped_) carrier_.mapped.push_back(file_.content);
    mapped_ = true;
    set_cache({file_.cache, &file_});
    done({.status = file_.open, .map = {}, .open = {}, .added = {}});
  });
}

void FakeLoaded::trim(UniqueFunction<void(Status)> done) {
  carrier_.step("trim", file_.content, [this, done = std::move(done)]() mutable { done(file_.trim); });
}

void FakeLoaded::ask_veto(UniqueFunction<void(Status)> done) {
  // As it is now, and not as it was when this was loaded: a test changes its mind.
  carrier_.step("veto", file_.content, [this, done = std::move(done)]() mutable { done(carrier_.file.objection); });
}

void FakeLoaded::close(UniqueFunction<void(Closed)> done) {
  carrier_.step("close", file_.content,
                [this, done = std::move(done)]() mutable { done({.leftovers = file_.leftovers, .returned = {}}); });
}

void FakeLoaded::release(UniqueFunction<void(Released)> done) {
  carrier_.step("release", file_.content, [this, done = std::move(done)]() mutable {
    mapped_ = false;
    const auto mine = std::find(carrier_.mapped.begin(), carrier_.mapped.end(), file_.content);
    if (mine != carrier_.mapped.end()) carrier_.mapped.erase(mine);
    Released released;
    released.proof.in_use = std::count(carrier_.mapped.begin(), carrier_.mapped.end(), file_.content) > 0;
    released.proof.unmapped = file_.unmaps && !released.proof.in_use;
    if (!released.proof.unmapped) released.proof.cause = "the loader kept it";
    done(std::move(released));
  });
}

void FakeLoaded::cancel_calls(const Status&) {
  carrier_.steps.push_back("cancel " + file_.content);
}

FakeCarrier::FakeCarrier(EventLoop& loop) : loop_(loop) {
  Manifest manifest;
  manifest.id = "fake";
  manifest.types.emplace_back();
  manifest.types.back().name = "fake";
  manifest_ = std::make_shared<const Manifest>(std::move(manifest));
}

void FakeCarrier::step(const std::string& name, const std::string& content, Task end) {
  steps.push_back(name + " " + content);
  if (std::find(held.begin(), held.end(), name) != held.end()) {
    waiting_.push_back(std::move(end));
  } else {
    loop_.post(std::move(end));
  }
}

bool FakeCarrier::pass() {
  if (waiting_.empty()) return false;
  Task end = std::move(waiting_.front());
  waiting_.pop_front();
  loop_.post(std::move(end));
  return true;
}

void FakeCarrier::prepare(const ComponentSpec& spec, UniqueFunction<void(Result<std::unique_ptr<Loaded>>)> done) {
  FakeFile read = file;
  step("prepare", read.content, [this, name = spec.name, read, done = std::move(done)]() mutable {
    knows_files = true;
    if (!read.prepare.ok()) return done(read.prepare);
    done(std::unique_ptr<Loaded>(std::make_unique<FakeLoaded>(*this, name, read)));
  });
}

}  // namespace dormouse
