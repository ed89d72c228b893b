// What the two HTTP listeners may be told: plain aggregates with documented defaults and units, filled by the config.
// Not the config itself, and nothing here is checked: HttpHost::start checks what it is given and names what is wrong.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "base/clock.h"
#include "exec/lane.h"

namespace dormouse {

// What one connection may cost. Each limit says what happens at it.
struct HttpLimits {
  unsigned connections_max = 1024;             // open at once; beyond it one that is idle between requests gives way,
                                               // else the new one is answered 503 and closed
  size_t header_bytes_max = size_t{16} << 10;  // request line and header fields: 431
  Duration header_timeout = std::chrono::seconds(5);  // first byte (or accept) to end of header: 408
  size_t body_bytes_max = size_t{8} << 20;            // of one request, chunked or not: 413
  size_t bodies_bytes_max = size_t{256} << 20;       // of all requests of the listener at once, bodies over 64 KiB: 503
  size_t answers_bytes_max = size_t{256} << 20;      // of all answers over 64 KiB that are not yet sent: 503 instead
  Duration body_timeout = std::chrono::seconds(30);  // end of header to end of body: 408
  Duration request_timeout = std::chrono::seconds(60);  // end of body to the last byte of the answer: cancelled, 504
  Duration idle_timeout = std::chrono::seconds(60);     // between two requests: closed
  Duration loop_lag_max = Duration::zero();             // longer unread in a standing queue: 503; 0: never
};

// Connections beyond connections_max that may be open at once, only to be answered 503. Each is here for milliseconds
// when its client reads; when it does not, the next one takes its place.
inline unsigned refused_connections_max(const HttpLimits& limits) {
  return std::min(limits.connections_max, 256U);
}

// The data listener: POST /v1/pipelines/{name}, /healthz, /readyz.
struct DataOptions {
  std::string listen = "127.0.0.1:8080";     // "address:port", "[::1]:port" or "localhost:port"; port 0: any free one
  bool allow_remote = false;                 // an address that is not loopback is refused without it
  std::vector<std::string> allowed_hosts;    // more names (without port) that a Host header may carry
  std::vector<std::string> allowed_origins;  // exact origins ("https://app.example.org") whose pages may ask
  bool cors_credentials = false;             // those pages may send cookies, client certificates and the like
  HttpLimits limits{.loop_lag_max = std::chrono::milliseconds(50)};
  unsigned concurrent_max = 256;                       // pipeline requests running at once; beyond it 503 at once
  Lane::Priority priority_max = Lane::Priority::high;  // what the Priority header may ask for at most
};

// The control listener: everything under ARCHITECTURE.md section 9, "Control". On a thread of its own.
struct ControlOptions {
  std::string listen = "127.0.0.1:8081";
  bool allow_remote = false;
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> allowed_origins;
  // Verbs may wait for loads (30 s by default) and drains, hence the longer request_timeout.
  HttpLimits limits{.connections_max = 64,
                    .body_bytes_max = size_t{1} << 20,
                    .bodies_bytes_max = size_t{16} << 20,
                    .answers_bytes_max = size_t{64} << 20,
                    .request_timeout = std::chrono::seconds(120)};
  unsigned event_streams_max = 16;                      // readers of /v1/events at once; beyond it 503
  size_t event_stream_bytes_max = size_t{64} << 10;     // waiting for one slow reader; what it misses is an
                                                        // `event: gap`
  Duration event_heartbeat = std::chrono::seconds(15);  // a comment when nothing else was sent
};

}  // namespace dormouse
