#include "components/call_frame.h"

#include <catch2/catch.hpp>
#include <stdexcept>

#include "values/value.h"

using namespace dormouse;
using namespace std::chrono_literals;
using Catch::Contains;

TEST_CASE("a plugin reads in its call who asks and until when and whether anybody waits") {
  CallOptions options;
  options.request_id = 4711;
  {
    const CallFrame frame(options);
    CHECK(frame.abi()->deadline_ns == INT64_MAX);
  }
  options.deadline = Time(7s);
  const CallFrame frame(options);
  const dm_call* call = frame.abi();
  CHECK(call->size == sizeof(dm_call));
  CHECK(call->request_id == 4711);
  CHECK(call->deadline_ns == 7'000'000'000);
  CHECK(call->cancelled(call) == 0);
  options.cancel.cancel();
  CHECK(call->cancelled(call) == 1);
}

TEST_CASE("progress reaches who asked for it and nobody else") {
  CallOptions options;
  {
    const CallFrame frame(options);
    frame.abi()->progress(frame.abi(), 1, 2, "rows");
  }
  std::string told;
  options.progress = [&](double done, double total, std::string_view what) {
    told += std::to_string(static_cast<int>(done)) + "/" + std::to_string(static_cast<int>(total)) + " " +
            std::string(what) + ";";
  };
  const CallFrame frame(options);
  frame.abi()->progress(frame.abi(), 1, 2, "rows");
  frame.abi()->progress(frame.abi(), 2, 2, nullptr);
  CHECK(told == "1/2 rows;2/2 ;");
}

TEST_CASE("a status of plugin.h becomes the host's with the reason that the plugin left") {
  const CallOptions options;
  const CallFrame frame(options);
  CHECK(frame.status(DM_OK, "component 'x', open").ok());
  CHECK(frame.status(DM_NOT_FOUND, "component 'x', open").to_string() == "component 'x', open: gave no reason");
  CHECK(frame.abi()->fail(frame.abi(), DM_NOT_FOUND, "no such row") == DM_NOT_FOUND);
  const Status status = frame.status(DM_NOT_FOUND, "component 'x', open");
  CHECK(status.code() == Code::not_found);
  CHECK(status.to_string() == "component 'x', open: no such row");
}

TEST_CASE("a number that is no status of plugin.h is a breach of the contract") {
  const CallOptions options;
  const CallFrame frame(options);
  for (const int32_t number : {-1, 2, 4711}) {
    const Status status = frame.status(number, "component 'x', open");
    CHECK(status.code() == Code::broken_contract);
    CHECK_THAT(status.to_string(), Contains("returned " + std::to_string(number)));
  }
}

TEST_CASE("an answer that the writer refused is told with the writer's reason") {
  const CallOptions options;
  const CallFrame frame(options);
  ValueWriter out;
  out.key("x");  // outside of a map
  const Status status = frame.status(DM_INVALID_ARGUMENT, "component 'x'", &out);
  CHECK(status.code() == out.mistake().code());
  CHECK_THAT(status.to_string(), Contains("its answer cannot be written: "));
  CHECK(frame.status(DM_NOT_FOUND, "component 'x'", &out).code() == Code::not_found);
}

TEST_CASE("a plugin's reason is cut at its bound between two characters") {
  const CallOptions options;
  const CallFrame frame(options);
  const auto told = [&](const std::string& reason) {
    frame.abi()->fail(frame.abi(), DM_INTERNAL, reason.c_str());
    return frame.status(DM_INTERNAL, "").error().message;
  };
  CHECK(told(std::string(5000, 'x')) == std::string(1000, 'x'));
  CHECK(told(std::string(998, 'x') + "\u00e9") == std::string(998, 'x') + "\u00e9");
  CHECK(told(std::string(998, 'x') + "\u00e9yz") == std::string(998, 'x') + "\u00e9");
  CHECK(told("\u00e9" + std::string(997, 'x') + "\u00e9yz") == "\u00e9" + std::string(997, 'x'));
  CHECK(told("\u00e9" + std::string(995, 'x') + "\u20ac\u20ac") == "\u00e9" + std::string(995, 'x') + "\u20ac");
  CHECK(told("\u00e9" + std::string(996, 'x') + "\u20ac\u20ac") == "\u00e9" + std::string(996, 'x'));
  CHECK(told("bad \xff bytes") == "bad ? bytes");
}

TEST_CASE("an exception of a plugin is a breach of its contract and no end of the host") {
  const Status named = guarded("component 'x', open", []() -> Status { throw std::runtime_error("boom"); });
  CHECK(named.code() == Code::broken_contract);
  CHECK_THAT(named.to_string(), Contains("component 'x', open") && Contains("boom"));
  const Status unnamed = guarded("component 'x', open", []() -> Status { throw 7; });
  CHECK(unnamed.code() == Code::broken_contract);
  CHECK_THAT(unnamed.to_string(), Contains("an exception of an unknown type"));
  CHECK(guarded("", [] { return Status(Code::busy, "its own"); }).code() == Code::busy);
}
