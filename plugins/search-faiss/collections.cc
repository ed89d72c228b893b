#include "collections.h"

#include <algorithm>
#include <filesystem>
#include <mutex>

#include "bounds.h"
#include "dormouse/value.hpp"

namespace dormouse::search {
namespace {

constexpr std::string_view kEnding = ".db";
constexpr size_t kNamesTold = 10;

bool is_name(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= kNameBytesMax && std::all_of(name.begin(), name.end(), good);
}

}  // namespace

Collections::Collections(std::string folder, const CollectionOptions& options, const CheckCancelled& check_cancelled)
    : folder_(std::move(folder)), options_(options) {
  std::error_code error;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error)) {
    const std::string file = it->path().filename().string();
    if (file.size() <= kEnding.size() || !file.ends_with(kEnding)) continue;
    const std::string name = file.substr(0, file.size() - kEnding.size());
    if (is_name(name)) names.push_back(name);
  }
  if (error) {
    throw Failure(DM_UNAVAILABLE, "data folder '" + folder_ + "' cannot be read: " + error.message());
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) open(name, check_cancelled);
}

void Collections::open(const std::string& name, const CheckCancelled& check_cancelled) {
  try {
    if (std::unique_ptr<Collection> opened = Collection::open(folder_, name, options_, check_cancelled))
      collections_.emplace(name, std::move(opened));
  } catch (const Failure& failure) {
    if (failure.status() == DM_CANCELLED) throw;
    options_.warn("collection '" + name + "' is not served: " + failure.what());
    damaged_[name] = {failure.status(), failure.what()};
  }
}

Collections::Shared Collections::find(const std::string& name) const {
  if (const auto found = collections_.find(name); found != collections_.end()) return found->second;
  if (const auto damage = damaged_.find(name); damage != damaged_.end())
    throw Failure(damage->second.status, damage->second.cause);
  return nullptr;
}

Collections::Shared Collections::get(const std::string& name) const {
  const std::shared_lock lock(mutex_);
  if (Shared found = find(name)) return found;
  std::string names;
  size_t told = 0;
  for (const auto& [other, collection] : collections_) {
    if (told == kNamesTold) names += " ...";
    if (told++ < kNamesTold) names += " '" + other + "'";
  }
  throw Failure(DM_NOT_FOUND, "collection '" + name.substr(0, kNameBytesMax) + "' does not exist; " +
                                  (names.empty() ? "there is none yet: add makes one" : "there are:" + names));
}

Collections::Shared Collections::make(const std::string& name, const Spec& spec) {
  if (!is_name(name)) {
    throw Failure(DM_INVALID_ARGUMENT, "name of a collection: needed 1 to " + std::to_string(kNameBytesMax) +
                                           " letters, digits, '_' or '-'; found '" + name.substr(0, kNameBytesMax) +
                                           "'");
  }
  if (collections_.size() + damaged_.size() >= kCollectionsMax) {
    throw Failure(DM_RESOURCE_EXHAUSTED, "needed at most " + std::to_string(kCollectionsMax) +
                                             " collections; drop one, or use another component");
  }
  Shared made = Collection::create(folder_, name, spec, options_);
  collections_.emplace(name, made);
  return made;
}

Collections::Shared Collections::create(const std::string& name, const Spec& spec) {
  const std::unique_lock lock(mutex_);
  if (find(name))
    throw Failure(DM_FAILED_PRECONDITION,
                  "collection '" + name + "' exists already; drop it first, or use another name");
  return make(name, spec);
}

Collections::Shared Collections::get_or_create(const std::string& name, const Spec& spec, bool& created) {
  created = false;
  {
    const std::shared_lock lock(mutex_);
    if (Shared found = find(name)) return found;
  }
  const std::unique_lock lock(mutex_);
  if (Shared found = find(name)) return found;
  created = true;
  return make(name, spec);
}

void Collections::drop(const std::string& name) {
  const Shared found = get(name);
  found->drop();  // waits for a training, say, and nobody waits with it; until it is taken out it answers for itself
  forget(found);
}

AddResult Collections::add(const std::string& name, const Spec& spec, const Rows& rows,
                           const CheckCancelled& check_cancelled) {
  while (true) {
    bool created = false;
    const Shared collection = get_or_create(name, spec, created);
    try {
      return collection->add(rows, check_cancelled);
    } catch (const std::exception& e) {
      // Others may have added to it meanwhile: then it stays.
      if (created && collection->drop_unused()) forget(collection);
      // Dropped between being found and being added to: on with a new one.
      const auto* failure = dynamic_cast<const Failure*>(&e);
      if (failure == nullptr || failure->status() != DM_NOT_FOUND) throw;
      check_cancelled();
    }
  }
}

void Collections::forget(const Shared& found) {
  const std::unique_lock lock(mutex_);
  if (const auto still = collections_.find(found->name()); still != collections_.end() && still->second == found)
    collections_.erase(still);
}

std::vector<Collections::Shared> Collections::all() const {
  const std::shared_lock lock(mutex_);
  std::vector<Shared> all;
  for (const auto& [name, collection] : collections_) all.push_back(collection);
  return all;
}

std::map<std::string, std::string> Collections::damaged() const {
  const std::shared_lock lock(mutex_);
  std::map<std::string, std::string> causes;
  for (const auto& [name, damage] : damaged_) causes[name] = damage.cause;
  return causes;
}

}  // namespace dormouse::search
