#include "components/crash_reporter.h"

#include <fcntl.h>
#include <link.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include <array>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "base/crash_signals.h"
#include "base/file.h"
#include "base/unique_fd.h"
#include "components/crash_store.h"
#include "components/crash_text.h"
#include "components/current_call.h"
#include "exec/thread.h"

namespace dormouse {
namespace {

constexpr int kExitWithoutReport = 1;  // of a process that a plugin ended by exit(): it failed
constexpr size_t kHostObjectsMax = 64;
constexpr std::string_view kRuntimeLibraries[] = {"libc.so",  "libc-",    "libstdc++.", "libgcc_s.",
                                                  "libm.so.", "ld-linux", "libpthread"};

struct Range {
  uintptr_t start = 0;
  uintptr_t end = 0;
};

// All that the handler uses; nothing of it moves or grows. Static, because a handler has no arguments.
struct State {
  std::atomic<pid_t> owner{0};  // the thread that reports; the first one to crash
  std::atomic<bool> armed{false};
  int signal = 0;

  int folder = -1;
  int record = -1;  // crashes/next, open and empty
  int maps = -1;    // /proc/self/maps
  int wake = -1;    // eventfd: the reporter's thread waits for it
  std::atomic<bool> spoken{false};
  std::atomic<pid_t> speaker{0};

  FixedText<32> version;
  std::array<Range, kHostObjectsMax> host;
  size_t host_count = 0;
  std::array<struct sigaction, 65> before{};

  // The report.
  UtcTime time{};
  std::array<FoundAddress, kCrashFramesMax> frames;
  size_t frame_count = 0;
  size_t blamed = 0;  // index into frames
  const CurrentCall* call = nullptr;
  FixedText<24> signal_text;
  FixedText<24> address_text;
  FixedText<32> id;
  FixedText<kCrashFileBytesMax> text;
  FixedText<1024> line;
};
State state;

// ---- addresses ----

void note_host_objects() {
  state.host_count = 0;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void*) {
        Range range{UINTPTR_MAX, 0};
        for (size_t i = 0; i < info->dlpi_phnum; ++i) {
          const ElfW(Phdr)& segment = info->dlpi_phdr[i];
          if (segment.p_type != PT_LOAD) continue;
          range.start = std::min<uintptr_t>(range.start, info->dlpi_addr + segment.p_vaddr);
          range.end = std::max<uintptr_t>(range.end, info->dlpi_addr + segment.p_vaddr + segment.p_memsz);
        }
        if (range.end > 0 && state.host_count < kHostObjectsMax) state.host[state.host_count++] = range;
        return 0;
      },
      nullptr);
}

bool is_of_host(const FoundAddress& frame) {
  for (size_t i = 0; i < state.host_count; ++i)
    if (frame.address >= state.host[i].start && frame.address < state.host[i].end) return true;
  const std::string_view path(frame.path.data());
  const std::string_view name = path.substr(path.rfind('/') + 1);
  for (const std::string_view runtime : kRuntimeLibraries)
    if (name.starts_with(runtime)) return true;
  return false;
}

uintptr_t program_counter(const void* context) {
  const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return static_cast<uintptr_t>(machine.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return machine.pc;
#endif
}

// A call through a bad pointer has left the caller on the stack (x86-64) or in the link register.
uintptr_t caller_of_nowhere(const void* context) {
  const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return *reinterpret_cast<const uintptr_t*>(machine.gregs[REG_RSP]);
#elif defined(__aarch64__)
  return machine.regs[30];
#endif
}

void find_frames() {
  find_addresses(state.maps, state.frames.data(), state.frame_count);
  state.blamed = 0;
  for (size_t i = state.frame_count; i-- > 0;)
    if (state.frames[i].path[0] == '/' && !is_of_host(state.frames[i])) state.blamed = i;
  if (state.frames[state.blamed].path[0] == '/') return;
  for (size_t i = state.frame_count; i-- > 0;)
    if (state.frames[i].path[0] == '/') state.blamed = i;
}

struct Unwinding {
  uintptr_t innermost;  // 0: from the first frame on
  bool inside = false;
};

_Unwind_Reason_Code take_frame(_Unwind_Context* context, void* argument) {
  auto& unwinding = *static_cast<Unwinding*>(argument);
  int before = 0;
  uintptr_t address = _Unwind_GetIPInfo(context, &before);
  if (!unwinding.inside) {
    // What comes before is this handler and the kernel's way into it.
    if (address != unwinding.innermost) return _URC_NO_REASON;
    unwinding.inside = true;
    return _URC_NO_REASON;  // already noted
  }
  if (address == 0 || state.frame_count == kCrashFramesMax) return _URC_END_OF_STACK;
  if (!before) --address;  // into the call that has not returned
  state.frames[state.frame_count++].address = address;
  return _URC_NO_REASON;
}

// ---- the report ----

void put_line(std::string_view key, std::string_view value) {
  if (!value.empty()) state.text.put(key).put(" ").put_clean(value).put("\n");
}

void compose_record() {
  state.text.clear();
  const UtcTime& t = state.time;
  state.text.put("dormouse crash 1\nat ").put_number(t.year, 4).put("-").put_number(t.month, 2).put("-");
  state.text.put_number(t.day, 2).put("T").put_number(t.hour, 2).put(":").put_number(t.minute, 2).put(":");
  state.text.put_number(t.second, 2).put("Z\npid ").put_number(static_cast<uint64_t>(::getpid())).put("\n");
  put_line("version", state.version.view());
  put_line("signal", state.signal_text.view());
  put_line("address", state.address_text.view());
  std::array<char, 17> thread{};
  ::prctl(PR_GET_NAME, thread.data(), 0, 0, 0);
  put_line("thread", thread.data());
  if (const CurrentCall* call = state.call) {
    put_line("component", call->names().component);
    put_line("plugin", call->names().plugin);
    put_line("plugin_version", call->names().version);
    put_line("method", call->what());
    if (call->request() != 0) state.text.put("request ").put_hex(call->request(), 16).put("\n");
    if (call->batch() > 1) state.text.put("batch ").put_number(call->batch()).put("\n");
  }
  if (state.frame_count == 0) return;
  const FoundAddress& blamed = state.frames[state.blamed];
  put_line("file", blamed.path.data());
  state.text.put("offset 0x").put_hex(blamed.offset).put("\n");
  for (size_t i = 0; i < state.frame_count; ++i) {
    state.text.put("frame 0x").put_hex(state.frames[i].offset);
    if (state.frames[i].path[0] != '\0') state.text.put(" ").put_clean(state.frames[i].path.data());
    state.text.put("\n");
  }
}

void write_record() {
  if (state.record < 0) return;
  const std::string_view text = state.text.view();
  (void)!::pwrite(state.record, text.data(), text.size(), 0);
}

// Under the time of the crash; never over another record.
void name_record() {
  if (state.record < 0) return;
  for (unsigned i = 1; i < 10; ++i) {
    FixedText<48> name;
    name.put(state.id.view());
    if (i > 1) name.put("-").put_number(i);
    name.put(".new").put(std::string_view("\0", 1));  // a file name ends in a zero
    if (::linkat(state.folder, kCrashPending, state.folder, name.view().data(), 0) != 0) {
      if (errno == EEXIST) continue;
      return;  // next keeps the record, and the next process finds it there
    }
    ::unlinkat(state.folder, kCrashPending, 0);
    return;
  }
}

void compose_line() {
  const CurrentCall* call = state.call;
  state.line.clear();
  state.line.put("component.crashed ").put_clean(call ? call->names().component : "-");
  if (call) state.line.put(" method=").put_clean(call->what());
  if (call && call->request() != 0) state.line.put(" request=").put_hex(call->request(), 16);
  state.line.put(" signal=").put(state.signal_text.view());
  if (!state.address_text.view().empty()) state.line.put(" address=").put(state.address_text.view());
  if (state.frame_count > 0) {
    const FoundAddress& blamed = state.frames[state.blamed];
    state.line.put(" file=").put_clean(blamed.path[0] ? blamed.path.data() : "-");
    state.line.put(" offset=0x").put_hex(blamed.offset);
  }
  if (state.record >= 0) state.line.put(" crash=").put(state.id.view());
}

void write_line() {
  FixedText<1100> line;
  line.put("dormouse: ").put(state.line.view()).put("\n");
  (void)!::write(STDERR_FILENO, line.view().data(), line.view().size());
}

// The log's last lines, by the thread that can take locks; when it does not come to an end, by us.
void say_last_words() {
  const pid_t speaker = state.speaker.load();
  if (speaker != 0 && speaker != state.owner.load()) {
    const uint64_t one = 1;
    (void)!::write(state.wake, &one, sizeof one);
    constexpr timespec kLook{0, 1'000'000};
    const auto looks = std::chrono::milliseconds(CrashReporter::kLastWordsTime).count();
    for (int i = 0; i < looks && !state.spoken.load(std::memory_order_acquire); ++i) ::nanosleep(&kLook, nullptr);
  }
  if (state.spoken.load(std::memory_order_acquire)) return;
  write_line();
}

void begin_report() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  state.time = UtcTime::of(now.tv_sec);
  const UtcTime& t = state.time;
  state.id.clear();
  state.id.put_number(t.year, 4).put_number(t.month, 2).put_number(t.day, 2).put("-");
  state.id.put_number(t.hour, 2).put_number(t.minute, 2).put_number(t.second, 2);
  state.call = CurrentCall::of_this_thread();
}

void set_action(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  ::sigaction(signal, &action, nullptr);
}

// Should the report itself never end.
void limit_report_time() {
  set_action(SIGALRM, SIG_DFL);
  sigset_t alarm;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  ::pthread_sigmask(SIG_UNBLOCK, &alarm, nullptr);
  ::alarm(static_cast<unsigned>(CrashReporter::kReportTime.count()));
}

// A fault is committed again when the handler returns, and a signal that somebody sent is sent again: with what was
// in force before, which as a rule ends the process.
void let_it_end(int signal, bool sent) {
  ::sigaction(signal, &state.before[static_cast<size_t>(signal)], nullptr);
  if (sent) ::syscall(SYS_tgkill, ::getpid(), ::gettid(), signal);
}

// The report itself crashed. What it has written stays.
[[noreturn]] void give_up_report() {
  name_record();
  write_line();
  set_action(state.signal, SIG_DFL);
  ::syscall(SYS_tgkill, ::getpid(), ::gettid(), state.signal);
  ::_exit(128 + state.signal);
}

// Another thread reports already; its end is that of the process.
void wait_for_the_end() {
  constexpr timespec kLook{0, 10'000'000};
  for (int i = 0; i < 1000; ++i) ::nanosleep(&kLook, nullptr);
}

void report_crash(int signal, const siginfo_t& info, const void* context) {
  state.signal = signal;
  limit_report_time();
  begin_report();
  state.signal_text.put(crash_signal_name(signal));
  const bool sent = info.si_code <= 0;
  if (!sent) state.address_text.put("0x").put_hex(reinterpret_cast<uintptr_t>(info.si_addr));
  // First what is certain; the stack may be damaged, and looking at it another fault.
  state.frames[0].address = program_counter(context);
  state.frame_count = 1;
  find_frames();
  compose_record();
  compose_line();
  write_record();
  Unwinding unwinding{state.frames[0].address};
  if (state.frames[0].path[0] == '\0') {
    state.frames[state.frame_count++].address = caller_of_nowhere(context) - 1;
  } else {
    _Unwind_Backtrace(take_frame, &unwinding);
  }
  find_frames();
  compose_record();
  compose_line();
  write_record();
  name_record();
}

void on_crash(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  const pid_t self = ::gettid();
  pid_t owner = 0;
  if (state.owner.compare_exchange_strong(owner, self)) {
    report_crash(signal, *info, context);
    say_last_words();
  } else if (owner == self) {
    give_up_report();
  } else {
    wait_for_the_end();
  }
  let_it_end(signal, info->si_code <= 0);
  errno = saved_errno;
}

// ---- exit() ----

// A plugin that calls exit() would end the host with a status that means something else, while threads of the host
// still run. The process ends here instead, as one that failed.
void on_process_exit(int status, void*) {
  if (!state.armed.load()) return;
  pid_t owner = 0;
  if (state.owner.compare_exchange_strong(owner, ::gettid())) {
    begin_report();
    state.signal_text.put("exit(").put_number(static_cast<uint64_t>(static_cast<unsigned>(status) & 0xff)).put(")");
    Unwinding unwinding{0, true};
    state.frame_count = 0;
    _Unwind_Backtrace(take_frame, &unwinding);
    find_frames();
    compose_record();
    compose_line();
    write_record();
    name_record();
    say_last_words();
  }
  ::_exit(kExitWithoutReport);
}

}  // namespace

struct CrashReporter::Impl {
  UniqueFd folder;
  UniqueFd record;
  UniqueFd maps;
  UniqueFd wake;
  SignalStack stack;
  std::function<void(const std::string&)> last_words;
  std::thread speaker;
};

CrashReporter::CrashReporter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<CrashReporter>> CrashReporter::install(Options options) {
  assert(!state.armed);
  auto impl = std::make_unique<Impl>();
  if (!options.folder.empty()) {
    impl->folder.reset(::open(options.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!impl->folder) return file_error("open it", options.folder, errno);
    impl->record.reset(
        ::openat(impl->folder.get(), kCrashPending, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!impl->record) return file_error("create it", options.folder + "/" + kCrashPending, errno);
    // So that a disk that is full by then still has the record. Where the file system cannot, that much is lost.
    (void)::fallocate(impl->record.get(), FALLOC_FL_KEEP_SIZE, 0, kCrashFileBytesMax);
  }
  impl->maps.reset(::open("/proc/self/maps", O_RDONLY | O_CLOEXEC));
  impl->wake.reset(::eventfd(0, EFD_CLOEXEC));
  if (!impl->maps || !impl->wake) return file_error("open it", "/proc/self/maps", errno);
  impl->last_words = std::move(options.last_words);

  state.owner = 0;
  state.spoken = false;
  state.speaker = 0;
  state.folder = impl->folder.get();
  state.record = impl->record.get();
  state.maps = impl->maps.get();
  state.wake = impl->wake.get();
  state.version.clear();
  state.version.put(options.version);
  note_host_objects();
  // The unwinder's first use allocates and loads; the handler's must not be the first.
  Unwinding nothing{UINTPTR_MAX};
  _Unwind_Backtrace(take_frame, &nothing);

  if (impl->last_words) {
    Result<std::thread> speaker = start_thread("dm-crash", [raw = impl.get()] {
      state.speaker = ::gettid();
      uint64_t count = 0;
      while (::read(raw->wake.get(), &count, sizeof count) < 0 && errno == EINTR) {
      }
      if (state.owner == 0) return;  // the reporter ends
      raw->last_words(std::string(state.line.view()));
      state.spoken.store(true, std::memory_order_release);
    });
    if (!speaker.ok()) return speaker.status();
    impl->speaker = std::move(*speaker);
  }

  struct sigaction action {};
  action.sa_sigaction = on_crash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  for (const int signal : kCrashSignals) ::sigaction(signal, &action, &state.before[static_cast<size_t>(signal)]);
  static const bool watched = ::on_exit(on_process_exit, nullptr) == 0;  // cannot be taken back, so once
  (void)watched;
  state.armed = true;
  return std::unique_ptr<CrashReporter>(new CrashReporter(std::move(impl)));
}

CrashReporter::~CrashReporter() {
  state.armed = false;
  for (const int signal : kCrashSignals) ::sigaction(signal, &state.before[static_cast<size_t>(signal)], nullptr);
  const uint64_t one = 1;
  (void)!::write(impl_->wake.get(), &one, sizeof one);
  if (impl_->speaker.joinable()) impl_->speaker.join();
  if (impl_->record) ::unlinkat(impl_->folder.get(), kCrashPending, 0);
}

}  // namespace dormouse
