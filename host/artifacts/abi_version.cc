#include "artifacts/abi_version.h"

#include "dormouse/plugin.h"

namespace dormouse {

std::string abi_text(unsigned major, unsigned minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

Status check_abi(uint16_t major, uint16_t minor, const std::string& object) {
  if (major == DM_ABI_MAJOR && minor <= DM_ABI_MINOR) return Status();
  const bool newer = major > DM_ABI_MAJOR || (major == DM_ABI_MAJOR && minor > DM_ABI_MINOR);
  Error error;
  error.code = Code::invalid_argument;
  error.message = "built for another version of the plugin ABI";
  error.object = object;
  error.needed =
      "ABI " + abi_text(DM_ABI_MAJOR, 0) + (DM_ABI_MINOR ? " to " + abi_text(DM_ABI_MAJOR, DM_ABI_MINOR) : "");
  error.found = abi_text(major, minor);
  error.remedy = newer ? "use a newer host, or build the plugin with this host's plugin-api"
                       : "build the plugin with this host's plugin-api";
  return Status(std::move(error));
}

}  // namespace dormouse
