// Marks loads and closes whose memory readings overlap: those are estimates. Loop thread only.
#pragma once

#include <cstdint>
#include <map>

namespace dormouse {

class MemoryWindows {
 public:
  using Id = uint64_t;  // 0 is never one

  Id open() {
    for (auto& [id, overlapped] : open_) overlapped = true;
    const bool overlapped = !open_.empty();
    open_[next_] = overlapped;
    return next_++;
  }
  // Ends it; true when another one was open at some time in between. 0 is nothing.
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
