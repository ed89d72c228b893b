// The metrics of pipelines and stages: outcomes and times. Each loop has cells that it alone writes; a reading sums
// them. A generation finds its series once, when it begins to serve; a request adds to the series through a pointer.
//
// A series belongs to the name of a pipeline, or of a pipeline and a stage. It outlives a generation: the next
// generation with the same name goes on counting. A series whose name is in no living generation is not shown, and
// starts from 0 if the name comes back. Owner: the engine; generations share the series. It fails with nothing.
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "pipeline/stage_trace.h"

namespace dormouse {

// The cells of one stage on one loop. Only that loop writes them; aligned, so that no other core writes to their cache
// lines.
struct alignas(64) StageCells {
  std::array<Counter, kOutcomes> outcomes;
  Histogram ran{kCallBounds};
  Histogram queued{kCallBounds};  // calls on a lane only
  Counter result_bytes;
  std::atomic<uint64_t> largest_result{0};

  void count(Outcome outcome) { outcomes[static_cast<size_t>(outcome)].add_alone(); }
  void count_result(uint64_t bytes) {
    result_bytes.add_alone(bytes);
    if (bytes > largest_result.load(std::memory_order_relaxed)) largest_result.store(bytes, std::memory_order_relaxed);
  }
};

// How a request ended, as a label: ok, degraded, or the code of its error.
constexpr size_t kRequestStatuses = 17;
size_t request_status(Code code, bool degraded);
std::string_view request_status_name(size_t status);

// The cells of one pipeline on one loop.
struct alignas(64) RequestCells {
  std::array<Counter, kRequestStatuses> statuses;
  Histogram took{kCallBounds};
};

template <class Cells>
struct LoopSeries {
  explicit LoopSeries(size_t loops) : by_loop(new Cells[loops]), loops(loops) {}
  const std::unique_ptr<Cells[]> by_loop;
  const size_t loops;
};
using StageSeries = LoopSeries<StageCells>;
using RequestSeries = LoopSeries<RequestCells>;

class PipelineMetrics {
 public:
  explicit PipelineMetrics(size_t loops) : loops_(loops) {}

  // Finds or makes a series. Any thread; takes a lock, so not during a request.
  std::shared_ptr<StageSeries> stage(const std::string& pipeline, const std::string& path);
  std::shared_ptr<RequestSeries> requests(const std::string& pipeline);

  // Removes series that no generation holds. Before a new generation asks for its series.
  void forget_dead();

  void collect(MetricSink& sink) const;

 private:
  template <class Key, class Series>
  std::shared_ptr<Series> found(std::map<Key, std::weak_ptr<Series>>& among, Key key);

  const size_t loops_;
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::weak_ptr<StageSeries>> stages_;
  std::map<std::string, std::weak_ptr<RequestSeries>> requests_;
};

}  // namespace dormouse
