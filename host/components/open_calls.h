// The list of the calls of one loaded component that wait or run on its lane, so that all can be cancelled when the
// component is closed. It runs no call. Owner: the LoadedPlugin, shared with the calls. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/status.h"

namespace dormouse {

// One call, as the list sees it.
class OpenCall {
 public:
  virtual ~OpenCall() = default;
  // Ends the call with `why`: at once if it waits; else when its method returns, which gets a cancel like any other. At
  // most once, any thread.
  virtual void end_with(const Status& why) = 0;
};

class OpenCalls {
 public:
  // Adds a call, until remove(). Errors: the reason of cancel_all(), if that was called before.
  Status add(const std::shared_ptr<OpenCall>& call);
  void remove(const OpenCall& call);

  // Ends every call in the list with `why`, and refuses every later one with it.
  void cancel_all(const Status& why);

 private:
  std::mutex mutex_;  // never held while a call is ended
  std::unordered_map<const OpenCall*, std::weak_ptr<OpenCall>> calls_;
  Status refusal_;
};

}  // namespace dormouse
