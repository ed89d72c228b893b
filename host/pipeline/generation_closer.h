// Closes generations of scripts that nobody holds any more, on a thread of its own. The last holder is mostly a request
// on a reactor, and to free the Lua states of a generation means to walk their whole heaps.
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

  // Starts the thread; the first call counts. Not on a reactor. Without a thread to be had, close() closes at once.
  void start();
  // Hands one over. Any thread; waits for nothing but the lock of a list.
  void close(std::unique_ptr<Generation> generation);
  // Until all that was handed over is closed. Not on a reactor.
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
