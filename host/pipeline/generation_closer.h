// Closes generations (generation.h) without a holder, on its thread `dm-scripts`. The reason for the thread: the last
// holder is mostly a request on a reactor, and freeing Lua states walks their whole heaps.
// Owner: the engine. It fails with nothing.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/task.h"

namespace dormouse {

struct Generation;

class GenerationCloser {
 public:
  // `closed` runs on the closer's thread after one or several generations were closed.
  explicit GenerationCloser(Task closed) : closed_(std::move(closed)) {}
  ~GenerationCloser();  // closes what waits, then joins
  GenerationCloser(const GenerationCloser&) = delete;

  // Starts the thread; further calls do nothing. Not on a reactor. If the system has no thread left, close() closes on
  // the caller's thread.
  void start();
  // Hands over a generation to be closed. Any thread; waits only for the lock of a list.
  void close(std::unique_ptr<Generation> generation);
  // Waits until all generations that were handed over are closed. Not on a reactor.
  void wait();

 private:
  void run();

  Task closed_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Generation>> waiting_;
  bool working_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace dormouse
