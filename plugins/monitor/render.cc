#include "render.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>
#include <sstream>

namespace dormouse::monitor {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// In a comment the serializer writes what it is given; a line break would end the comment.
std::string escaped_help(std::string_view help) {
  std::string text;
  for (const char c : help) {
    if (c == '\\')
      text += "\\\\";
    else if (c == '\n')
      text += "\\n";
    else
      text += c;
  }
  return text;
}

void read_labels(View labels, const Labels& common, ClientMetric& metric) {
  for (const auto [name, value] : labels.entries())
    metric.label.push_back({std::string(name), std::string(value.as_string())});
  for (const auto& [name, value] : common) {
    const bool has_own = std::any_of(metric.label.begin(), metric.label.end(),
                                     [&name = name](const auto& label) { return label.name == name; });
    if (!has_own) metric.label.push_back({name, value});
  }
}

void read_histogram(View sample, const std::vector<double>& bounds, ClientMetric::Histogram& histogram) {
  const View counts = sample["counts"];
  if (counts.size() != bounds.size())
    throw Failure(DM_INVALID_ARGUMENT, "a histogram of " + std::to_string(bounds.size()) + " buckets with " +
                                           std::to_string(counts.size()) + " counts");
  size_t i = 0;
  for (const View count : counts.items()) {
    histogram.sample_count += static_cast<uint64_t>(count.as_int());
    histogram.bucket.push_back({histogram.sample_count, bounds[i++]});
  }
  histogram.sample_sum = sample["sum"].as_float();
}

// False for a type that this format, or this plugin, does not know.
bool read_type(std::string_view word, MetricType& type) {
  if (word == "counter")
    type = MetricType::Counter;
  else if (word == "gauge")
    type = MetricType::Gauge;
  else if (word == "histogram")
    type = MetricType::Histogram;
  else
    return false;
  return true;
}

void read_samples(View family, const Labels& common, MetricFamily& into) {
  std::vector<double> bounds;
  for (const View bound : family["bounds"].items()) bounds.push_back(bound.as_float());
  bounds.push_back(std::numeric_limits<double>::infinity());
  for (const View sample : family["samples"].items()) {
    ClientMetric& metric = into.metric.emplace_back();
    read_labels(sample["labels"], common, metric);
    if (into.type == MetricType::Counter) metric.counter.value = sample["value"].as_float();
    if (into.type == MetricType::Gauge) metric.gauge.value = sample["value"].as_float();
    if (into.type == MetricType::Histogram) read_histogram(sample, bounds, metric.histogram);
  }
}

}  // namespace

std::string render(View snapshot, const Labels& common) {
  std::vector<MetricFamily> families;
  families.reserve(snapshot["families"].size());
  for (const View each : snapshot["families"].items()) {
    MetricFamily family;
    if (!read_type(each["type"].as_string(), family.type)) continue;
    family.name = each["name"].as_string();
    family.help = escaped_help(each["help"].as_string(""));
    read_samples(each, common, family);
    families.push_back(std::move(family));
  }
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return std::move(out).str();
}

bool is_label_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !name.empty() && letter(name[0]) && !name.starts_with("__") &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || digit(c); });
}

}  // namespace dormouse::monitor
