// The collections of one component: which there are, by name, and which could not be opened and why.
// Callable from any thread. A collection that is handed out lives as long as somebody holds it.
#pragma once

#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

#include "collection.h"

namespace dormouse::search {

class Collections {
 public:
  using Shared = std::shared_ptr<Collection>;

  // Opens all that are in `folder`. One that is damaged is left as it is, and asking for it says why; the others serve.
  Collections(std::string folder, const CollectionOptions& options, const CheckCancelled& check_cancelled);

  // Throws Failure: not_found, with the names there are; data_loss or whatever its opening ended in.
  Shared get(const std::string& name) const;
  // Throws Failure: failed_precondition when there is one, invalid_argument for a name that cannot be.
  Shared create(const std::string& name, const Spec& spec);
  // Adds to that collection, or to a new one of that spec, which is taken away again when nothing could be added.
  AddResult add(const std::string& name, const Spec& spec, const Rows& rows, const CheckCancelled& check_cancelled);
  void drop(const std::string& name);

  std::vector<Shared> all() const;
  // Name and cause of those that could not be opened.
  std::map<std::string, std::string> damaged() const;

 private:
  struct Damage {
    int32_t status;
    std::string cause;
  };
  // What get says, or a new one of that spec; `created` says which.
  Shared get_or_create(const std::string& name, const Spec& spec, bool& created);
  // With mutex_ held.
  Shared find(const std::string& name) const;
  Shared make(const std::string& name, const Spec& spec);
  void open(const std::string& name, const CheckCancelled& check_cancelled);
  // Takes out what was dropped.
  void forget(const Shared& dropped);

  const std::string folder_;
  const CollectionOptions options_;
  mutable std::shared_mutex mutex_;  // creating holds it while it makes files
  std::map<std::string, Shared> collections_;
  std::map<std::string, Damage> damaged_;
};

}  // namespace dormouse::search
