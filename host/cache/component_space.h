// A cache space (space.h) in a component that offers dormouse.cache/1. It opens the space again after each load of the
// component. It loads the component only by a demand, and never waits for it.
// Owner: the Cache. Any thread.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "cache/space.h"
#include "components/component.h"

namespace dormouse {

class ComponentSpace final : public CacheSpace {
 public:
  ComponentSpace(std::shared_ptr<Component> component, std::string name);

  void set_limits(const CacheLimits& limits) override;
  Found get(std::string_view key, Time now) override;
  Put put(const Entry& entry, Epoch since, Time now) override;
  Result<uint64_t> purge(const std::string* tag) override;
  Result<std::optional<uint64_t>> count(const std::string* tag) const override;
  bool is_in_memory() const override { return component_->is_open(); }
  std::optional<CacheNumbers> numbers() override;
  Status problem() const override;

 private:
  // The space in the leased incarnation, with the limits in force. Null: another thread is opening it, or it cannot be
  // opened.
  void* space_of(const Lease& lease);
  // The same, with any limits; enough to look and to purge.
  void* opened_space_of(const Lease& lease) const;
  void* open(const Lease& lease, uint64_t wanted);
  void wake();

  const std::shared_ptr<Component> component_;
  const std::string name_;

  // The load and the limits with which `space_` was opened: a load number and a revision, which changes with the limits
  // and with a purge that is owed. It is set under a lease, so it stays true for the rest of that load.
  std::atomic<uint64_t> opened_as_{0};
  std::atomic<void*> space_{nullptr};
  std::atomic<bool> opening_{false};
  std::atomic<uint64_t> revision_{1};
  // Shared with a demand that waits, which may outlive this object.
  const std::shared_ptr<std::atomic<bool>> waking_ = std::make_shared<std::atomic<bool>>(false);

  mutable std::mutex mutex_;  // over what follows; never held while plugin code runs
  CacheLimits limits_;
  bool owes_purge_ = false;  // a purge came while the component could not be asked
  Status problem_;
};

}  // namespace dormouse
