// A stage as a wrapper sees it, without a stage: what the wrapper did to it is there to be looked at.
#pragma once

#include <vector>

#include "pipeline/calls/wrapper.h"
#include "support/manual_loop.h"
#include "unit/pipeline/fake_arrivals.h"

namespace dormouse {

struct FakeWrapped : Wrapped {
  virtual ~FakeWrapped() = default;

  ManualClock clock;
  ManualLoop loop{clock};
  std::shared_ptr<FakeArrivals> arrivals = std::make_shared<FakeArrivals>();
  Node described;
  Value request;
  std::vector<Value> values;
  TryOnce its_call;
  PipelinePtr pipeline;
  ValueWriter its_writer;
  StageTimes its_times;
  StageCells counted;
  bool over = false;
  std::vector<CacheResult> noted;
  unsigned worked = 0, let_go = 0;

  const Node& node() const override { return described; }
  Surroundings surroundings() const override { return {request, values}; }
  const Callee* answering() const override { return nullptr; }
  TryOnce& call() override { return its_call; }
  Completion completion() const override { return {*arrivals, const_cast<ManualLoop&>(loop), {1, 2, 0, 3, 4}}; }
  const PipelinePtr& held() const override { return pipeline; }
  ValueWriter& writer() override { return its_writer; }
  StageTimes& times() override { return its_times; }
  StageCells& cells() override { return counted; }
  Time now() override { return clock.now(); }
  bool is_over(Time) override { return over; }
  void note(CacheResult result) override { noted.push_back(result); }
  void works() override { ++worked; }
  void let_leases_go() override { ++let_go; }
};

}  // namespace dormouse
