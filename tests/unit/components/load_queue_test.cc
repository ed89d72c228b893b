#include "components/load_queue.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace dormouse;

TEST_CASE("so many loads run at once as there are places and the next begins when one leaves") {
  LoadQueue queue(2);
  std::vector<int> began;
  const auto enter = [&](int i) { return queue.enter([&began, i] { began.push_back(i); }); };
  const LoadQueue::Ticket first = enter(1);
  enter(2);
  const LoadQueue::Ticket third = enter(3);
  enter(4);
  CHECK(began == std::vector<int>{1, 2});
  CHECK(queue.is_waiting(third));
  queue.leave(first);
  CHECK(began == std::vector<int>{1, 2, 3});
  CHECK_FALSE(queue.is_waiting(third));
  queue.leave(first);  // again is nothing
  CHECK(began.size() == 3);
}

TEST_CASE("who leaves the line never begins") {
  LoadQueue queue(1);
  int began = 0;
  const LoadQueue::Ticket runs = queue.enter([&] { ++began; });
  const LoadQueue::Ticket waits = queue.enter([&] { ++began; });
  queue.leave(waits);
  queue.leave(runs);
  CHECK(began == 1);
}

TEST_CASE("a load that ends at once makes room from inside its beginning") {
  LoadQueue queue(1);
  int began = 0;
  const LoadQueue::Ticket holds = queue.enter([&] { ++began; });
  LoadQueue::Ticket inside = 0;
  inside = queue.enter([&] {
    ++began;
    queue.leave(inside);
  });
  queue.enter([&] { ++began; });
  queue.leave(holds);
  CHECK(began == 3);
}
