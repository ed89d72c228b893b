#include "gdsf.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <new>
#include <utility>

namespace dormouse::cache_memory {
namespace {

constexpr size_t kChildren = 4;

}  // namespace

Gdsf::~Gdsf() {
  std::free(items_);
}

double Gdsf::priority_of(const Node& node) const noexcept {
  const auto cost = static_cast<double>(node.cost_ns > 0 ? node.cost_ns : kUnknownCostNs);
  return level_ + node.frequency * cost / node.weight;
}

void Gdsf::hit(Node& node) noexcept {
  if (node.frequency < std::numeric_limits<uint16_t>::max()) ++node.frequency;
  sift_down(node.position, {priority_of(node), &node});  // the level never falls, so a priority only grows
}

void Gdsf::insert(Node& node) {
  if (size_ == room_) {
    const size_t room = larger_room();
    void* larger = std::realloc(static_cast<void*>(items_), room * sizeof(Item));
    if (larger == nullptr) throw std::bad_alloc();
    items_ = static_cast<Item*>(larger);
    room_ = room;
  }
  node.frequency = static_cast<uint16_t>(std::min<uint32_t>(node.frequency + 1u, 65535));
  node.segment = 0;
  sift_up(size_++, {priority_of(node), &node});
}

void Gdsf::remove(Node& node) noexcept {
  const size_t at = node.position;
  const Item last = items_[--size_];
  if (last.node == &node) return;
  if (at > 0 && items_[(at - 1) / kChildren].priority > last.priority) {
    sift_up(at, last);
  } else {
    sift_down(at, last);
  }
}

Node* Gdsf::evict(uint32_t, int& steps) noexcept {
  if (size_ == 0 || steps-- <= 0) return nullptr;
  Node* node = items_[0].node;
  level_ = items_[0].priority;
  remove(*node);
  return node;
}

void Gdsf::trim() noexcept {
  if (size_ == 0) {
    std::free(std::exchange(items_, nullptr));
    room_ = 0;
    return;
  }
  if (void* smaller = std::realloc(static_cast<void*>(items_), size_ * sizeof(Item))) {
    items_ = static_cast<Item*>(smaller);
    room_ = size_;
  }
}

void Gdsf::place(size_t at, Item item) noexcept {
  items_[at] = item;
  item.node->position = static_cast<uint32_t>(at);
}

void Gdsf::sift_up(size_t at, Item item) noexcept {
  while (at > 0) {
    const size_t parent = (at - 1) / kChildren;
    if (items_[parent].priority <= item.priority) break;
    place(at, items_[parent]);
    at = parent;
  }
  place(at, item);
}

void Gdsf::sift_down(size_t at, Item item) noexcept {
  for (;;) {
    const size_t first = at * kChildren + 1, end = std::min(first + kChildren, size_);
    if (first >= end) break;
    size_t least = first;
    for (size_t child = first + 1; child < end; ++child)
      if (items_[child].priority < items_[least].priority) least = child;
    if (items_[least].priority >= item.priority) break;
    place(at, items_[least]);
    at = least;
  }
  place(at, item);
}

}  // namespace dormouse::cache_memory
