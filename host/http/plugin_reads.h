// The plugin files with their hashes, for readers. Hashing reads whole files, so it is done on the background thread,
// and once for all who ask meanwhile: together they take one place there.
// read() on the control loop; answers come on that loop or on the background thread.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "artifacts/plugin_index.h"
#include "http/background.h"

namespace dormouse {

class PluginReads : public std::enable_shared_from_this<PluginReads> {
 public:
  using Answer = std::function<void(const Result<PluginIndex::Snapshot>&)>;

  // Both outlive this; `background` is stopped before `index` goes.
  PluginReads(PluginIndex& index, Background& background) : index_(index), background_(background) {}

  // Answers from the snapshot that there is, once; before the first scan there is none, and after a scan the hashes are
  // missing. Errors: those of Background::submit.
  void read(Answer answer);

 private:
  void read_files();

  PluginIndex& index_;
  Background& background_;
  std::mutex mutex_;
  std::vector<Answer> waiting_;  // for the task that is submitted while there are any
};

}  // namespace dormouse
