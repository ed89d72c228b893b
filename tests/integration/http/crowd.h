// Many HTTP clients on one thread: each on a connection of its own with one request, all at once.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace dormouse {

struct CrowdAnswer {
  unsigned status = 0;  // 0: the connection ended without an answer, or none came
  std::chrono::milliseconds after{};
};

// Connects `count` times to "127.0.0.1:1234", sends each `request` as soon as it may, and waits for the first line of
// each answer, at most so long. `on_answer` sees each as it comes. Raises the limit of descriptors of this process as
// far as it may. Owner: one thread.
std::vector<CrowdAnswer> crowd(const std::string& address, size_t count, const std::string& request,
                               std::chrono::milliseconds at_most,
                               const std::function<void(const CrowdAnswer&)>& on_answer = {});

// How many of them have this status.
size_t count_of(const std::vector<CrowdAnswer>& answers, unsigned status);

}  // namespace dormouse
