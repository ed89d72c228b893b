// What a plugin gets from the host, and that all of it can be listed and taken back.
#include "components/ledger.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>

#include "components/ledger_timers.h"
#include "dormouse/service/buffer.h"
#include "dormouse/service/metric.h"
#include "dormouse/service/thread.h"
#include "dormouse/service/timer.h"
#include "support/manual_clock.h"
#include "support/manual_loop.h"

using namespace dormouse;
using namespace std::chrono_literals;
using Catch::Contains;
using Lines = std::vector<std::string>;

namespace {

// A ledger whose lane is the loop.
struct Host {
  ManualClock clock;
  ManualLoop loop{clock};
  LedgerTimers timers{loop};
  Metrics metrics;
  bool lane_is_gone = false;
  Ledger ledger{"part",
                {.metrics = &metrics,
                 .on_lane =
                     [this](Task task) {
                       if (!lane_is_gone) task();
                     },
                 .after = [this](Duration delay, Task task) { return timers.after(delay, std::move(task)); },
                 .cancel_after = [this](uint64_t id) { timers.cancel(id); }}};
  const dm_host* host = ledger.host();

  template <class Table>
  const Table& service(const char* id) const {
    const auto* table = static_cast<const Table*>(host->service(host, id));
    REQUIRE(table);
    return *table;
  }
  const dm_buffer& buffers() const { return service<dm_buffer>(DM_SERVICE_BUFFER); }
  const dm_timer& plugin_timers() const { return service<dm_timer>(DM_SERVICE_TIMER); }
  const dm_metric& counters() const { return service<dm_metric>(DM_SERVICE_METRIC); }
  const dm_thread& threads() const { return service<dm_thread>(DM_SERVICE_THREAD); }
  void pass(Duration time) {
    loop.run_ready();
    loop.advance(time);
  }
};

void count_up(void* counter) {
  ++*static_cast<unsigned*>(counter);
}

// A thread of a plugin, which stays until it may end.
struct Guest {
  static void body(void* self) { static_cast<Guest*>(self)->wait(); }
  void wait() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return may_end; });
  }
  void let_end() {
    const std::lock_guard lock(mutex);
    may_end = true;
    changed.notify_all();
  }
  std::mutex mutex;
  std::condition_variable changed;
  bool may_end = false;
};

}  // namespace

TEST_CASE("a service that the host does not know is none") {
  const Host host;
  CHECK(host.host->service(host.host, "dormouse.future/1") == nullptr);
  CHECK(host.host->service(host.host, nullptr) == nullptr);
}

TEST_CASE("buffers are listed while they are held and taken back at the end") {
  Host host;
  void* memory = host.buffers().allocate(host.host, 5000);
  REQUIRE(memory);
  static_cast<char*>(memory)[4999] = 'x';
  CHECK(host.ledger.open_entries() == Lines{"1 buffers, 8 KiB"});
  host.buffers().release(host.host, memory);
  CHECK(host.ledger.open_entries().empty());
  CHECK(host.buffers().allocate(host.host, 0) == nullptr);
  CHECK(host.buffers().allocate(host.host, SIZE_MAX) == nullptr);
  REQUIRE(host.buffers().allocate(host.host, 1));
  CHECK(host.ledger.settle().empty());
  CHECK(host.ledger.open_entries().empty());
}

TEST_CASE("a buffer that is not the plugin's own is not released") {
  Host host;
  unsigned mine = 0;
  host.buffers().release(host.host, &mine);
  host.buffers().release(host.host, nullptr);
  CHECK(host.ledger.open_entries().empty());
}

TEST_CASE("a timer runs once on the lane and a cancelled one never") {
  Host host;
  unsigned ran = 0;
  const uint64_t first = host.plugin_timers().start(host.host, 5000, count_up, &ran);
  const uint64_t second = host.plugin_timers().start(host.host, 5000, count_up, &ran);
  REQUIRE(first != 0);
  REQUIRE(second != 0);
  CHECK(host.ledger.open_entries() == Lines{"2 timers"});
  CHECK(host.plugin_timers().cancel(host.host, second) == 1);
  CHECK(host.plugin_timers().cancel(host.host, second) == 0);
  host.pass(5s);
  CHECK(ran == 1);
  CHECK(host.plugin_timers().cancel(host.host, first) == 0);
  CHECK(host.ledger.open_entries().empty());
}

TEST_CASE("no timer runs after timers were stopped or when the lane is gone") {
  Host host;
  unsigned ran = 0;
  host.plugin_timers().start(host.host, 1000, count_up, &ran);
  host.ledger.stop_timers();
  host.plugin_timers().start(host.host, 1000, count_up, &ran);
  host.lane_is_gone = true;
  host.pass(1h);
  CHECK(ran == 0);
}

TEST_CASE("timers of one plugin have a bound") {
  Host host;
  unsigned ran = 0;
  while (host.plugin_timers().start(host.host, 1000, count_up, &ran) != 0)
    REQUIRE(host.ledger.open_entries() != Lines{"1025 timers"});
  CHECK(host.ledger.open_entries() == Lines{"1024 timers"});
  CHECK(host.plugin_timers().start(host.host, 1000, nullptr, &ran) == 0);
}

TEST_CASE("what a plugin counts is shown with its component until the load ends") {
  Host host;
  dm_counter* rows = host.counters().counter(host.host, "rows");
  REQUIRE(rows);
  CHECK(host.counters().counter(host.host, "rows") == rows);
  host.counters().add(rows, 7);
  host.counters().add(nullptr, 7);
  CHECK(host.metrics.value("dormouse_plugin_rows_total", {{"component", "part"}}) == 7);
  for (const char* name : {"", "Rows", "9rows", "rows{x}"}) CHECK(host.counters().counter(host.host, name) == nullptr);
  CHECK(host.counters().counter(host.host, nullptr) == nullptr);
  CHECK(host.ledger.settle().empty());
  CHECK(host.metrics.value("dormouse_plugin_rows_total", {{"component", "part"}}) == 0);
}

TEST_CASE("a thread that still runs is named at the end and nothing that it may use is taken") {
  Host host;
  Guest guest;
  dm_thread_handle* handle = nullptr;
  REQUIRE(host.threads().start(host.host, "warmer", Guest::body, &guest, &handle) == DM_OK);
  REQUIRE(host.buffers().allocate(host.host, 1));
  const Lines left = host.ledger.settle();
  REQUIRE(left.size() == 1);
  CHECK_THAT(left[0], Contains("thread 'warmer' (tid ") && Contains("still runs"));
  CHECK(host.ledger.open_entries().size() == 2);
  guest.let_end();
  host.threads().join(host.host, handle);
  host.threads().join(host.host, handle);  // not its own any more
  CHECK(host.ledger.settle().empty());
  CHECK(host.ledger.open_entries().empty());
}

TEST_CASE("a thread without a body or a place for its handle is refused") {
  Host host;
  dm_thread_handle* handle = nullptr;
  CHECK(host.threads().start(host.host, "x", nullptr, nullptr, &handle) == DM_INVALID_ARGUMENT);
  CHECK(host.threads().start(host.host, "x", Guest::body, nullptr, nullptr) == DM_INVALID_ARGUMENT);
  CHECK(host.ledger.open_entries().empty());
}
