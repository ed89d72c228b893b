#include "components/loader.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "artifacts/handshake.h"
#include "base/object_names.h"
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

Status check_library(LoadedPlugin& plugin) {
  const dm_plugin* table = plugin.library->plugin();
  return handshake(table, *plugin.prepared.manifest, plugin_file_object(plugin.prepared.path));
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
    return Error{.code = Code::broken_contract,
                 .message = "promises a capability it does not offer",
                 .object = component_object(plugin.name),
                 .needed = "the table of '" + id + "'",
                 .found = found,
                 .remedy = "offer it, or take it out of the manifest's `capabilities`"};
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
                   .object = method_object(plugin.name, method.name),
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
  const std::string where = component_object(plugin.name) + ", open";
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
  const std::string where = component_object(plugin.name) + ", create";
  const CurrentCall here(names_of(plugin), "create", call->request_id);
  Status made = guarded(where, [&]() -> Status {
    const int32_t returned = plugin.type->create(plugin.component, call, &instance);
    if (returned == DM_OK && !instance) return Status(Code::broken_contract, "create succeeded without an instance");
    if (returned == DM_OK) return {};
    instance = nullptr;
    return Error{.code = returned == DM_CANCELLED ? Code::cancelled : Code::unavailable,
                 .message = "could not make an instance (status " + std::to_string(returned) + ")",
                 .object = where};
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
  const std::string where = component_object(plugin.name) + ", trim";
  return guarded(where, [&] { return frame.status(plugin.trim->trim(plugin.component, frame.abi()), where); });
}

Status ask_veto_on_lane(LoadedPlugin& plugin) {
  if (!plugin.veto) return {};
  const CurrentCall here(names_of(plugin), "may_park");
  const CallOptions call;
  CallFrame frame(call);
  const std::string where = component_object(plugin.name) + ", may_park";
  return guarded(where, [&] { return frame.status(plugin.veto->may_park(plugin.component, frame.abi()), where); });
}

}  // namespace dormouse
