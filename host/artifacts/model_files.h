// Where the models of components lie in a state folder. Looks at names and links only; blocks on the disk.
#pragma once

#include <string>

#include "base/status.h"

namespace dormouse {

// Where the model of a component lives: state_dir/models/<component>/. `current` names the file in use.
std::string model_folder(const std::string& state_dir, const std::string& component);
// The path of the model in use, empty when there is none. Errors: failed_precondition for a link that points elsewhere.
Result<std::string> current_model(const std::string& state_dir, const std::string& component);

}  // namespace dormouse
