// Whether a request may come in, by its header alone: Host, Origin, route, token, announced body, Expect. No socket.
// One for each connection, which owns it; on that connection's loop only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/problem.h"
#include "http/request.h"
#include "http/router.h"
#include "http/server_options.h"

namespace dormouse {

class HeadAdmission {
 public:
  // `options` and `routes` outlive this. `local_address`: the connection's own, which a Host may name.
  HeadAdmission(const ServerOptions& options, const std::vector<Route>& routes, std::string local_address)
      : options_(options), routes_(routes), local_address_(std::move(local_address)) {}

  // What the header says beside its fields.
  struct Head {
    std::string_view target;
    unsigned version = 11;
    bool announces_body = false;
  };
  // One of the first three is set.
  struct Verdict {
    const Route* route = nullptr;           // goes on with its body
    std::optional<Problem> problem = {};    // refused
    std::optional<Response> response = {};  // OPTIONS: answered here
    bool token_refused = false;             // with `problem`
    bool wants_continue = false;  // with `route`: the client waits for "100 Continue" before it sends the body
  };
  // Fills the captures of `request`, whose other parts of the header are set.
  Verdict judge(Request& request, const Head& head);

  // Of the last request that was judged, when it is one of allowed_origins; else empty.
  const std::string& allowed_origin() const { return allowed_origin_; }

 private:
  std::optional<Problem> check_authority(const Request& request, const Head& head);
  std::optional<Problem> check_origin(const Request& request, std::string_view authority);
  std::optional<Problem> check_route(const Route& route, const Request& request, const Head& head,
                                     bool& token_refused) const;
  Verdict options_of(Request& request) const;
  bool is_probe(std::string_view path) const;

  const ServerOptions& options_;
  const std::vector<Route>& routes_;
  const std::string local_address_;
  std::string accepted_authority_;  // the last Host that was accepted: clients repeat it
  std::string allowed_origin_;
};

}  // namespace dormouse
