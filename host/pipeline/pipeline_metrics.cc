#include "pipeline/pipeline_metrics.h"

#include <algorithm>

namespace dormouse {
namespace {

using enum MetricType;

constexpr MetricInfo kStageOutcome{"dormouse_stage_outcomes_total", "Runs of a stage by what they ended in."};
constexpr MetricInfo kStageSeconds{
    "dormouse_stage_seconds",
    "Time in the component or function of a stage, waiting left out, and not counted when the result was found or "
    "another request's.",
    histogram, 1, kCallBounds};
constexpr MetricInfo kStageQueueSeconds{"dormouse_stage_queue_seconds",
                                        "Time that calls of a stage waited for an instance of its component.",
                                        histogram, 1, kCallBounds};
constexpr MetricInfo kResultBytes{"dormouse_stage_result_bytes_total", "Bytes of the results of a stage."};
constexpr MetricInfo kLargestResult{"dormouse_stage_result_bytes_max",
                                    "Bytes of the largest result of a stage since the host started.", gauge};
constexpr MetricInfo kRequestSeconds{"dormouse_request_seconds",
                                     "Time from a request's entry into its pipeline to its answer.", histogram, 1,
                                     kCallBounds};
constexpr MetricInfo kRequests{"dormouse_requests_total",
                               "Requests of a pipeline by how they ended: ok, degraded, or the code of the error."};

constexpr std::array<Code, kRequestStatuses - 2> kErrors{
    Code::cancelled,          Code::invalid_argument,    Code::deadline_exceeded, Code::not_found,  Code::internal,
    Code::resource_exhausted, Code::failed_precondition, Code::unavailable,       Code::data_loss,  Code::busy,
    Code::load_failed,        Code::broken_contract,     Code::overloaded,        Code::queue_full, Code::ok};
constexpr size_t kOk = 0, kDegraded = 1, kFirstError = 2;

HistogramReading sum_of(const StageSeries& series, Histogram StageCells::*part) {
  HistogramReading reading;
  for (size_t i = 0; i < series.loops; ++i) reading.add(series.by_loop[i].*part);
  return reading;
}

// Of a table of weak pointers.
template <class Table, class Visit>
void for_each_living(const Table& table, Visit&& visit) {
  for (const auto& [key, weak] : table)
    if (const auto series = weak.lock()) visit(key, *series);
}

}  // namespace

size_t request_status(Code code, bool degraded) {
  if (code == Code::ok) return degraded ? kDegraded : kOk;
  size_t error = 0;
  while (error + 1 < kErrors.size() && kErrors[error] != code) ++error;
  return kFirstError + error;
}

std::string_view request_status_name(size_t status) {
  if (status == kOk) return "ok";
  if (status == kDegraded) return "degraded";
  const Code code = kErrors[status - kFirstError];
  return code == Code::ok ? "other" : to_string(code);
}

template <class Key, class Series>
std::shared_ptr<Series> PipelineMetrics::found(std::map<Key, std::weak_ptr<Series>>& among, Key key) {
  std::lock_guard lock(mutex_);
  std::weak_ptr<Series>& weak = among[std::move(key)];
  std::shared_ptr<Series> series = weak.lock();
  if (!series) weak = series = std::make_shared<Series>(loops_);
  return series;
}

std::shared_ptr<StageSeries> PipelineMetrics::stage(const std::string& pipeline, const std::string& path) {
  return found(stages_, std::pair(pipeline, path));
}

std::shared_ptr<RequestSeries> PipelineMetrics::requests(const std::string& pipeline) {
  return found(requests_, pipeline);
}

void PipelineMetrics::forget_dead() {
  const auto dead = [](const auto& entry) { return entry.second.expired(); };
  std::lock_guard lock(mutex_);
  std::erase_if(stages_, dead);
  std::erase_if(requests_, dead);
}

void PipelineMetrics::collect(MetricSink& sink) const {
  for (const MetricInfo& each :
       {kStageOutcome, kStageSeconds, kStageQueueSeconds, kResultBytes, kLargestResult, kRequests, kRequestSeconds})
    sink.declare(each);

  std::lock_guard lock(mutex_);
  for_each_living(stages_, [&](const auto& key, const StageSeries& series) {
    const MetricLabels labels{{"pipeline", key.first}, {"stage", key.second}};
    for (size_t outcome = 0; outcome < kOutcomes; ++outcome) {
      uint64_t sum = 0;
      for (size_t i = 0; i < series.loops; ++i) sum += series.by_loop[i].outcomes[outcome].value();
      MetricLabels with_outcome = labels;
      with_outcome.emplace_back("outcome", to_string(static_cast<Outcome>(outcome)));
      sink.value(kStageOutcome, std::move(with_outcome), static_cast<double>(sum));
    }
    uint64_t bytes = 0, largest = 0;
    for (size_t i = 0; i < series.loops; ++i) {
      bytes += series.by_loop[i].result_bytes.value();
      largest = std::max(largest, series.by_loop[i].largest_result.load(std::memory_order_relaxed));
    }
    sink.value(kResultBytes, labels, static_cast<double>(bytes));
    sink.value(kLargestResult, labels, static_cast<double>(largest));
    HistogramReading times = sum_of(series, &StageCells::ran);
    if (times.count() > 0) sink.histogram(kStageSeconds, labels, std::move(times));
    HistogramReading waits = sum_of(series, &StageCells::queued);
    if (waits.count() > 0) sink.histogram(kStageQueueSeconds, labels, std::move(waits));
  });
  for_each_living(requests_, [&](const std::string& pipeline, const RequestSeries& series) {
    HistogramReading times;
    for (size_t i = 0; i < series.loops; ++i) times.add(series.by_loop[i].took);
    for (size_t status = 0; status < kRequestStatuses; ++status) {
      uint64_t sum = 0;
      for (size_t i = 0; i < series.loops; ++i) sum += series.by_loop[i].statuses[status].value();
      // What never happened is told of the good end alone: a rate needs something to start from.
      if (sum > 0 || status == kOk)
        sink.value(kRequests, {{"pipeline", pipeline}, {"status", std::string(request_status_name(status))}},
                   static_cast<double>(sum));
    }
    if (times.count() > 0) sink.histogram(kRequestSeconds, {{"pipeline", pipeline}}, std::move(times));
  });
}

}  // namespace dormouse
