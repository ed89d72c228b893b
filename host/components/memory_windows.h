// Finds out which loads and closes overlap in time: their memory readings are estimates. A window is the time from the
// first reading to the second. It reads no memory. Owner: the registry. Registry's loop thread only.
#pragma once

#include <cstdint>
#include <map>

namespace dormouse {

class MemoryWindows {
 public:
  using Id = uint64_t;  // names a window; 0: none

  Id open() {
    for (auto& [id, overlapped] : open_) overlapped = true;
    const bool overlapped = !open_.empty();
    open_[next_] = overlapped;
    return next_++;
  }
  // Ends a window. True: another window was open at some time in between. Ignores 0.
  bool close(Id id) {
    const auto found = open_.find(id);
    if (found == open_.end()) return false;
    const bool overlapped = found->second;
    open_.erase(found);
    return overlapped;
  }

 private:
  Id next_ = 1;
  std::map<Id, bool> open_;
};

}  // namespace dormouse
