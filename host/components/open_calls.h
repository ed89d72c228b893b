// The calls of one loaded component that are on their way: so that they can be cancelled when it goes. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/status.h"

namespace dormouse {

struct CallJob;

class OpenCalls {
 public:
  // Takes a call in until remove(). Errors: calls were cancelled, and this one is refused with the same reason.
  Status add(const std::shared_ptr<CallJob>& job);
  void remove(const CallJob& job);

  // Every call that is here, and every later one, ends with `why`: at once when it waits, and when its method returns
  // when it runs; the method is told as of any cancel.
  void cancel_all(const Status& why);

 private:
  std::mutex mutex_;  // never held while a call is told
  std::unordered_map<const CallJob*, std::weak_ptr<CallJob>> calls_;
  Status refusal_;
};

}  // namespace dormouse
