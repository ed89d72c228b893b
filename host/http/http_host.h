// The front door of the box `http`: both listeners of a host, from bound to drained.
// Knows the host through HostView; knows no config file and no command line.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "exec/reactor.h"
#include "http/host_view.h"
#include "http/options.h"

namespace dormouse {

class HttpHost {
 public:
  // Binds both listeners and starts to accept: data on every one of `reactors`, control on `control`, which is none of
  // them. When this returns both ports answer, as soon as their loops are run. The reactors and what `host` refers to
  // outlive the HttpHost, and the reactors' loops are run until stop() has returned.
  // Errors: invalid_argument (an address that cannot be parsed, or is not loopback without allow_remote),
  // failed_precondition (the port is taken, or needs rights): each names the address and what to do.
  static Result<std::unique_ptr<HttpHost>> start(DataOptions data, ControlOptions control_options, HostView host,
                                                 std::vector<Reactor*> reactors, Reactor& control);
  // Whether both ports could be had; listens on none. The same errors.
  static Status check(const DataOptions& data, const ControlOptions& control);
  ~HttpHost();  // stop(0) when that was not done
  HttpHost(const HttpHost&) = delete;
  HttpHost& operator=(const HttpHost&) = delete;

  // "127.0.0.1:8080": with the real port, also when the options said 0.
  const std::string& data_address() const;
  const std::string& control_address() const;

  // Stops accepting, closes idle connections, waits up to `grace` for running requests of the data listener, then
  // closes the rest (their requests are cancelled) and the control listener. Blocks; never from a reactor's thread.
  // Idempotent.
  void stop(Duration grace);

 private:
  struct Impl;
  explicit HttpHost(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dormouse
