#include "base/process_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "base/file.h"

namespace dormouse {
namespace {

using enum MetricType;

constexpr MetricInfo kCpu{"process_cpu_seconds_total", "CPU time used by the process, of user and system."};
constexpr MetricInfo kResident{"process_resident_memory_bytes", "Resident memory, mapped files included.", gauge};
constexpr MetricInfo kVirtual{"process_virtual_memory_bytes", "Address space.", gauge};
constexpr MetricInfo kThreads{"process_threads", "Threads of the operating system.", gauge};
constexpr MetricInfo kOpenFds{"process_open_fds", "Open file descriptors.", gauge};
constexpr MetricInfo kMaxFds{"process_max_fds", "File descriptors the process may have open.", gauge};
constexpr MetricInfo kStart{"process_start_time_seconds", "When the process started, in seconds since 1970.", gauge};
constexpr MetricInfo kBuild{"dormouse_build_info", "1; the labels say what is running.", gauge};

constexpr size_t kProcFileMax = size_t{1} << 20;

// The numbers of /proc/self/stat from field 3 on; the name before them may hold spaces and brackets.
std::vector<double> stat_fields() {
  std::vector<double> fields;
  const Result<std::string> text = read_file("/proc/self/stat", kProcFileMax);
  if (!text.ok() || text->rfind(')') == std::string::npos) return fields;
  const char* at = text->c_str() + text->rfind(')') + 1;
  while (*at == ' ') {
    char* end = nullptr;
    fields.push_back(std::strtod(at + 1, &end));
    at = end == at + 1 ? end + 1 : end;  // the state is a letter
  }
  return fields;
}

double boot_time() {
  const Result<std::string> text = read_file("/proc/stat", kProcFileMax);
  const size_t at = text.ok() ? text->find("\nbtime ") : std::string::npos;
  return at == std::string::npos ? 0 : std::strtod(text->c_str() + at + 7, nullptr);
}

double open_descriptors() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc/self/fd"), &::closedir);
  if (!folder) return 0;
  double count = -3;  // . and .. and the folder itself
  while (::readdir(folder.get())) ++count;
  return count;
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

void collect_process_metrics(MetricSink& sink) {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) sink.value(kCpu, {}, seconds(usage.ru_utime) + seconds(usage.ru_stime));
  const std::vector<double> stat = stat_fields();
  // By their numbers in proc(5), which counts from 1.
  const auto field = [&](size_t number) { return stat.size() > number - 3 ? stat[number - 3] : 0; };
  sink.value(kThreads, {}, field(20));
  sink.value(kVirtual, {}, field(23));
  sink.value(kResident, {}, field(24) * static_cast<double>(::sysconf(_SC_PAGESIZE)));
  static const double kBooted = boot_time();
  sink.value(kStart, {}, kBooted + field(22) / static_cast<double>(::sysconf(_SC_CLK_TCK)));
  sink.value(kOpenFds, {}, open_descriptors());
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) sink.value(kMaxFds, {}, static_cast<double>(limit.rlim_cur));
}

void collect_build_info(MetricSink& sink, std::string_view version) {
  sink.value(kBuild, {{"version", std::string(version)}}, 1);
}

}  // namespace dormouse
