// A server core with handlers made for tests, on reactors of its own.
#pragma once

#include <catch2/catch.hpp>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <thread>

#include "http/server.h"
#include "raw_client.h"

namespace dormouse {

// A flag that a test waits for.
class Signal {
 public:
  void set() {
    const std::lock_guard lock(mutex_);
    set_ = true;
    changed_.notify_all();
  }
  bool wait(std::chrono::milliseconds at_most = std::chrono::seconds(10)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, at_most, [&] { return set_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool set_ = false;
};

class TestServer {
 public:
  explicit TestServer(HttpLimits limits = {}, unsigned reactors = 1, ServerOptions options = {}) {
    for (unsigned i = 0; i < reactors; ++i) reactors_.push_back(std::make_unique<Reactor>(i));
    options.name = "test listener";
    options.key = "host.test.listen";
    if (options.listen.empty()) options.listen = "127.0.0.1:0";
    options.limits = limits;
    options.token = "secret";
    std::vector<Reactor*> pointers;
    for (const auto& reactor : reactors_) pointers.push_back(reactor.get());
    Result<std::unique_ptr<Server>> bound = Server::bind(std::move(options), routes(), pointers);
    INFO(bound.status().to_string());
    REQUIRE(bound.ok());
    server = std::move(*bound);
    server->open();
    for (const auto& reactor : reactors_) REQUIRE(reactor->start().ok());
  }
  ~TestServer() {
    const std::vector<Responder> dropped = take_held();
    server->stop(std::chrono::seconds(0));
  }

  const std::string& address() const { return server->address(); }

  // What POST /hold keeps: it answers when the test says so.
  std::vector<Responder> take_held() {
    const std::lock_guard lock(mutex);
    return std::move(held_);
  }
  void answer_held() {
    for (Responder& responder : take_held()) responder.answer(text("held"));
  }
  static Response text(std::string body) {
    Response response;
    response.content_type = "text/plain";
    response.body = std::move(body);
    return response;
  }

  std::mutex mutex;
  std::vector<CancelToken> cancels;  // of requests to /hold
  Signal holding, given_up;
  std::unique_ptr<Server> server;

 private:
  // Of this thread.
  static void use_processor(std::chrono::nanoseconds time) {
    const auto used = [] {
      timespec now{};
      ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
      return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
    };
    for (const auto end = used() + time; used() < end;) {
    }
  }

  std::vector<Route> routes() {
    std::vector<Route> routes;
    const auto add = [&](std::string_view method, std::string pattern,
                         std::function<void(const Request&, Responder)> handle) -> Route& {
      return routes.emplace_back(Route{.method = method, .pattern = std::move(pattern), .handle = std::move(handle)});
    };
    add("GET", "/healthz", [](const Request&, Responder to) { to.answer(text("ok")); }).probe = true;
    add("POST", "/echo", [](const Request& request, Responder to) { to.answer(text(std::string(request.body))); });
    add("POST", "/size",
        [](const Request& request, Responder to) { to.answer(text(std::to_string(request.body.size()))); });
    add("POST", "/needed", [](const Request&, Responder to) { to.answer(text("")); }).body = Route::Body::required;
    add("POST", "/secret", [](const Request&, Responder to) { to.answer(text("open")); }).access = Route::Access::token;
    add("GET", "/busy", [](const Request& request, Responder to) {
      if (!request.came_too_late) use_processor(std::chrono::milliseconds(5));
      to.answer(text(request.came_too_late ? "late" : "done"));
    });
    add("GET", "/forget", [](const Request&, Responder) {});
    add("GET", "/large", [](const Request&, Responder to) { to.answer(text(std::string(8 << 20, 'x'))); });
    add("GET", "/later", [this](const Request&, Responder to) {
      std::thread([to = std::move(to)]() mutable { to.answer(text("later")); }).detach();
      (void)this;
    });
    add("POST", "/hold", [this](const Request& request, Responder to) {
      request.when_given_up = [this] { given_up.set(); };
      const std::lock_guard lock(mutex);
      cancels.push_back(request.cancel);
      held_.push_back(std::move(to));
      holding.set();
    });
    return routes;
  }

  std::vector<std::unique_ptr<Reactor>> reactors_;
  std::vector<Responder> held_;
};

}  // namespace dormouse
