// What a server is told when it is made.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "http/options.h"
#include "http/request.h"

namespace dormouse {

struct ServerOptions {
  std::string name;  // in errors and logs: "data listener"
  std::string key;   // the config key of `listen`, for remedies: "host.data.listen"
  std::string listen;
  bool allow_remote = false;
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> allowed_origins;
  HttpLimits limits;
  bool cors_credentials = false;     // pages of allowed_origins may send cookies and the like
  std::vector<Histogram*> loop_lag;  // one for each reactor, or none; they outlive the server
  std::function<void(const Request&, const std::string& peer)> on_token_refused;  // on the loop; empty: nobody asks
  std::string token;  // for routes with Access::token; empty: nobody gets in
};

}  // namespace dormouse
