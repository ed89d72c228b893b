#include "support/live/process_facts.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace dormouse {
namespace {

std::string folder_of(pid_t pid) {
  return pid == 0 ? std::string("/proc/self") : "/proc/" + std::to_string(pid);
}

unsigned count_entries(const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(folder.c_str()), &::closedir);
  if (!entries) throw std::runtime_error("cannot list " + folder);
  unsigned count = 0;
  while (const dirent* entry = ::readdir(entries.get())) count += entry->d_name[0] != '.';
  return count;
}

uint64_t status_kib(pid_t pid, const std::string& key) {
  std::ifstream file(folder_of(pid) + "/status");
  std::string word;
  uint64_t kib = 0;
  while (file >> word)
    if (word == key + ":" && file >> kib) return kib;
  throw std::runtime_error("no " + key + " in " + folder_of(pid) + "/status");
}

}  // namespace

std::vector<std::string> read_mappings(pid_t pid) {
  std::ifstream file(folder_of(pid) + "/maps");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

uint64_t resident_bytes(pid_t pid) {
  std::ifstream file(folder_of(pid) + "/statm");
  uint64_t size = 0, resident = 0;
  if (!(file >> size >> resident)) throw std::runtime_error("cannot read " + folder_of(pid) + "/statm");
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

uint64_t peak_resident_bytes(pid_t pid) {
  return status_kib(pid, "VmHWM") * 1024;
}

double cpu_seconds(pid_t pid) {
  std::ifstream stat(folder_of(pid) + "/stat");
  std::string line;
  std::getline(stat, line);
  // The name in parentheses may hold anything; behind it, fields 14 and 15 are user and system ticks.
  std::istringstream fields(line.substr(std::min(line.rfind(')') + 1, line.size())));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0, system = 0;
  if (!(fields >> user >> system)) throw std::runtime_error("cannot read " + folder_of(pid) + "/stat");
  double seconds = (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  const std::string id = std::to_string(pid);
  std::ifstream children(folder_of(pid) + "/task/" + id + "/children");
  for (pid_t child; children >> child;) seconds += cpu_seconds(child);
  return seconds;
}

ProcessFacts read_process(pid_t pid) {
  ProcessFacts facts;
  facts.mappings = static_cast<unsigned>(read_mappings(pid).size());
  facts.threads = count_entries(folder_of(pid) + "/task");
  // Listing our own folder takes a descriptor, which is in the list.
  facts.descriptors = count_entries(folder_of(pid) + "/fd") - (pid == 0 ? 1 : 0);
  facts.resident_bytes = resident_bytes(pid);
  return facts;
}

}  // namespace dormouse
