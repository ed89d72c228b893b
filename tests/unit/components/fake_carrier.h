// A carrier without a shared object: every step of a load and of a close waits until the test lets it end, with the
// outcome that the test wants. One thread, no time of its own.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "components/call_options.h"
#include "components/carrier.h"
#include "components/lease.h"
#include "exec/event_loop.h"

namespace dormouse {

class FakeCarrier;

// The content of the "file" that a load reads, and how what is loaded of it behaves.
struct FakeFile {
  std::string content = "v1";
  Status prepare = {};  // an error: the file is no good
  Status open = {};
  bool vetoes = false;  // it may object to being closed, and does while `objection` is an error
  Status objection = {};
  Status trim = {};
  std::vector<std::string> leftovers = {};  // of close
  bool unmaps = true;
  const dm_cache* cache = nullptr;  // entered with this FakeFile's address as the component
};

class FakeLoaded final : public Loaded {
 public:
  FakeLoaded(FakeCarrier& carrier, std::string component, FakeFile file);

  const std::string& component() const override { return component_; }
  bool runs_inline(uint32_t) const override { return true; }
  Result<Value> call_inline(uint32_t, const Value& in, const CallOptions&) override { return in; }
  void call(Lease lease, uint32_t method, Value in, CallOptions options, EventLoop& reply,
            UniqueFunction<void(CallResult)> done) override;
  void expose(Lease, const Metrics&, std::string, CallOptions, EventLoop&,
              UniqueFunction<void(Result<Exposition>)>) override {}
  void adopt(Loaded& parked) override;
  void open(OpenOrder order, UniqueFunction<void(Opened)> done) override;
  void trim(UniqueFunction<void(Status)> done) override;
  bool has_veto() const override { return file_.vetoes; }
  void ask_veto(UniqueFunction<void(Status)> done) override;
  void close(UniqueFunction<void(Closed)> done) override;
  void release(UniqueFunction<void(Released)> done) override;
  bool holds_code() const override { return mapped_; }
  void follow(const PoolPolicy&) override {}
  void cancel_calls(const Status& why) override;
  uint64_t mapped_bytes() const override { return mapped_ ? 4096 : 0; }
  std::shared_ptr<const Activity> activity() const override { return nullptr; }

 private:
  FakeCarrier& carrier_;
  const std::string component_;
  FakeFile file_;
  LoadedFacts facts_of_file_;
  bool mapped_ = false;
};

class FakeCarrier final : public Carrier {
 public:
  explicit FakeCarrier(EventLoop& loop);

  // What the next load reads. Changing it is replacing the file.
  FakeFile file;
  bool knows_files = true;  // as one that has looked into its folders; a load does
  std::string close_first;  // why two may not be open at the same time

  // What happened, in order: "prepare v1", "open v1", "trim v1", "veto v1", "close v1", "release v1", "cancel v1",
  // "call v1".
  std::vector<std::string> steps;
  // Names of the steps that wait for pass(); all others end at once, that is, with the loop's next turn.
  std::vector<std::string> held;
  // Lets the oldest waiting step end. False: none waits.
  bool pass();
  // Who has code mapped, by content.
  std::vector<std::string> mapped;

  void prepare(const ComponentSpec& spec, UniqueFunction<void(Result<std::unique_ptr<Loaded>>)> done) override;
  std::string files_identity(const ComponentSpec&) const override {
    return knows_files ? file.content + file.prepare.to_string() : std::string();
  }
  uint64_t memory_estimate(const ComponentSpec&) const override { return 0; }
  std::string reason_to_close_first(const ComponentSpec&) const override { return close_first; }

  // [FakeLoaded] Notes a step, and ends it now or when the test says so.
  void step(const std::string& name, const std::string& content, Task end);
  const std::shared_ptr<const Manifest>& manifest() const { return manifest_; }
  // Of what is loaded from now on; it has one type.
  void set_manifest(std::shared_ptr<const Manifest> manifest) { manifest_ = std::move(manifest); }

 private:
  EventLoop& loop_;
  std::deque<Task> waiting_;
  std::shared_ptr<const Manifest> manifest_;
};

}  // namespace dormouse
