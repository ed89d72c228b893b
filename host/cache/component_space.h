// A space of a component that offers dormouse.cache/1, opened again after each of its loads.
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
  // The component's space in its present load, or null: it is being opened by somebody else, or cannot be.
  void* space_of(const Lease& lease);
  // The same with whatever limits: to look and to purge.
  void* opened_space_of(const Lease& lease) const;
  void* open(const Lease& lease, uint64_t wanted);
  void wake();

  const std::shared_ptr<Component> component_;
  const std::string name_;

  // Which load and limits `space_` was opened with: load number and revision, which moves with the limits and with a
  // purge that is owed. Who sets it holds a lease, so what it says of a load stays true as long as that load lasts.
  std::atomic<uint64_t> opened_as_{0};
  std::atomic<void*> space_{nullptr};
  std::atomic<bool> opening_{false};
  std::atomic<uint64_t> revision_{1};
  // Outlives this object in a demand that is still waiting.
  const std::shared_ptr<std::atomic<bool>> waking_ = std::make_shared<std::atomic<bool>>(false);

  mutable std::mutex mutex_;  // over what follows; never held while plugin code runs
  CacheLimits limits_;
  bool owes_purge_ = false;  // one came while the component could not be asked
  Status problem_;
};

}  // namespace dormouse
