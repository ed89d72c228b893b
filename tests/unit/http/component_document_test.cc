#include "http/component_document.h"

#include <catch2/catch.hpp>

namespace dormouse {
namespace {

std::string text_of(const ComponentStatus& document) {
  JsonText out;
  write(out, document);
  return out.take();
}

using Catch::Contains;
using namespace std::chrono_literals;

}  // namespace

TEST_CASE("a component document has the promised fields") {
  ComponentStatus component;
  component.name = "nlu.language";
  component.state = State::ready;
  component.idle = 1500ms;
  component.unload_in = 2s;
  component.mapped_bytes = 7;
  const std::string text = text_of(component);
  for (const char* field :
       {"\"name\":\"nlu.language\"", "\"type\":", "\"plugin\":", "\"version\":", "\"state\":\"ready\"",
        "\"cause\":", "\"class\":\"unmap\"", "\"generation\":0", "\"leases\":0", "\"idle_ms\":1500",
        "\"unload_in_ms\":2000", "\"bytes\":{\"mapped\":7,", "\"heap\":", "\"returned\":", "\"last_error\":null"})
    CHECK_THAT(text, Contains(field));
}

TEST_CASE("a component that is not callable has no idle time") {
  ComponentStatus component;
  component.state = State::failed;
  component.unload_in = 2s;
  component.retry_in = 3s;
  component.last_error =
      Status(Error{.code = Code::load_failed, .message = "no model", .object = "nlu.intent", .remedy = "train it"});
  const std::string text = text_of(component);
  CHECK_THAT(text, Contains("\"idle_ms\":null"));
  CHECK_THAT(text, Contains("\"unload_in_ms\":null"));
  CHECK_THAT(text, Contains("\"retry_in_ms\":3000"));
  CHECK_THAT(
      text,
      Contains(R"("last_error":{"code":"load_failed","detail":"no model","object":"nlu.intent","remedy":"train it"})"));
}

}  // namespace dormouse
