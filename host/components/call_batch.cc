#include "components/call_batch.h"

#include <deque>

#include "components/batch_queue.h"
#include "components/call_frame.h"
#include "components/call_job.h"
#include "components/loader.h"

namespace dormouse {
namespace {

// One call of the batch while the plugin has it.
struct Item {
  Item(CallJob& of, Duration waited, ValueWriter& out)
      : job(of),
        frame(of.options),
        queued(waited),
        writer(out),
        abi{sizeof(dm_batch_item), DM_INTERNAL, frame.abi(), of.in.view(), out.abi()} {
    writer.reset();
  }
  CallJob& job;
  CallFrame frame;
  Duration queued;
  ValueWriter& writer;
  dm_batch_item abi;
};

// Writers are kept by the thread, as many as its largest batch had; see thread_writer in call_job.h.
ValueWriter& thread_writer(size_t i) {
  thread_local std::deque<ValueWriter> writers;
  while (writers.size() <= i) writers.emplace_back();
  return writers[i];
}

Status enter_batch(const LoadedPlugin& plugin, uint32_t method, void* self, std::vector<dm_batch_item*>& items) {
  return guarded(where(plugin, method), [&]() -> Status {
    // The plugin's numbers of its methods are those of its table, not those of the manifest.
    uint32_t number = 0;
    const CurrentCall here(names_of(plugin), plugin.prepared.type->methods[method].name.c_str(),
                           items.front()->call->request_id, static_cast<uint32_t>(items.size()));
    while (plugin.type->methods[number] != plugin.methods[method]) ++number;
    const int32_t returned = plugin.batch->run(self, number, items.data(), static_cast<uint32_t>(items.size()));
    if (returned == DM_OK) return {};
    for (dm_batch_item* item : items) item->status = returned;
    return {};
  });
}

}  // namespace

void run_batch_on_lane(LoadedPlugin& plugin, uint32_t method, unsigned slot,
                       std::vector<std::shared_ptr<CallJob>> jobs) {
  const Time started = plugin.clock->now();
  const MethodManifest& manifest = plugin.prepared.type->methods[method];
  std::deque<Item> items;
  for (const std::shared_ptr<CallJob>& job : jobs) {
    const Duration queued = started - job->submitted;
    Status over = given_up(plugin, *job, started);
    if (over.ok()) over = manifest.input.check(job->in.view());
    if (over.ok()) {
      items.emplace_back(*job, queued, thread_writer(items.size()));
      job->begins(plugin, method, started);
    } else {
      job->answer(over, queued, {});
    }
  }
  if (items.empty()) return;
  std::vector<dm_batch_item*> abi;
  abi.reserve(items.size());
  for (Item& item : items) abi.push_back(&item.abi);
  // An instance that is made now is for all of them, so no one's deadline or leaving may end it.
  const Result<void*> self = self_on_lane(plugin, method, slot, CallOptions());
  const Status entered = self.ok() ? enter_batch(plugin, method, *self, abi) : self.status();
  const Duration ran = plugin.clock->now() - started;
  plugin.batches[method]->answered(items.size(), ran);  // before anybody who hears an answer asks again
  plugin.lane->returning(slot);
  for (Item& item : items) {
    Result<Value> answer = !entered.ok() ? Result<Value>(entered)
                           : item.abi.status != DM_OK
                               ? Result<Value>(item.frame.status(item.abi.status, where(plugin, method), &item.writer))
                               : take_answer(plugin, method, item.writer);
    item.job.answer(std::move(answer), item.queued, ran);
  }
}

}  // namespace dormouse
