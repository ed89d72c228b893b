#include "components/expose.h"

#include "base/object_names.h"
#include "components/call_frame.h"
#include "components/loader.h"
#include "components/observe.h"
#include "dormouse/ext/observe.h"

namespace dormouse {

Result<Exposition> read_exposition(dm_value value, const std::string& where) {
  dm_string_view content_type{};
  dm_string_view text{};
  dm_bytes_view bytes{};
  const dm_value body = dm_map_get(value, "body");
  const bool has_type = dm_get_string(dm_map_get(value, "content_type"), &content_type) != 0;
  const bool has_body = dm_get_string(body, &text) != 0 || dm_get_bytes(body, &bytes) != 0;
  const std::string type(content_type.data ? content_type.data : "", content_type.size);
  // It becomes a header field.
  const bool is_plain = type.find_first_of("\r\n") == std::string::npos && !type.empty() && type.size() < 200;
  if (!has_type || !has_body || !is_plain)
    return Error{.code = Code::broken_contract,
                 .message = "its answer is not what " DM_EXT_OBSERVE " promises",
                 .object = where,
                 .needed = "{content_type: string, body: string or bytes}",
                 .found = to_debug_string(value)};
  if (text.data) return Exposition{type, std::string(text.data, text.size)};
  return Exposition{type, std::string(reinterpret_cast<const char*>(bytes.data), bytes.size)};
}

namespace {

Result<Exposition> expose(const LoadedPlugin& plugin, const Metrics& metrics, const std::string& accept,
                          const CallOptions& options) {
  const std::string where = component_object(plugin.name) + ", " DM_EXT_OBSERVE;
  if (!plugin.observe || plugin.observe->size < sizeof(dm_observe) || !plugin.observe->expose)
    return Error{.code = Code::failed_precondition,
                 .message = "does not show metrics",
                 .object = where,
                 .needed = "the capability " DM_EXT_OBSERVE,
                 .found = "none"};
  const Result<Value> snapshot = snapshot_value(metrics.snapshot(), accept);
  if (!snapshot.ok()) return snapshot.status();
  CallFrame frame(options);
  ValueWriter out(kSnapshotLimits);
  const CurrentCall here(names_of(plugin), "expose", options.request_id);
  Status status = guarded(where, [&]() -> Status {
    const int32_t returned = plugin.observe->expose(plugin.component, frame.abi(), snapshot->view(), out.abi());
    return returned == DM_OK ? Status() : frame.status(returned, where);
  });
  if (!status.ok()) return status;
  const Result<Value> answer = out.finish();
  if (!answer.ok()) return answer.status();
  return read_exposition(answer->view(), where);
}

}  // namespace

void expose_on_lane(LoadedPlugin& plugin, Lease lease, const Metrics& metrics, std::string accept, CallOptions options,
                    EventLoop& reply, UniqueFunction<void(Result<Exposition>)> done) {
  struct Job {
    Lease lease;
    std::string accept;
    CallOptions options;
    EventLoop& reply;
    UniqueFunction<void(Result<Exposition>)> done;
    void answer(Result<Exposition> exposition) {
      lease.release();
      reply.post(
          [done = std::move(done), exposition = std::move(exposition)]() mutable { done(std::move(exposition)); });
    }
  };
  // Shared, so that a refused submit can still answer it.
  const auto job =
      std::make_shared<Job>(Job{std::move(lease), std::move(accept), std::move(options), reply, std::move(done)});
  const Status refused = plugin.lane->submit(
      [&plugin, &metrics, job](unsigned slot) {
        Result<Exposition> exposition = expose(plugin, metrics, job->accept, job->options);
        plugin.lane->returning(slot);
        job->answer(std::move(exposition));
      },
      Lane::Priority::normal);
  if (!refused.ok()) job->answer(refused);
}

}  // namespace dormouse
