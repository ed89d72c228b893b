#include "base/status.h"

#include "base/suggest.h"

namespace dormouse {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::ok:
      return "ok";
    case Code::cancelled:
      return "cancelled";
    case Code::invalid_argument:
      return "invalid_argument";
    case Code::deadline_exceeded:
      return "deadline_exceeded";
    case Code::not_found:
      return "not_found";
    case Code::resource_exhausted:
      return "resource_exhausted";
    case Code::failed_precondition:
      return "failed_precondition";
    case Code::internal:
      return "internal";
    case Code::unavailable:
      return "unavailable";
    case Code::data_loss:
      return "data_loss";
    case Code::busy:
      return "busy";
    case Code::load_failed:
      return "load_failed";
    case Code::broken_contract:
      return "broken_contract";
    case Code::overloaded:
      return "overloaded";
    case Code::queue_full:
      return "queue_full";
  }
  // A plugin may return any number; a word that is no code of ours must not look like one.
  return "unknown_code";
}

std::string remedy_text(const Error& error) {
  std::string text = near_sentence(error.near);
  if (!text.empty() && !error.remedy.empty()) text += " ";
  return text + error.remedy;
}

std::string Status::to_string() const {
  return to_string_within("");
}

std::string Status::to_string_within(std::string_view object) const {
  if (ok()) return "ok";
  const Error& e = *error_;
  std::string line = e.object.empty() || e.object == object ? e.message : e.object + ": " + e.message;
  if (!e.near.empty()) line += " (" + near_sentence(e.near) + ")";
  if (!e.needed.empty()) line += "; needed " + e.needed;
  if (!e.found.empty()) line += (e.needed.empty() ? "; found " : ", found ") + e.found;
  if (!e.remedy.empty()) line += "; " + e.remedy;
  return line;
}

}  // namespace dormouse
