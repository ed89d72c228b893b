#include "artifacts/model_files.h"

#include <filesystem>

namespace dormouse {

std::string model_folder(const std::string& state_dir, const std::string& component) {
  return state_dir + "/models/" + component;
}

Result<std::string> current_model(const std::string& state_dir, const std::string& component) {
  const std::string folder = model_folder(state_dir, component);
  const std::string link = folder + "/current";
  std::error_code error;
  const std::filesystem::path target = std::filesystem::read_symlink(link, error);
  if (error) return std::string();
  // A model is a file beside the link, so that a link made by somebody else cannot name any file of the host.
  if (target.has_parent_path() ||
      !std::filesystem::is_regular_file(std::filesystem::symlink_status(folder + "/" + target.string(), error)))
    return Error{.code = Code::failed_precondition,
                 .message = "does not name a model",
                 .object = link,
                 .needed = "the name of a file beside it",
                 .found = target.string(),
                 .remedy = "train the component again"};
  return folder + "/" + target.string();
}

}  // namespace dormouse
