// The paths of trained models in a state folder. It reads names and links, not the models; it blocks on the disk, so
// never on a reactor. Functions; any other thread.
#pragma once

#include <string>

#include "base/status.h"

namespace dormouse {

// The folder with the models of a component: state_dir/models/<component>/. The link `current` in it names the model in
// use.
std::string model_folder(const std::string& state_dir, const std::string& component);
// The path of the model in use, empty when there is none. Errors: failed_precondition for a link that points elsewhere.
Result<std::string> current_model(const std::string& state_dir, const std::string& component);

}  // namespace dormouse
