#include "artifacts/prepare.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "artifacts/elf.h"
#include "artifacts/model_files.h"
#include "artifacts/plugin_file.h"
#include "base/file.h"
#include "base/fnv.h"
#include "base/object_names.h"
#include "base/suggest.h"
#include "dormouse/plugin.h"

namespace dormouse {
namespace {

// Fills in model_copy and model_sha256, when there is a model.
Status copy_model(const std::string& component, PrivateCopies& copies, Prepared& prepared) {
  if (prepared.model_path.empty()) return {};
  Result<PluginFile> model = open_model_file(prepared.model_path);
  if (!model.ok()) return model.status();
  Result<std::string> copy = copies.prepare(*model, component);
  if (!copy.ok()) return copy.status();
  prepared.model_copy = std::move(*copy);
  prepared.model_sha256 = model->sha256;
  return {};
}

// The manifest is read again from the very descriptor that will be copied: the file may have been replaced since the
// index saw it. Unchanged content keeps the index's object, so pipelines checked against it need no second look.
Result<Prepared> read_plugin(const PluginEntry& entry, const PluginFile& file) {
  Prepared prepared;
  prepared.path = file.path;
  Result<std::vector<ClosureEntry>> closure = read_closure(file.fd, file.path);
  if (!closure.ok()) return closure.status();
  const ElfFacts& facts = closure->front().facts;
  if (!facts.manifest)
    return Error{.code = Code::invalid_argument,
                 .message = "carries no manifest",
                 .object = plugin_file_object(file.path),
                 .needed = "an ELF section .dormouse.manifest",
                 .found = "none",
                 .remedy = "build it with dormouse_add_plugin()"};
  Result<Manifest> manifest = parse_manifest(*facts.manifest, plugin_file_object(file.path));
  if (!manifest.ok()) return manifest.status();
  if (Status checked = check_without_running(file, facts, *manifest); !checked.ok()) return checked;
  prepared.safety = classify(*closure);
  prepared.version = manifest->version;
  prepared.manifest = entry.manifest && entry.manifest->source == manifest->source
                          ? entry.manifest
                          : std::make_shared<const Manifest>(std::move(*manifest));
  return prepared;
}

}  // namespace

Result<const TypeManifest*> choose_type(const ComponentSpec& spec, const Manifest& manifest) {
  const std::string& wanted = spec.type.empty() ? spec.name : spec.type;
  if (const TypeManifest* found = manifest.find_type(wanted)) return found;
  if (spec.type.empty() && manifest.types.size() == 1) return &manifest.types.front();
  std::vector<std::string> names;
  for (const TypeManifest& type : manifest.types) names.push_back(type.name);
  std::string offered;
  for (const std::string& name : names) offered += (offered.empty() ? "" : ", ") + name;
  return Error{.code = Code::not_found,
               .message = plugin_object(manifest.id) + " has no type '" + wanted + "'",
               .object = component_object(spec.name),
               .needed = "one of " + offered,
               .found = wanted,
               .remedy = "set type: of the component to one of them",
               .near = near_names(wanted, names)};
}

std::shared_ptr<const Manifest> known_manifest(const ComponentSpec& spec, PluginIndex& index) {
  const PluginIndex::Snapshot known = index.snapshot();
  if (!known) return nullptr;
  for (const PluginEntry& entry : *known)
    if (entry.id == spec.plugin && entry.manifest && (spec.version.empty() || entry.version == spec.version))
      return entry.manifest;
  return nullptr;
}

std::string data_folder(const std::string& state_dir, const std::string& component) {
  return state_dir + "/data/" + component;
}

bool holds_files(const std::string& folder) {
  std::error_code failed;
  return std::filesystem::exists(folder, failed) && !std::filesystem::is_empty(folder, failed) && !failed;
}

uint64_t stamp_of(const Prepared& prepared) {
  const std::span<const std::byte> settings = prepared.settings.bytes();
  Fnv hash;
  for (const std::string_view content :
       {std::string_view(prepared.sha256), std::string_view(prepared.type->name),
        std::string_view(prepared.model_sha256),
        std::string_view(reinterpret_cast<const char*>(settings.data()), settings.size())}) {
    hash.add(content);
    hash.end_text();
  }
  return hash.value() == 0 ? 1 : hash.value();
}

std::string plugin_file_identity(const ComponentSpec& spec, PluginIndex& index) {
  const PluginIndex::Snapshot known = index.snapshot();
  if (!known) return {};
  std::string identity;
  for (const PluginEntry& entry : *known) {
    if (entry.id != spec.plugin) continue;
    const std::string of_file = file_identity(entry.path);
    if (!of_file.empty()) identity += of_file + ";";
  }
  return identity;
}

namespace {

// A look at everything that the load needs, without a copy of anything. `file` stays open for that.
Result<Prepared> look_at(const ComponentSpec& spec, uint32_t purpose, const std::string& state_dir, PluginIndex& index,
                         PluginFile& file) {
  Result<PluginEntry> entry = index.find(spec.plugin, spec.version);
  if (!entry.ok()) return entry.status();
  Result<PluginFile> opened = open_plugin_file(entry->path);
  if (!opened.ok()) return opened.status();
  file = std::move(*opened);
  struct stat info {};
  if (fstat(file.fd, &info) != 0) return file_error("look at it", file.path, errno);
  Result<Prepared> prepared = read_plugin(*entry, file);
  if (!prepared.ok()) return prepared;
  prepared->identity = file_identity(info);
  Result<const TypeManifest*> type = choose_type(spec, *prepared->manifest);
  if (!type.ok()) return type.status();
  prepared->type = *type;
  if (prepared->safety.safety == SafetyClass::process)
    return Error{.code = Code::failed_precondition,
                 .message = "cannot run inside the host: " + prepared->safety.reasons.front(),
                 .object = plugin_file_object(file.path),
                 .needed = "safety class unmap, lane or park",
                 .found = "process",
                 .remedy = "running plugins in a process of their own is not available yet"};
  Result<Value> settings = complete_settings(**type, spec.settings.view(), component_object(spec.name));
  if (!settings.ok()) return settings.status();
  prepared->settings = *settings;
  // A type that can be trained but does not need to be is served with its model when there is one.
  const MethodManifest* train = (*type)->find_method("train");
  if (((*type)->needs_model || (train && train->offline)) && purpose == DM_OPEN_SERVE) {
    Result<std::string> model = current_model(state_dir, spec.name);
    if (!model.ok()) return model.status();
    if (model->empty() && (*type)->needs_model)
      return Error{.code = Code::not_found,
                   .message = "has no trained model",
                   .object = component_object(spec.name),
                   .needed = "a file in " + model_folder(state_dir, spec.name),
                   .found = "none",
                   .remedy = "run: dormouse train " + spec.name + " --data FILE"};
    prepared->model_path = *model;
  }
  return prepared;
}

}  // namespace

Status examine(const ComponentSpec& spec, const std::string& state_dir, PluginIndex& index) {
  index.scan();
  PluginFile file;
  return look_at(spec, DM_OPEN_SERVE, state_dir, index, file).status();
}

Result<Prepared> prepare(const ComponentSpec& spec, uint32_t purpose, const std::string& state_dir, PluginIndex& index,
                         PrivateCopies& copies, PrivateCopies& model_copies) {
  PluginFile file;
  Result<Prepared> prepared = look_at(spec, purpose, state_dir, index, file);
  if (!prepared.ok()) return prepared;
  // Somebody may have cleared the state folder of a running host.
  if (Status made = ensure_private_folder(state_dir + "/libs"); !made.ok()) return made;
  if (Status copied = copy_model(spec.name, model_copies, *prepared); !copied.ok()) return copied;
  Result<std::string> copy = copies.prepare(file);
  if (!copy.ok()) return copy.status();
  prepared->copy_path = *copy;
  prepared->sha256 = file.sha256;
  if (Status allowed = index.check_allowed(file.path, file.sha256); !allowed.ok()) return allowed;
  // Files that are there already are the component's, whatever its manifest says now.
  const std::string folder = data_folder(state_dir, spec.name);
  if (prepared->manifest->needs.data || holds_files(folder)) prepared->data_dir = folder;
  prepared->stamp = stamp_of(*prepared);
  return prepared;
}

}  // namespace dormouse
