#include "http/http_host.h"

#include <utility>

#include "http/attention.h"
#include "http/audit.h"
#include "http/background.h"
#include "http/control_routes.h"
#include "http/data_routes.h"
#include "http/openapi.h"
#include "http/server.h"

namespace dormouse {
namespace {

constexpr MetricInfo kLoopLag{"dormouse_loop_lag_seconds",
                              "How late the loop of a reactor was, looked at 10 to 50 times a second while clients are "
                              "connected to the data listener.",
                              MetricType::histogram, 1, kCallBounds};

std::vector<Histogram*> loop_lag(Metrics& metrics, size_t reactors) {
  std::vector<Histogram*> cells;
  for (size_t i = 0; i < reactors; ++i) cells.push_back(&metrics.histogram(kLoopLag, {{"reactor", std::to_string(i)}}));
  return cells;
}

template <class Options>
ServerOptions server_options(Options& options, std::string name, std::string key) {
  ServerOptions server;
  server.name = std::move(name);
  server.key = std::move(key);
  server.listen = std::move(options.listen);
  server.allow_remote = options.allow_remote;
  server.allowed_hosts = std::move(options.allowed_hosts);
  server.allowed_origins = std::move(options.allowed_origins);
  server.limits = options.limits;
  return server;
}

// Keeps a reading of the counters every so often, on the control loop, for as long as `recent` lives.
void keep_reading(const std::weak_ptr<RecentRequests>& recent, const Metrics& metrics, Reactor& control) {
  control.at(control.now() + RecentRequests::kEvery, [recent, &metrics, &control] {
    const auto alive = recent.lock();
    if (!alive) return;
    alive->keep(control.now(), request_totals(metrics.snapshot()));
    keep_reading(recent, metrics, control);
  });
}

}  // namespace

// In the order in which the parts depend on each other.
struct HttpHost::Impl {
  Metrics::Registration attention;
  Background changes, reads;
  std::shared_ptr<Operations> operations;
  std::shared_ptr<RecentRequests> recent;
  Reactor* control_loop = nullptr;
  std::unique_ptr<Server> control;
  std::unique_ptr<Server> data;
};

Result<std::unique_ptr<HttpHost>> HttpHost::start(DataOptions data, ControlOptions control_options, HostView host,
                                                  std::vector<Reactor*> reactors, Reactor& control) {
  auto impl = std::make_unique<Impl>();
  impl->operations = std::make_shared<Operations>(control, change_wait_max(control_options));
  impl->control_loop = &control;
  impl->recent = std::make_shared<RecentRequests>(host.clock.now());
  control.post([recent = std::weak_ptr(impl->recent), &metrics = host.metrics, &control] {
    keep_reading(recent, metrics, control);
  });
  auto openapi = std::make_shared<std::string>();
  std::vector<Route> data_table = data_routes(data, host);
  std::vector<Route> control_table =
      control_routes(control_options, host, impl->changes, impl->reads, impl->operations, impl->recent, openapi);
  if (host.audit) host.audit->watch(control_table);
  *openapi = openapi_json(host.version, control_table, data_table);

  impl->attention = count_attention(host);

  // Both ports are taken before anybody is let in at either.
  ServerOptions for_control = server_options(control_options, "control listener", "host.control.listen");
  for_control.token = host.control_token;
  if (host.audit)
    for_control.on_token_refused = [audit = host.audit](const Request& request, const std::string& peer) {
      audit->token_refused(request, peer);
    };
  Result<std::unique_ptr<Server>> control_server =
      Server::bind(std::move(for_control), std::move(control_table), {&control});
  if (!control_server.ok()) return control_server.status();
  ServerOptions for_data = server_options(data, "data listener", "host.data.listen");
  for_data.cors_credentials = data.cors_credentials;
  for_data.loop_lag = loop_lag(host.metrics, reactors.size());
  Result<std::unique_ptr<Server>> data_server = Server::bind(std::move(for_data), std::move(data_table), reactors);
  if (!data_server.ok()) return data_server.status();
  impl->control = std::move(*control_server);
  impl->data = std::move(*data_server);
  impl->control->open();
  impl->data->open();
  return std::unique_ptr<HttpHost>(new HttpHost(std::move(impl)));
}

Status HttpHost::check(const DataOptions& data, const ControlOptions& control) {
  DataOptions for_data = data;
  ControlOptions for_control = control;
  if (Status status = Server::check(server_options(for_control, "control listener", "host.control.listen"));
      !status.ok())
    return status;
  return Server::check(server_options(for_data, "data listener", "host.data.listen"));
}

HttpHost::HttpHost(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpHost::~HttpHost() {
  stop(Duration::zero());
}

const std::string& HttpHost::data_address() const {
  return impl_->data->address();
}

const std::string& HttpHost::control_address() const {
  return impl_->control->address();
}

// Operators can watch the data side drain, so control goes last.
void HttpHost::stop(Duration grace) {
  impl_->data->stop(grace);
  impl_->changes.stop();
  impl_->reads.stop();
  impl_->recent.reset();
  if (auto operations = std::exchange(impl_->operations, nullptr))
    impl_->control_loop->post([operations = std::move(operations)] { operations->stop(); });
  impl_->control->stop(std::chrono::seconds(1));
}

}  // namespace dormouse
