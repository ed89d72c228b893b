#include "pipeline/activation_table.h"

#include <algorithm>

namespace dormouse {

std::optional<uint16_t> ActivationTable::add(Activation& activation) {
  const auto free = std::find(by_number_.begin(), by_number_.end(), nullptr);
  const auto number = static_cast<uint16_t>(free - by_number_.begin());
  if (free != by_number_.end())
    *free = &activation;
  else if (number < kActivationsPerRequestMax)
    by_number_.push_back(&activation);
  else
    return std::nullopt;
  return number;
}

void ActivationTable::remove(uint16_t number) {
  Activation* gone = by_number_[number];
  by_number_[number] = nullptr;
  ready_.erase(std::remove_if(ready_.begin() + static_cast<std::ptrdiff_t>(ready_next_), ready_.end(),
                              [&](const Ready& ready) { return ready.activation == gone; }),
               ready_.end());
  std::erase(ended_, gone);
}

void ActivationTable::clear() {
  by_number_.clear();
  ready_.clear();
  ready_next_ = 0;
  ended_.clear();
  attempts_ = 0;
}

Activation* ActivationTable::take_ended() {
  Activation* first = ended_.front();
  ended_.erase(ended_.begin());
  return first;
}

}  // namespace dormouse
