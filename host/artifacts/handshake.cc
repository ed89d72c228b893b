#include "artifacts/handshake.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "artifacts/abi_version.h"
#include "artifacts/manifest.h"
#include "base/suggest.h"

namespace dormouse {
namespace {

// What ABI 1.0 ends with: a plugin of that version may be shorter than the structs of a later one, never shorter than
// this.
constexpr size_t kPluginBytesMin = offsetof(dm_plugin, types) + sizeof(dm_plugin::types);
constexpr size_t kTypeBytesMin = offsetof(dm_type, capability) + sizeof(dm_type::capability);
constexpr size_t kMethodBytesMin = offsetof(dm_method, run) + sizeof(dm_method::run);

// The strings of a plugin's table are as foreign as the rest of it; a name that is longer than this is no name.
constexpr size_t kNameBytesMax = 256;

std::string name_of(const char* text) {
  if (!text) return "(null)";
  return std::string(text, std::find(text, text + kNameBytesMax, '\0'));
}

class Comparison {
 public:
  Comparison(const Manifest& manifest, const std::string& object) : manifest_(manifest), object_(object) {}

  Status run(const dm_plugin* plugin) {
    if (!plugin) return lie("the exported symbol " DM_PLUGIN_SYMBOL " is null", "a table", "null");
    if (plugin->magic != DM_PLUGIN_MAGIC)
      return lie("the exported symbol " DM_PLUGIN_SYMBOL " is no plugin table", "magic DM_PLUGIN_MAGIC",
                 std::to_string(plugin->magic));
    if (Status abi = check_abi(plugin->abi_major, plugin->abi_minor, object_); !abi.ok()) return abi;
    if (const auto fault = short_struct("dm_plugin", plugin->size, kPluginBytesMin)) return *fault;
    if (plugin->abi_major != manifest_.abi_major || plugin->abi_minor != manifest_.abi_minor)
      return differs("abi", abi_text(manifest_.abi_major, manifest_.abi_minor),
                     abi_text(plugin->abi_major, plugin->abi_minor));
    if (name_of(plugin->id) != manifest_.id) return differs("id", manifest_.id, name_of(plugin->id));
    if (name_of(plugin->version) != manifest_.version)
      return differs("version", manifest_.version, name_of(plugin->version));
    return compare_types(*plugin);
  }

 private:
  Status compare_types(const dm_plugin& plugin) {
    if (plugin.type_count != manifest_.types.size())
      return differs("number of types", std::to_string(manifest_.types.size()), std::to_string(plugin.type_count));
    if (!plugin.types) return missing("types");
    std::vector<std::string> offered;
    for (uint32_t i = 0; i < plugin.type_count; ++i) {
      const dm_type* type = plugin.types[i];
      if (!type) return missing("types[" + std::to_string(i) + "]");
      if (const auto fault = short_struct("dm_type", type->size, kTypeBytesMin)) return *fault;
      offered.push_back(name_of(type->name));
      const TypeManifest* promised = manifest_.find_type(offered.back());
      if (!promised) return differs("types", "type '" + manifest_.types[i].name + "'", "type '" + offered.back() + "'");
      if (Status same = compare_type(*type, *promised); !same.ok()) return same;
    }
    return twice("type", std::move(offered));
  }

  Status compare_type(const dm_type& type, const TypeManifest& promised) {
    const std::string where = "type '" + promised.name + "'";
    if (!type.open) return missing("open of " + where);
    if (!type.close) return missing("close of " + where);
    if (!type.create != !type.destroy)
      return lie(where + " breaks the ABI", "create and destroy, or neither", type.create ? "create" : "destroy");
    const bool needs_instance = std::any_of(promised.methods.begin(), promised.methods.end(),
                                            [](const auto& m) { return m.thread == ThreadRule::instance; });
    if (needs_instance && !type.create)
      return missing("create of " + where + ", which has methods of thread 'instance'");
    if (type.method_count != promised.methods.size())
      return differs("number of methods of " + where, std::to_string(promised.methods.size()),
                     std::to_string(type.method_count));
    if (!type.methods && type.method_count > 0) return missing("methods of " + where);
    return compare_methods(type, promised, where);
  }

  Status compare_methods(const dm_type& type, const TypeManifest& promised, const std::string& where) {
    std::vector<std::string> offered;
    for (uint32_t i = 0; i < type.method_count; ++i) {
      const dm_method* method = type.methods[i];
      if (!method) return missing("methods[" + std::to_string(i) + "] of " + where);
      if (const auto fault = short_struct("dm_method", method->size, kMethodBytesMin)) return *fault;
      offered.push_back(name_of(method->name));
      if (!promised.find_method(offered.back()))
        return differs("methods of " + where, "method '" + promised.methods[i].name + "'",
                       "method '" + offered.back() + "'");
      if (!method->run) return missing("run of method '" + offered.back() + "' of " + where);
    }
    return twice("method", std::move(offered));
  }

  std::optional<Status> short_struct(const std::string& name, uint32_t size, size_t needed) {
    if (size >= needed) return std::nullopt;
    return lie("the struct " + name + " is shorter than its ABI version says", std::to_string(needed) + " bytes",
               std::to_string(size));
  }
  Status missing(const std::string& what) { return lie("its table is incomplete", what, "null"); }
  // Counts are equal and each name is known, so only a name twice can hide a missing one.
  Status twice(const std::string& kind, std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    const auto same = std::adjacent_find(names.begin(), names.end());
    if (same == names.end()) return Status();
    return lie("its table names a " + kind + " twice", "each name once", "'" + *same + "' twice");
  }
  Status differs(const std::string& what, const std::string& manifest, const std::string& table) {
    return lie("the manifest and the plugin's table differ in " + what, manifest + " (manifest)", table + " (table)");
  }
  Status lie(std::string message, std::string needed, std::string found) {
    return Status(Error{.code = Code::broken_contract,
                        .message = std::move(message),
                        .object = object_,
                        .needed = std::move(needed),
                        .found = std::move(found),
                        .remedy = "rebuild the plugin from one state of its sources"});
  }

  const Manifest& manifest_;
  const std::string& object_;
};

}  // namespace

Status handshake(const dm_plugin* plugin, const Manifest& manifest, const std::string& object) {
  return Comparison(manifest, object).run(plugin);
}

}  // namespace dormouse
