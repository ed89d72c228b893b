// The dm_call behind one entry into plugin code: where a plugin reads its limits and leaves its reasons.
// Lives on the stack of the thread that enters. Not for use outside of components.
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

  // What `returned` means, with the message the plugin left. `where` names who was called: "component 'x', open".
  // A number that is no status of plugin.h, or a cancelled call that was never cancelled, is the plugin's breach.
  // `out`: where the call was to write its answer. What it refused is the plugin's breach as well, and its own reason.
  Status status(int32_t returned, std::string_view where, const ValueWriter* out = nullptr) const;

 private:
  static int cancelled(const dm_call* call);
  static int32_t fail(const dm_call* call, int32_t status, const char* message);
  static void progress(const dm_call* call, double done, double total, const char* what);

  dm_call abi_;
  const CallOptions& options_;
  std::string message_;
};

// Runs `body`, which enters plugin code, and turns an exception that crossed the ABI into broken_contract: the wrapper
// should have stopped it, and the host must not die of it.
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
