// The life of the storm's components as the event stream tells it, judged against the rules of ARCHITECTURE.md 4: one
// load for each cold start, numbered without a gap, and ended before the next begins; and a replacement that opens
// beside the incarnation that serves, and takes its place when it is ready.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace dormouse {

class StormHistory {
 public:
  // Listens on the control port until the host closes the stream, or stop().
  StormHistory(uint16_t control_port, const std::string& authorization);
  ~StormHistory();
  void stop();

  // After stop().
  struct Loads {
    uint64_t begun = 0;
    uint64_t ready = 0;
    uint64_t replaced = 0;    // of those ready: beside one that served
    uint64_t unloaded = 0;    // proven, the stop of the host included
    uint64_t generation = 0;  // of the last event
  };
  Loads loads(const std::string& component) const;
  uint64_t gaps() const { return gaps_; }  // times the stream said that it skipped some
  const std::vector<std::string>& breaches() const { return breaches_; }

 private:
  struct Life {
    Loads loads;
    uint64_t generation = 0;   // of the incarnation that is current; 0: not known (start, or behind a gap)
    uint64_t begun = 0;        // the last load that began, a replacement's included
    uint64_t replacement = 0;  // the load of a replacement that may become ready; 0: none
    bool known = false;        // whether the next generation can be told
    std::string state;
  };
  void take_line(std::string_view line);
  void take_event(std::string_view json);
  void take_state(const std::string& name, const std::string& to, uint64_t generation);
  void begin(const std::string& name, Life& life, uint64_t generation);

  int socket_ = -1;
  std::map<std::string, Life> lives_;
  uint64_t gaps_ = 0;
  bool next_is_gap_ = false;
  std::vector<std::string> breaches_;
  std::thread reader_;
};

}  // namespace dormouse
