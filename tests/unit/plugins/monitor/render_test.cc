#include "render.h"

#include <catch2/catch.hpp>
#include <limits>

#include "components/observe.h"

namespace monitor = dormouse::monitor;
using Catch::Contains;

namespace {

constexpr std::array<int64_t, 2> kBounds{1'000'000, 1'000'000'000};
constexpr dormouse::MetricInfo kTimes{"dormouse_t_seconds", "How long.", dormouse::MetricType::histogram, 1, kBounds};
constexpr dormouse::MetricInfo kLevel{"dormouse_level", "How much.", dormouse::MetricType::gauge};

std::string rendered(const std::vector<dormouse::MetricFamily>& families, const monitor::Labels& common = {}) {
  const dormouse::Result<dormouse::Value> snapshot = dormouse::snapshot_value(families, "text/plain");
  REQUIRE(snapshot.ok());
  return monitor::render(dormouse::View(snapshot->view()), common);
}

std::string level(const std::string& label, double value, const monitor::Labels& common = {}) {
  dormouse::MetricSink sink;
  sink.value(kLevel, {{"of", label}}, value);
  return rendered(sink.take(), common);
}

}  // namespace

TEST_CASE("a family is its help and type and series") {
  CHECK(level("tank", 2.5) ==
        "# HELP dormouse_level How much.\n# TYPE dormouse_level gauge\ndormouse_level{of=\"tank\"} 2.5\n");
}

TEST_CASE("quotes and backslashes and line breaks of a label are escaped") {
  CHECK_THAT(level("a\"b\\c\nd", 1), Contains("dormouse_level{of=\"a\\\"b\\\\c\\nd\"} 1\n"));
}

TEST_CASE("a line break in a help text does not end the comment") {
  dormouse::MetricFamily family{
      "dormouse_x_total", "one\ntwo \\ three", dormouse::MetricType::counter, {}, {{{}, 1, {}}}};
  CHECK(rendered({family}) ==
        "# HELP dormouse_x_total one\\ntwo \\\\ three\n# TYPE dormouse_x_total counter\ndormouse_x_total 1\n");
}

TEST_CASE("counts beyond float precision and special numbers are written in full") {
  CHECK_THAT(level("n", 9007199254740991.0), Contains(" 9007199254740991\n"));
  CHECK_THAT(level("n", std::numeric_limits<double>::infinity()), Contains(" +Inf\n"));
  CHECK_THAT(level("n", std::numeric_limits<double>::quiet_NaN()), Contains(" Nan\n"));
}

TEST_CASE("buckets of a histogram are cumulated and end in +Inf") {
  dormouse::Metrics metrics;
  dormouse::Histogram& times = metrics.histogram(kTimes, {{"k", "v"}});
  for (const int ms : {1, 1, 500, 2000}) times.observe(std::chrono::milliseconds(ms));
  const std::string text = rendered(metrics.snapshot());
  CHECK_THAT(text, Contains("# TYPE dormouse_t_seconds histogram\n"));
  CHECK_THAT(text, Contains("dormouse_t_seconds_bucket{k=\"v\",le=\"0.001\"} 2\n"));
  CHECK_THAT(text, Contains("dormouse_t_seconds_bucket{k=\"v\",le=\"1\"} 3\n"));
  CHECK_THAT(text, Contains("dormouse_t_seconds_bucket{k=\"v\",le=\"+Inf\"} 4\n"));
  CHECK_THAT(text, Contains("dormouse_t_seconds_count{k=\"v\"} 4\n"));
  CHECK_THAT(text, Contains("dormouse_t_seconds_sum{k=\"v\"} 2.502\n"));
}

TEST_CASE("a family without series still says what it is") {
  dormouse::Metrics metrics;
  metrics.declare(kTimes);
  CHECK_THAT(rendered(metrics.snapshot()),
             Contains("# HELP dormouse_t_seconds How long.\n# TYPE dormouse_t_seconds histogram\n"));
}

TEST_CASE("common labels are put on every series that has none of that name") {
  const std::string text = level("tank", 1, {{"region", "eu"}, {"of", "loser"}});
  CHECK_THAT(text, Contains("dormouse_level{of=\"tank\",region=\"eu\"} 1\n"));
}

TEST_CASE("a label that is no UTF-8 is shown with question marks") {
  CHECK_THAT(level("caf\xE9.lua", 1), Contains("dormouse_level{of=\"caf?.lua\"} 1\n"));
}

TEST_CASE("families of types that are not known yet are left out") {
  dormouse::ValueWriter out;
  out.map_begin();
  out.key("families");
  out.list_begin();
  out.map_begin();
  out.key("name");
  out.string("dormouse_new");
  out.key("type");
  out.string("native_histogram");
  out.map_end();
  out.list_end();
  out.map_end();
  CHECK(monitor::render(dormouse::View(out.finish()->view()), {}).empty());
}

TEST_CASE("a histogram whose counts do not fit its bounds is refused") {
  dormouse::MetricFamily family{"dormouse_t_seconds", "", dormouse::MetricType::histogram, {0.1, 1}, {}};
  family.samples.push_back({{}, 0, {{1, 2}, 3}});
  CHECK_THROWS_WITH(rendered({family}), Contains("3 buckets with 2 counts"));
}

TEST_CASE("names of labels are those of Prometheus") {
  for (const char* good : {"a", "region", "_x", "A9_b"}) CHECK(monitor::is_label_name(good));
  for (const char* bad : {"", "9a", "a-b", "__name__", "a b", "caf\xC3\xA9"}) CHECK_FALSE(monitor::is_label_name(bad));
}
