#include "components/load_failure.h"

#include <catch2/catch.hpp>

using namespace dormouse;

TEST_CASE("a failed load names the component and keeps what was needed and found and what to do") {
  const Error failed = as_load_failure("nlu", {.code = Code::data_loss,
                                               .message = "is truncated",
                                               .object = "plugin file /p/nlu.so",
                                               .needed = "4096 bytes",
                                               .found = "100",
                                               .remedy = "copy it again"});
  CHECK(failed.code == Code::load_failed);
  CHECK(Status(failed).to_string() ==
        "component 'nlu': could not be loaded: plugin file /p/nlu.so: is truncated; needed 4096 bytes, found 100; "
        "copy it again");
}

TEST_CASE("what failed in the component itself names it once") {
  const auto text = [](const std::string& object) {
    return Status(as_load_failure("nlu", {.message = "gave no reason", .object = object})).to_string();
  };
  CHECK(text("component 'nlu', open") == "component 'nlu': could not be loaded: open: gave no reason");
  CHECK(text("component 'nlu'") == "component 'nlu': could not be loaded: gave no reason");
  CHECK(text("") == "component 'nlu': could not be loaded: gave no reason");
}
