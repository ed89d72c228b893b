#include "http/metrics_route.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "components/observe.h"

namespace dormouse {
namespace {

constexpr Duration kRenderMax = std::chrono::seconds(30);

struct MetricsRoute {
  MetricsRoute(const HostView& host, Background& background) : host(host), background(background) {}
  const HostView host;
  Background& background;
  std::atomic<unsigned> running{0};

  // The component that was found last; null: none yet, or it was taken out. Any thread.
  std::shared_ptr<Component> observer() {
    const std::lock_guard lock(mutex);
    return name.empty() ? nullptr : host.registry.find(name);
  }
  void remember(const Component& observer) {
    const std::lock_guard lock(mutex);
    name = observer.name();
  }

 private:
  std::mutex mutex;
  std::string name;
};

// One scrape, from thread to thread.
struct Scrape {
  Scrape(std::shared_ptr<MetricsRoute> route, const Request& request, Responder to)
      : route(std::move(route)), loop(to.loop()), responder(std::move(to)), accept(request.header("Accept")) {
    options.request_id = request.id;
    options.cancel = request.cancel;
    options.deadline = request.received + kRenderMax;
  }
  ~Scrape() { route->running.fetch_sub(1, std::memory_order_relaxed); }

  const std::shared_ptr<MetricsRoute> route;
  EventLoop& loop;
  Responder responder;
  std::string accept;
  CallOptions options;
};
using ScrapePtr = std::shared_ptr<Scrape>;

Error no_observer() {
  return {.code = Code::not_found,
          .message = "no component shows metrics",
          .object = "/metrics",
          .needed = "a component whose plugin offers dormouse.observe/1",
          .found = "none in the configuration",
          .remedy = "add 'monitor: {plugin: monitor}' to its components and start again"};
}

// On the loop of the connection.
void answer(Scrape& scrape, const Result<Exposition>& exposition) {
  if (!exposition.ok()) return scrape.responder.fail(exposition.status());
  Response response;
  response.content_type = exposition->content_type;
  response.body = exposition->body;
  scrape.responder.answer(std::move(response));
}

// Any thread.
void run(const ScrapePtr& scrape, Component& observer) {
  Demand demand;
  demand.cause = "scrape";
  demand.done = [scrape](Result<Lease> lease) {
    if (!lease.ok()) return scrape->responder.fail(lease.status());
    expose_on_lane(std::move(*lease), scrape->route->host.metrics, std::move(scrape->accept), scrape->options,
                   scrape->loop, [scrape](Result<Exposition> exposition) { answer(*scrape, exposition); });
  };
  observer.acquire(std::move(demand));
}

// Plugin folders may have to be read, so it is looked for on the background thread.
void find_and_run(const ScrapePtr& scrape) {
  const Status status = scrape->route->background.submit([scrape] {
    const std::shared_ptr<Component> found = find_observer(scrape->route->host.registry);
    if (!found) return scrape->responder.fail(Status(no_observer()));
    scrape->route->remember(*found);
    run(scrape, *found);
  });
  if (!status.ok()) scrape->responder.fail(status);
}

void scrape(const std::shared_ptr<MetricsRoute>& route, const Request& request, Responder responder) {
  if (route->running.fetch_add(1, std::memory_order_relaxed) >= kScrapesMax) {
    route->running.fetch_sub(1, std::memory_order_relaxed);
    return responder.fail(Status(Error{.code = Code::overloaded,
                                       .message = "too many scrapes at the same time",
                                       .object = "/metrics",
                                       .needed = "at most " + std::to_string(kScrapesMax),
                                       .remedy = "scrape less often"}));
  }
  const auto begun = std::make_shared<Scrape>(route, request, std::move(responder));
  const std::shared_ptr<Component> observer = route->observer();
  observer ? run(begun, *observer) : find_and_run(begun);
}

}  // namespace

std::function<void(const Request&, Responder)> metrics_handler(const HostView& host, Background& background) {
  return [route = std::make_shared<MetricsRoute>(host, background)](const Request& request, Responder to) {
    scrape(route, request, std::move(to));
  };
}

}  // namespace dormouse
