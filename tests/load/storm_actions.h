// What one client of the storm does: a random action after the other, each answer looked at. One thread each.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "load/storm_host.h"

namespace dormouse {

// What came of it, for one client or for all.
struct StormTally {
  std::map<std::string, std::map<int, uint64_t>> statuses;  // by kind of action
  uint64_t cancelled = 0;                                   // requests whose client went away
  std::vector<std::string> mistakes;                        // answers that were none, malformed, or not allowed
  void add(const StormTally& other);
  uint64_t answers(const std::string& action, int status) const;
  std::string to_string() const;
};

class StormClient {
 public:
  StormClient(const StormHost& host, unsigned seed);
  void act();
  const StormTally& tally() const { return tally_; }

 private:
  void call_pipeline();
  void call_remembered();
  void purge();
  void leave_in_the_middle();
  void ask_verb();
  void scrape();
  void pin_and_unpin();
  void read_something();
  void reload_scripts();

  HttpAnswer exchange(HttpClient& client, const std::string& action, const std::string& request,
                      const std::vector<int>& allowed);
  std::string verb(const std::string& name, const std::string& query);
  unsigned below(unsigned bound) { return std::uniform_int_distribution<unsigned>(0, bound - 1)(random_); }
  const char* component() { return kStormComponents[below(kStormComponents.size())]; }
  std::string nonce();
  std::string common_text();
  void complain(const std::string& action, const std::string& mistake);

  const StormHost& host_;
  const unsigned seed_;
  std::mt19937 random_;
  uint64_t requests_ = 0;
  HttpClient data_;
  HttpClient control_;
  StormTally tally_;
};

}  // namespace dormouse
