// What a process holds, as the kernel tells it: the figures that unloading must bring back to where they were.
// Reads /proc only; any process we may look at, 0 is ourselves. Errors are thrown (std::runtime_error).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace dormouse {

struct ProcessFacts {
  unsigned mappings = 0;
  unsigned threads = 0;
  unsigned descriptors = 0;
  uint64_t resident_bytes = 0;
};

ProcessFacts read_process(pid_t pid = 0);
uint64_t resident_bytes(pid_t pid = 0);
// Peak resident set, VmHWM.
uint64_t peak_resident_bytes(pid_t pid = 0);
// User and system time of a process and of its living children (the workers of a server), in seconds; 10 ms coarse.
double cpu_seconds(pid_t pid);
// The lines of /proc/PID/maps.
std::vector<std::string> read_mappings(pid_t pid = 0);

}  // namespace dormouse
