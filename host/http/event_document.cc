#include "http/event_document.h"

#include "http/document_parts.h"
#include "http/pipeline_request.h"

namespace dormouse {

void write(JsonText& out, const Event& event) {
  out.begin_object();
  out.member("sequence", event.sequence);
  out.member("at", utc_text(event.at));
  out.member("kind", event.kind);
  out.member("object", event.object);
  out.member("cause", event.cause);
  const auto text_or_null = [&](std::string_view name, const std::string& text) {
    text.empty() ? out.key(name).null() : out.member(name, text);
  };
  text_or_null("actor", event.actor.name);
  text_or_null("request", event.actor.request ? request_id_text(event.actor.request) : "");
  out.key("fields").begin_object();
  for (const auto& [name, fact] : event.fields)
    fact.visit([&, &key = name](const auto& value) { out.member(key, value); });
  if (!event.actor.reason.empty()) out.member("reason", event.actor.reason);
  out.end_object();
  out.end_object();
}

}  // namespace dormouse
