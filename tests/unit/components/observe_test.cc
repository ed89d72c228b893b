// The snapshot of metrics as the value that dormouse/ext/observe.h describes.
#include "components/observe.h"

#include <catch2/catch.hpp>

#include "values/value.h"

using namespace dormouse;

namespace {

std::string json_of(const std::vector<MetricFamily>& families, std::string_view accept) {
  const Result<Value> value = snapshot_value(families, accept);
  REQUIRE(value.ok());
  return to_debug_string(value->view(), 4096);
}

}  // namespace

TEST_CASE("a snapshot without metrics is whole all the same") {
  CHECK(json_of({}, "text/plain") == R"({"accept":"text/plain","families":[]})");
}

TEST_CASE("a counter has its value and a histogram its bounds counts and sum") {
  MetricFamily counter;
  counter.name = "requests_total";
  counter.help = "Requests.";
  counter.type = MetricType::counter;
  counter.samples.push_back({.labels = {{"pipeline", "words"}}, .value = 7, .histogram = {}});
  MetricFamily times;
  times.name = "seconds";
  times.help = "Times.";
  times.type = MetricType::histogram;
  times.bounds = {0.1, 1};
  MetricSample sample;
  sample.histogram.counts = {2, 1, 0};
  sample.histogram.sum = 0.5;
  times.samples.push_back(sample);
  CHECK(json_of({counter, times}, "") ==
        R"({"accept":"","families":[{"name":"requests_total","help":"Requests.","type":"counter","samples":[)"
        R"({"labels":{"pipeline":"words"},"value":7}]},{"name":"seconds","help":"Times.","type":"histogram",)"
        R"("bounds":[0.1,1],"samples":[{"labels":{},"counts":[2,1,0],"sum":0.5}]}]})");
}

TEST_CASE("a name that is no UTF-8 is shown with question marks and spoils nothing") {
  MetricFamily counter;
  counter.name = "script_errors_total";
  counter.type = MetricType::counter;
  counter.samples.push_back({.labels = {{"script", "caf\xe9.lua"}}, .value = 1, .histogram = {}});
  CHECK_THAT(json_of({counter}, "\xff"),
             Catch::Contains(R"("script":"caf?.lua")") && Catch::Contains(R"("accept":"?")"));
}
