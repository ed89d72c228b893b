#include "components/observe.h"

#include "components/component.h"
#include "components/loaded.h"
#include "dormouse/ext/observe.h"

namespace dormouse {
namespace {

bool is_utf8(std::string_view text) {
  return dm_utf8_valid(reinterpret_cast<const unsigned char*>(text.data()), text.size()) != 0;
}

void write_text(ValueWriter& out, std::string_view text) {
  if (is_utf8(text)) {
    out.string(text);
    return;
  }
  std::string plain(text);
  for (char& c : plain)
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  out.string(plain);
}

void write_sample(ValueWriter& out, const MetricSample& sample, MetricType type) {
  out.map_begin();
  out.key("labels");
  out.map_begin();
  for (const auto& [name, value] : sample.labels) {
    out.key(name);
    write_text(out, value);
  }
  out.map_end();
  if (type == MetricType::histogram) {
    out.key("counts");
    out.list_begin();
    for (const uint64_t count : sample.histogram.counts) out.integer(static_cast<int64_t>(count));
    out.list_end();
    out.key("sum");
    out.number(sample.histogram.sum);
  } else {
    out.key("value");
    out.number(sample.value);
  }
  out.map_end();
}

void write_family(ValueWriter& out, const MetricFamily& family) {
  out.map_begin();
  out.key("name");
  write_text(out, family.name);
  out.key("help");
  write_text(out, family.help);
  out.key("type");
  out.string(to_string(family.type));
  if (family.type == MetricType::histogram) {
    out.key("bounds");
    out.list_begin();
    for (const double bound : family.bounds) out.number(bound);
    out.list_end();
  }
  out.key("samples");
  out.list_begin();
  for (const MetricSample& sample : family.samples) write_sample(out, sample, family.type);
  out.list_end();
  out.map_end();
}

}  // namespace

std::shared_ptr<Component> find_observer(Registry& registry) {
  for (const std::string& name : registry.names()) {
    std::shared_ptr<Component> component = registry.find(name);
    if (!component) continue;
    const Result<Description> found = registry.describe(component->spec());
    if (found.ok() && found->type->offers(DM_EXT_OBSERVE)) return component;
  }
  return nullptr;
}

Result<Value> snapshot_value(const std::vector<MetricFamily>& families, std::string_view accept) {
  ValueWriter out(kSnapshotLimits);
  out.map_begin();
  out.key("accept");
  write_text(out, accept);
  out.key("families");
  out.list_begin();
  for (const MetricFamily& family : families) write_family(out, family);
  out.list_end();
  out.map_end();
  return out.finish();
}

void expose_on_lane(Lease lease, const Metrics& metrics, std::string accept, CallOptions options, EventLoop& reply,
                    UniqueFunction<void(Result<Exposition>)> done) {
  Loaded& loaded = lease.loaded();
  loaded.expose(std::move(lease), metrics, std::move(accept), std::move(options), reply, std::move(done));
}

}  // namespace dormouse
