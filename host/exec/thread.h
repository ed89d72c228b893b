// How every OS thread of the host begins: with a name for people who look into top or a core dump, and with all signals
// blocked but those of a crash, because signals are main's, and with a stack for those (base/crash_signals.h). Not a
// pool and not an owner: the caller joins.
#pragma once

#include <string>
#include <thread>

#include "base/status.h"
#include "base/task.h"

namespace dormouse {

// How the kernel weighs a thread against the others of the host when there are more ready threads than processors.
enum class ThreadPriority {
  normal,      // as its creator; the host starts all others from a thread of this priority
  background,  // five steps of niceness behind the first thread of the process: a third of its weight
};

// Runs `body` on a new thread; of `name` the kernel keeps 15 bytes. The signals are blocked before the thread exists,
// so there is no moment in which it could take one. Who needs a signal on this thread (a CPU timer) unblocks it there.
// A thread that `body` starts has the priority of `body`: without rights, a thread cannot raise it again.
// Thread: any. Errors: resource_exhausted; `body` is destroyed then, not run.
Result<std::thread> start_thread(const std::string& name, Task body, ThreadPriority priority = ThreadPriority::normal);

// Asks the kernel to run the calling thread soon after it wakes, in turns of 0.1 ms, ahead of threads that compute in
// long turns. It takes no time from them: the share of the processor stays the same. Needs no right; kernels
// before 6.12 know no such wish and go on as before.
void ask_for_short_turns();

}  // namespace dormouse
