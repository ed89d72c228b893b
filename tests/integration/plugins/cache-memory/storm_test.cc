// Stages that put, get and purge while an operator trims, unloads and reloads the component under them: each call ends
// in an answer or in a refusal that says why, a value found is the one put, and at the end all of it is unmapped.
#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include "components/component.h"
#include "integration/plugins/cache-memory/cache_host.h"

namespace dormouse {

TEST_CASE("values survive nothing but are never wrong while their store is trimmed and unloaded and reloaded") {
  CacheHost cache([](ValueWriter& settings) {
    settings.key("max_bytes");
    settings.integer(256 << 10);
  });
  LiveRegistry& host = cache.host;
  const uint32_t put = host.method_index(cache.component, "put"), get = host.method_index(cache.component, "get"),
                 purge = host.method_index(cache.component, "purge");
  std::atomic<bool> over{false};
  std::atomic<uint64_t> found{0}, wrong{0}, failed{0};
  std::vector<std::thread> clients;
  for (unsigned client = 0; client < 3; ++client) {
    clients.emplace_back([&, client] {
      std::mt19937 random(client);
      while (!over) {
        const std::string key = "key" + std::to_string(random() % 500);
        const Value question = value_with([&](ValueWriter& in) { write(in, "key", key); });
        const Result<Value> answer = host.ask(cache.component, get, question);
        if (!answer.ok()) {
          ++failed;
          continue;
        }
        dm_string_view value{};
        if (dm_get_string(dm_map_get(answer->view(), "value"), &value) != 0) {
          ++found;
          wrong += std::string(value.data, value.size) != key + std::string(200, 'v');
          continue;
        }
        const Value filling = value_with([&](ValueWriter& in) {
          write(in, "key", key);
          write(in, "value", key + std::string(200, 'v'));
        });
        failed += !host.ask(cache.component, put, filling).ok();
      }
    });
  }
  const Verb verbs[] = {Verb::trim, Verb::unload, Verb::reload};
  unsigned changed = 0;
  for (unsigned i = 0; (changed < 20 || found < 100) && i < 20'000; ++i) {
    const VerbAnswer answer = host.request(cache.component, verbs[i % 3], {std::chrono::seconds(10), false});
    changed += answer.changed;  // busy, or loading just now, is an answer as well
    failed += i % 4 == 0 && !host.ask(cache.component, purge, value_with([](ValueWriter&) {})).ok();
    std::this_thread::yield();
  }
  over = true;
  for (std::thread& client : clients) client.join();
  CHECK(wrong == 0);
  CHECK(failed == 0);
  CHECK(changed >= 20);
  const VerbAnswer last = host.request(cache.component, Verb::unload, {std::chrono::seconds(10), false});
  INFO(last.status.to_string() << " " << last.explanation);
  CHECK(cache.component.status().state == State::unloaded);
}

}  // namespace dormouse
