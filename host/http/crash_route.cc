#include "http/crash_route.h"

#include <cstdio>

#include "components/crash_store.h"
#include "http/json_text.h"
#include "http/query.h"

namespace dormouse {
namespace {

// "libtesseract.so +0x1c2f0"
std::string where(const CrashFrame& frame) {
  char offset[24];
  std::snprintf(offset, sizeof offset, "0x%llx", static_cast<unsigned long long>(frame.offset));
  if (frame.file.empty()) return offset;
  return frame.file.substr(frame.file.rfind('/') + 1) + " +" + offset;
}

void write_text(JsonText& out, std::string_view key, const std::string& text) {
  text.empty() ? out.key(key).null() : out.member(key, text);
}

void write(JsonText& out, const CrashRecord& crash, bool in_full) {
  out.begin_object();
  out.member("id", crash.id);
  out.member("at", crash.at);
  write_text(out, "component", crash.component);
  write_text(out, "method", crash.method);
  write_text(out, "request", crash.request);
  out.member("batch", crash.batch);
  out.member("signal", crash.signal);
  write_text(out, "address", crash.address);
  write_text(out, "file", crash.file);
  out.member("offset", crash.offset);
  out.member("where", where({crash.file, crash.offset}));
  write_text(out, "plugin", crash.plugin);
  write_text(out, "plugin_version", crash.plugin_version);
  write_text(out, "thread", crash.thread);
  out.member("pid", crash.pid);
  write_text(out, "version", crash.version);
  if (in_full) {
    out.key("frames").begin_array();
    for (const CrashFrame& frame : crash.frames) {
      out.begin_object();
      write_text(out, "file", frame.file);
      out.member("offset", frame.offset);
      out.member("where", where(frame));
      out.end_object();
    }
    out.end_array();
  }
  out.end_object();
}

void answer_list(const CrashStore* crashes, const Page& page, Responder responder) {
  JsonText out;
  const Status status = write_page_of(
      out, "crashes", "crash", crashes ? crashes->list() : std::vector<CrashRecord>(), page,
      [](const CrashRecord& crash) { return crash.id; },
      [](JsonText& to, const CrashRecord& crash) { write(to, crash, /*in_full=*/false); });
  status.ok() ? responder.answer_json(out.take()) : responder.fail(status);
}

void answer_one(const CrashStore* crashes, const std::string& id, Responder responder) {
  const Result<CrashRecord> crash =
      crashes ? crashes->read(id) : Result<CrashRecord>(Status(Code::not_found, "this host keeps no crashes"));
  if (!crash.ok()) return responder.fail(crash.status());
  JsonText out;
  write(out, *crash, /*in_full=*/true);
  responder.answer_json(out.take());
}

// Off the control thread, because the records are files.
void submit(Background& background, Responder responder, UniqueFunction<void(Responder)> work) {
  auto shared = std::make_shared<Responder>(std::move(responder));
  const Status status = background.submit([shared, work = std::move(work)]() mutable { work(std::move(*shared)); });
  if (!status.ok()) shared->fail(status);
}

}  // namespace

void answer_crashes(const HostView& host, Background& background, const Request& request, Responder responder) {
  const Result<Page> page = page_of(request);
  if (!page.ok()) return responder.fail(page.status());
  submit(background, std::move(responder),
         [crashes = host.crashes, page = *page](Responder to) { answer_list(crashes, page, std::move(to)); });
}

void answer_crash(const HostView& host, Background& background, const Request& request, Responder responder) {
  submit(background, std::move(responder), [crashes = host.crashes, id = request.capture("id")](Responder to) {
    answer_one(crashes, id, std::move(to));
  });
}

}  // namespace dormouse
