#include "exec/thread.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace dormouse {
namespace {

TEST_CASE("a thread has the first fifteen bytes of its name") {
  char name[16] = {};
  Result<std::thread> thread =
      start_thread("dm-component-with-a-long-name", [&] { pthread_getname_np(pthread_self(), name, sizeof name); });
  REQUIRE(thread.ok());
  thread->join();
  CHECK(std::string(name) == "dm-component-wi");
}

TEST_CASE("a thread has all signals blocked and its creator keeps its own mask") {
  sigset_t before, inside, after;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  Result<std::thread> thread = start_thread("t", [&] { pthread_sigmask(SIG_SETMASK, nullptr, &inside); });
  REQUIRE(thread.ok());
  thread->join();
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGCHLD, SIGUSR1, SIGALRM}) {
    CHECK(sigismember(&inside, signal) == 1);
    CHECK(sigismember(&after, signal) == sigismember(&before, signal));
  }
  CHECK(sigismember(&after, SIGTERM) == 0);
}

int niceness() {
  return getpriority(PRIO_PROCESS, static_cast<id_t>(gettid()));
}

TEST_CASE("a background thread and what it starts stay five steps behind the process") {
  const int ours = niceness();
  REQUIRE(ours <= 14);  // or there are no five steps left
  int normal = -1, background = -1, started_by_it = -1;
  Result<std::thread> first = start_thread("normal", [&] { normal = niceness(); });
  REQUIRE(first.ok());
  first->join();
  Result<std::thread> second = start_thread(
      "background",
      [&] {
        background = niceness();
        start_thread(
            "inner", [&] { started_by_it = niceness(); }, ThreadPriority::background)
            ->join();
      },
      ThreadPriority::background);
  REQUIRE(second.ok());
  second->join();
  CHECK(normal == ours);
  CHECK(background == ours + 5);
  CHECK(started_by_it == ours + 5);
  CHECK(niceness() == ours);
}

}  // namespace
}  // namespace dormouse
