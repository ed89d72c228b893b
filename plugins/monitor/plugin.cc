// Plugin monitor: type `monitor`, which shows the host's metrics to Prometheus. It keeps nothing: the numbers are the
// host's, and a scrape after an unload goes on where the one before it ended.
#include <memory>
#include <string>

#include "dormouse/plugin.hpp"
#include "render.h"

namespace {

class Monitor {
 public:
  static std::unique_ptr<Monitor> open(dormouse::Open& open) {
    auto monitor = std::make_unique<Monitor>();
    for (const auto [name, value] : open.settings()["labels"].entries()) {
      if (!dormouse::monitor::is_label_name(name))
        throw dormouse::Failure(DM_INVALID_ARGUMENT,
                                "setting 'labels': needed names of [a-zA-Z_][a-zA-Z0-9_]* that do "
                                "not begin with '__', found '" +
                                    std::string(name) + "'");
      monitor->labels_.emplace_back(name, value.as_string());
    }
    return monitor;
  }

  void expose(dormouse::Call&, dormouse::View snapshot, dormouse::Writer out) const {
    const std::string body = dormouse::monitor::render(snapshot, labels_);
    out.map().field("content_type", dormouse::monitor::kContentType).field("body", body);
  }

 private:
  dormouse::monitor::Labels labels_;
};

constexpr dormouse::Type<Monitor> monitor_type("monitor");
constexpr dormouse::Plugin plugin("monitor", "1.0.0", monitor_type);

}  // namespace

constexpr dm_plugin dormouse_plugin = plugin.table();
