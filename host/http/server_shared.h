// What the shards of one server have in common. Owner: the server and its shards together.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "http/router.h"
#include "http/server_options.h"

namespace dormouse {

struct ServerShared {
  ServerOptions options;
  std::vector<Route> routes;
  std::string address;  // "127.0.0.1:8080", as bound
  std::atomic<unsigned> connections{0};
  std::atomic<size_t> body_bytes{0};    // of large bodies, see HttpLimits::bodies_bytes_max
  std::atomic<size_t> answer_bytes{0};  // of large answers, see HttpLimits::answers_bytes_max
  std::atomic<uint64_t> next_request_id{0};
  std::atomic<bool> stopping{false};

  std::mutex mutex;  // with `changed`: for the end of the last connection
  std::condition_variable changed;
};

}  // namespace dormouse
