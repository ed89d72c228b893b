#include "components/heap_return.h"

#include "components/memory.h"

namespace dormouse {

void HeapReturn::soon() {
  if (asked_.exchange(true)) return;
  loop_.post([this] { loop_.at(loop_.now() + kDelay, [this] { begin(); }); });
}

void HeapReturn::begin() {
  asked_ = false;  // first: what is freed from here on needs another trim
  // A lane that is full or closing trims by itself soon: each close of a component ends with that.
  (void)lane_.submit([](unsigned) { trim_heap(); }, Lane::Priority::low).ok();
}

}  // namespace dormouse
