#include "components/loader.h"

#include <sys/stat.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <mutex>

#include "artifacts/elf.h"
#include "artifacts/handshake.h"
#include "artifacts/model_files.h"
#include "base/file.h"
#include "base/suggest.h"
#include "components/call_frame.h"

namespace dormouse {

// The instances of min_idle on their way, each made by the thread of its slot. On the stack of slot 0 while it waits.
class FirstInstances {
 public:
  FirstInstances(unsigned wanted, const CallOptions& call) : wanted_(wanted), missing_(wanted), call_(call) {}

  void make(LoadedPlugin& plugin, unsigned slot) {
    if (slot >= wanted_) return;
    CallFrame frame(call_);
    leave_out(instance_on_lane(plugin, slot, frame.abi()).status());
  }
  void leave_out(const Status& made = {}) {
    const std::lock_guard lock(mutex_);
    if (failure_.ok()) failure_ = made;
    if (--missing_ == 0) all_tried_.notify_one();
  }
  // The first failure there was.
  Status wait() {
    std::unique_lock lock(mutex_);
    all_tried_.wait(lock, [&] { return missing_ == 0; });
    return failure_;
  }

 private:
  const unsigned wanted_;
  std::mutex mutex_;
  std::condition_variable all_tried_;
  unsigned missing_;
  const CallOptions& call_;
  Status failure_;
};

namespace {

std::string object_of(const std::string& component) {
  return "component '" + component + "'";
}

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
    return Error{Code::invalid_argument,
                 "carries no manifest",
                 "plugin file " + file.path,
                 "an ELF section .dormouse.manifest",
                 "none",
                 "build it with dormouse_add_plugin()"};
  Result<Manifest> manifest = parse_manifest(*facts.manifest, "plugin file " + file.path);
  if (!manifest.ok()) return manifest.status();
  if (Status checked = check_without_running(file, facts, *manifest); !checked.ok()) return checked;
  prepared.safety = classify(*closure);
  prepared.version = manifest->version;
  prepared.manifest = entry.manifest && entry.manifest->source == manifest->source
                          ? entry.manifest
                          : std::make_shared<const Manifest>(std::move(*manifest));
  return prepared;
}

Status check_library(LoadedPlugin& plugin) {
  const dm_plugin* table = plugin.library->plugin();
  return handshake(table, *plugin.prepared.manifest, "plugin file " + plugin.prepared.path);
}

const dm_type* find_type(const dm_plugin& table, const std::string& name) {
  for (uint32_t i = 0; i < table.type_count; ++i)
    if (name == table.types[i]->name) return table.types[i];
  return nullptr;  // the handshake has seen to it that this is not reached
}

void resolve_methods(LoadedPlugin& plugin) {
  plugin.methods.clear();
  for (const MethodManifest& wanted : plugin.prepared.type->methods)
    for (uint32_t i = 0; i < plugin.type->method_count; ++i)
      if (wanted.name == plugin.type->methods[i]->name) plugin.methods.push_back(plugin.type->methods[i]);
}

bool is_complete(const dm_cache* table) {
  return table && table->size >= DM_CACHE_SIZE_MIN && table->open_space && table->get && table->unpin && table->put &&
         table->purge && table->stats;
}

void ask_capabilities(LoadedPlugin& plugin) {
  const auto ask = [&](const char* id) {
    return plugin.type->capability ? plugin.type->capability(plugin.component, id) : nullptr;
  };
  plugin.trim = static_cast<const dm_trim*>(ask(DM_EXT_TRIM));
  plugin.veto = static_cast<const dm_veto*>(ask(DM_EXT_VETO));
  plugin.batch = static_cast<const dm_batch*>(ask(DM_EXT_BATCH));
  const auto* cache = static_cast<const dm_cache*>(ask(DM_EXT_CACHE));
  plugin.cache = is_complete(cache) ? cache : nullptr;
  plugin.observe = static_cast<const dm_observe*>(ask(DM_EXT_OBSERVE));
}

// Whether every table is there that the manifest promises, as long as this host knows it. Errors: broken_contract.
Status check_promised_capabilities(const LoadedPlugin& plugin) {
  const auto missing = [&](const std::string& id, const char* found) {
    return Error{Code::broken_contract,
                 "promises a capability it does not offer",
                 object_of(plugin.name),
                 "the table of '" + id + "'",
                 found,
                 "offer it, or take it out of the manifest's `capabilities`"};
  };
  for (const std::string& id : plugin.prepared.type->capabilities) {
    if (!plugin.type->capability || !plugin.type->capability(plugin.component, id.c_str())) return missing(id, "none");
    if (id == DM_EXT_CACHE && !plugin.cache) return missing(id, "a table without its functions");
    if (id == DM_EXT_OBSERVE && (plugin.observe->size < sizeof(dm_observe) || !plugin.observe->expose))
      return missing(id, "a table without its function");
  }
  return {};
}

// Whether what its methods promise of batches is there. Errors: broken_contract.
Status check_promised_batches(const LoadedPlugin& plugin) {
  if (plugin.batch && plugin.batch->size >= sizeof(dm_batch) && plugin.batch->run) return {};
  for (const MethodManifest& method : plugin.prepared.type->methods)
    if (method.batch)
      return Error{.code = Code::broken_contract,
                   .message = "promises batches it does not offer",
                   .object = object_of(plugin.name) + ", method '" + method.name + "'",
                   .needed = "the capability " DM_EXT_BATCH,
                   .found = "none",
                   .remedy = "offer it, or take `batch` out of the manifest"};
  return {};
}

bool has_instances(const LoadedPlugin& plugin) {
  return std::any_of(plugin.prepared.type->methods.begin(), plugin.prepared.type->methods.end(),
                     [](const MethodManifest& method) { return method.thread == ThreadRule::instance; });
}

// A plugin knows its model by the private copy; people know the one that was trained.
Status name_original_model(const Prepared& prepared, const Status& status) {
  Error error = status.error();
  if (!prepared.model_copy.empty())
    for (size_t at = 0; (at = error.message.find(prepared.model_copy, at)) != std::string::npos;
         at += prepared.model_path.size())
      error.message.replace(at, prepared.model_copy.size(), prepared.model_path);
  return error;
}

Status call_open(LoadedPlugin& plugin, const OpenOptions& options, const CallOptions& call) {
  CallFrame frame(call);
  dm_open_args args{};
  args.size = sizeof args;
  args.purpose = options.purpose;
  args.name = plugin.name.c_str();
  args.settings = plugin.prepared.settings.view();
  args.model_path = plugin.prepared.model_copy.c_str();
  args.data_dir = options.data_dir.c_str();
  const std::string where = object_of(plugin.name) + ", open";
  const CurrentCall here(names_of(plugin), "open");
  return guarded(where, [&]() -> Status {
    const int32_t returned = plugin.type->open(plugin.ledger->host(), frame.abi(), &args, &plugin.component);
    if (returned != DM_OK) return name_original_model(plugin.prepared, frame.status(returned, where));
    plugin.opened = true;
    ask_capabilities(plugin);
    return {};
  });
}

void destroy_instance(LoadedPlugin& plugin, unsigned slot) {
  void* instance = std::exchange(plugin.instances[slot], nullptr);
  if (!instance) return;
  const CurrentCall here(names_of(plugin), "destroy");
  // Nothing can be done about an exception here but not to die of it.
  (void)guarded("destroy", [&] {
    plugin.type->destroy(instance);
    return Status();
  });
}

// min_idle of them, each on the thread of its slot, since an instance is made, called and destroyed on the same one.
// Slot 0 waits for the others. After an error those that were made are destroyed when their threads end.
Status make_first_instances(LoadedPlugin& plugin, const CallOptions& call) {
  const auto wanted = static_cast<unsigned>(std::min<size_t>(plugin.policy.min_idle, plugin.instances.size()));
  if (wanted == 0 || !has_instances(plugin)) return {};
  FirstInstances first(wanted, call);
  plugin.first_instances = &first;
  const unsigned threads = plugin.lane->grow(wanted);
  first.make(plugin, 0);
  // A thread that is not to be had makes no instance; its slot would make it with its first call.
  for (unsigned slot = threads; slot < wanted; ++slot) first.leave_out();
  Status made = first.wait();
  plugin.first_instances = nullptr;
  return made;
}

void close_component(LoadedPlugin& plugin) {
  if (!plugin.opened) return;
  plugin.opened = false;
  const CurrentCall here(names_of(plugin), "close");
  (void)guarded("close", [&] {
    plugin.type->close(plugin.component);
    return Status();
  });
  plugin.component = nullptr;
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
  return Error{Code::not_found,
               "plugin '" + manifest.id + "' has no type '" + wanted + "'",
               object_of(spec.name),
               "one of " + offered,
               wanted,
               "set type: of the component to one of them" + did_you_mean(wanted, names)};
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
  uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a, 64 bit
  const auto mix = [&hash](std::string_view bytes) {
    for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
    hash = (hash ^ 0xff) * 0x100000001b3u;  // so that "ab", "c" is not "a", "bc"
  };
  mix(prepared.sha256);
  mix(prepared.type->name);
  mix(prepared.model_sha256);
  const std::span<const std::byte> settings = prepared.settings.bytes();
  mix({reinterpret_cast<const char*>(settings.data()), settings.size()});
  return hash == 0 ? 1 : hash;
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
  const std::string identity = file_identity(entry->path);
  Result<Prepared> prepared = read_plugin(*entry, file);
  if (!prepared.ok()) return prepared;
  prepared->identity = identity;
  Result<const TypeManifest*> type = choose_type(spec, *prepared->manifest);
  if (!type.ok()) return type.status();
  prepared->type = *type;
  if (prepared->safety.safety == SafetyClass::process)
    return Error{Code::failed_precondition,
                 "cannot run inside the host: " + prepared->safety.reasons.front(),
                 "plugin file " + file.path,
                 "safety class unmap, lane or park",
                 "process",
                 "running plugins in a process of their own is not available yet"};
  Result<Value> settings = complete_settings(**type, spec.settings.view(), object_of(spec.name));
  if (!settings.ok()) return settings.status();
  prepared->settings = *settings;
  // A type that can be trained but does not need to be is served with its model when there is one.
  const MethodManifest* train = (*type)->find_method("train");
  if (((*type)->needs_model || (train && train->offline)) && purpose == DM_OPEN_SERVE) {
    Result<std::string> model = current_model(state_dir, spec.name);
    if (!model.ok()) return model.status();
    if (model->empty() && (*type)->needs_model)
      return Error{Code::not_found,
                   "has no trained model",
                   object_of(spec.name),
                   "a file in " + model_folder(state_dir, spec.name),
                   "none",
                   "run: dormouse train " + spec.name + " --data FILE"};
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

PluginNames names_of(const LoadedPlugin& plugin) {
  const Manifest* manifest = plugin.prepared.manifest.get();
  return {plugin.name.c_str(), manifest ? manifest->id.c_str() : "", plugin.prepared.version.c_str()};
}

Status open_on_lane(LoadedPlugin& plugin, const OpenOptions& options) {
  const Time started = plugin.clock->now();
  if (!plugin.library) {
    for (const std::string& soname : plugin.prepared.safety.shared_runtimes)
      if (Status pinned = pin_shared_runtime(soname); !pinned.ok()) return pinned;
    const CurrentCall here(names_of(plugin), "load");
    Result<std::unique_ptr<Library>> library = Library::map(plugin.prepared.copy_path);
    if (!library.ok()) return library.status();
    plugin.library = std::move(*library);
  }
  const Time mapped = plugin.clock->now();
  plugin.times.map = mapped - started;
  const CurrentCall here(names_of(plugin), "load");
  if (Status same = check_library(plugin); !same.ok()) return same;
  plugin.type = find_type(*plugin.library->plugin(), plugin.prepared.type->name);
  resolve_methods(plugin);
  CallOptions call;
  call.deadline = options.deadline;
  call.cancel = options.cancel;
  if (Status opened = call_open(plugin, options, call); !opened.ok()) return opened;
  Status kept = check_promised_capabilities(plugin);
  if (kept.ok()) kept = check_promised_batches(plugin);
  if (!kept.ok()) {
    close_component(plugin);
    return kept;
  }
  // After an error the end of the lane's threads destroys what was made and closes the component.
  if (Status made = make_first_instances(plugin, call); !made.ok()) return made;
  plugin.times.open = plugin.clock->now() - mapped;
  return {};
}

Result<void*> instance_on_lane(LoadedPlugin& plugin, unsigned slot, const dm_call* call) {
  void*& instance = plugin.instances[slot];
  if (instance) return instance;
  const std::string where = object_of(plugin.name) + ", create";
  const CurrentCall here(names_of(plugin), "create", call->request_id);
  Status made = guarded(where, [&]() -> Status {
    const int32_t returned = plugin.type->create(plugin.component, call, &instance);
    if (returned == DM_OK && !instance) return {Code::broken_contract, "create succeeded without an instance"};
    if (returned == DM_OK) return {};
    instance = nullptr;
    return Error{returned == DM_CANCELLED ? Code::cancelled : Code::unavailable,
                 "could not make an instance (status " + std::to_string(returned) + ")",
                 where,
                 {},
                 {},
                 {}};
  });
  if (!made.ok()) return made;
  return instance;
}

Lane::Hooks lane_hooks(LoadedPlugin& plugin) {
  return {.on_thread_start =
              [&plugin](unsigned slot) {
                if (slot > 0 && plugin.first_instances) plugin.first_instances->make(plugin, slot);
              },
          .on_thread_stop =
              [&plugin](unsigned slot) {
                destroy_instance(plugin, slot);
                if (slot == 0) close_component(plugin);
              }};
}

UnmapReport unmap_library(LoadedPlugin& plugin) {
  const CurrentCall here(names_of(plugin), "unload");
  return plugin.library->unmap();
}

Status trim_on_lane(LoadedPlugin& plugin) {
  if (!plugin.trim) return {};
  const CurrentCall here(names_of(plugin), "trim");
  const CallOptions call;
  CallFrame frame(call);
  const std::string where = object_of(plugin.name) + ", trim";
  return guarded(where, [&] { return frame.status(plugin.trim->trim(plugin.component, frame.abi()), where); });
}

Status ask_veto_on_lane(LoadedPlugin& plugin) {
  if (!plugin.veto) return {};
  const CurrentCall here(names_of(plugin), "may_park");
  const CallOptions call;
  CallFrame frame(call);
  const std::string where = object_of(plugin.name) + ", may_park";
  return guarded(where, [&] { return frame.status(plugin.veto->may_park(plugin.component, frame.abi()), where); });
}

}  // namespace dormouse
