// The calls of one loaded component that are on their way: so that they can be cancelled when it goes. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/status.h"

namespace dormouse {

// One call, as those see it who may end it.
class OpenCall {
 public:
  virtual ~OpenCall() = default;
  // It ends with `why`: at once when it waits, else when its method returns, which is told as of any cancel. At most
  // once, any thread.
  virtual void end_with(const Status& why) = 0;
};

class OpenCalls {
 public:
  // Takes a call in until remove(). Errors: calls were cancelled, and this one is refused with the same reason.
  Status add(const std::shared_ptr<OpenCall>& call);
  void remove(const OpenCall& call);

  // Every call that is here ends with `why`, and every later one is refused with it.
  void cancel_all(const Status& why);

 private:
  std::mutex mutex_;  // never held while a call is told
  std::unordered_map<const OpenCall*, std::weak_ptr<OpenCall>> calls_;
  Status refusal_;
};

}  // namespace dormouse
