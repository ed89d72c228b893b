// The dm_call of one entry into plugin code: the plugin reads deadline and cancel token from it, and writes the message
// of its error into it. Owner: the stack of the thread that enters. Private to the box `components`.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "components/call_options.h"
#include "dormouse/plugin.h"

namespace dormouse {

class CallFrame {
 public:
  // `options` outlives the frame.
  explicit CallFrame(const CallOptions& options);
  CallFrame(const CallFrame&) = delete;

  const dm_call* abi() const { return &abi_; }

  // The status for the number `returned`, with the plugin's message. `where` names the called function: "component 'x',
  // open". broken_contract: the number is no status of plugin.h, or it says cancelled and the call was not cancelled.
  // If the writer `out` (may be null) has refused something that the plugin wrote, the status is the writer's error.
  Status status(int32_t returned, std::string_view where, const ValueWriter* out = nullptr) const;

 private:
  static int cancelled(const dm_call* call);
  static int32_t fail(const dm_call* call, int32_t status, const char* message);
  static void progress(const dm_call* call, double done, double total, const char* what);

  dm_call abi_;
  const CallOptions& options_;
  std::string message_;
};

// Runs `body`, which enters plugin code, and turns a C++ exception into broken_contract. No exception should cross the
// ABI (plugin.hpp stops them), and one that does must not end the host.
template <class Body>
Status guarded(std::string_view where, Body&& body) {
  try {
    return body();
  } catch (const std::exception& e) {
    return Error{.code = Code::broken_contract,
                 .message = std::string("threw a C++ exception across the plugin ABI: ") + e.what(),
                 .object = std::string(where),
                 .needed = "a returned status",
                 .found = "an exception",
                 .remedy = "build it with dormouse/plugin.hpp, or catch"};
  } catch (...) {
    return Error{.code = Code::broken_contract,
                 .message = "threw a C++ exception across the plugin ABI",
                 .object = std::string(where),
                 .needed = "a returned status",
                 .found = "an exception of an unknown type",
                 .remedy = "build it with dormouse/plugin.hpp, or catch"};
  }
}

}  // namespace dormouse
