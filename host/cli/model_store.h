// The trained models of one component: state_dir/models/<component>/<hash>.model, and `current`, a link to the one in
// use. A model is named by what it was made from, so the same data, settings and plugin give the same name. Main thread
// of `dormouse train` only; one training per component at a time (locked by file).
#pragma once

#include <string>
#include <vector>

#include "artifacts/plugin_index.h"
#include "base/status.h"
#include "base/unique_fd.h"
#include "components/component.h"

namespace dormouse {

// The files that `paths` mean: files as they are, folders as the data files in them (no hidden ones, no *.md, no
// LICENSE), by name. Errors: not_found, invalid_argument (a folder without data).
Result<std::vector<std::string>> data_files(const std::vector<std::string>& paths);

// The name of the model that would be made: a hash over plugin, version, type, complete settings, options of the
// training and the content of the files. Errors: of reading them.
Result<std::string> model_hash(const PluginEntry& plugin, const std::string& type, const Value& settings,
                               const std::vector<std::string>& files, const std::vector<std::string>& options);

class ModelStore {
 public:
  // Makes the folder, takes its lock. Errors: busy (another training), failed_precondition, resource_exhausted.
  static Result<ModelStore> open(const std::string& state_dir, const std::string& component);

  // Where the training writes; what stands there from a training that was cut short is removed.
  std::string draft_path(const std::string& hash) const { return folder_ + "/" + hash + ".draft"; }
  std::string model_path(const std::string& hash) const { return folder_ + "/" + hash + ".model"; }
  bool is_current(const std::string& hash) const;
  // Makes the draft the current model, in one step for every reader. Errors: broken_contract when there is no draft.
  Status publish(const std::string& hash) const;
  // Makes a model that is here already the current one. Errors: not_found.
  Status make_current(const std::string& hash) const;
  void drop_drafts() const;

 private:
  ModelStore(std::string folder, UniqueFd lock) : folder_(std::move(folder)), lock_(std::move(lock)) {}
  std::string folder_;
  UniqueFd lock_;
};

}  // namespace dormouse
