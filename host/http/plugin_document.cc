#include "http/plugin_document.h"

#include "artifacts/plugin_file.h"
#include "http/document_parts.h"

namespace dormouse {
namespace {

void write_users(JsonText& out, const PluginEntry& plugin, const std::vector<ComponentStatus>& components) {
  out.key("in_use").begin_array();
  std::string now;
  for (const ComponentStatus& component : components) {
    if (component.plugin_path != plugin.path) continue;
    if (now.empty()) now = file_identity(plugin.path);
    out.begin_object()
        .member("component", component.name)
        .member("current", component.plugin_identity == now)
        .end_object();
  }
  out.end_array();
}

}  // namespace

void write(JsonText& out, const PluginEntry& plugin, const std::vector<ComponentStatus>& components) {
  out.begin_object();
  out.member("id", plugin.id);
  out.member("version", plugin.version);
  out.member("path", plugin.path);
  out.member("sha256", plugin.sha256);
  out.member("usable", plugin.problem.ok());
  out.member("class", to_string(plugin.safety.safety));
  write_list(out, "class_reasons", plugin.safety.reasons);
  write_list(out, "pinned_dependencies", plugin.safety.pinned_dependencies);
  out.key("types").begin_array();
  if (plugin.manifest)
    for (const TypeManifest& type : plugin.manifest->types) out.value(type.name);
  out.end_array();
  write_users(out, plugin, components);
  write(out.key("problem"), plugin.problem);
  out.end_object();
}

}  // namespace dormouse
