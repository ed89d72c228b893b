#include "http/audit.h"

#include <catch2/catch.hpp>

#include "support/manual_clock.h"
#include "support/recorded_log.h"

namespace dormouse {
namespace {

Request refused_request() {
  Request request;
  request.method = "POST";
  request.path = "/v1/components/echo/unload";
  request.fields.push_back({"Authorization", "Bearer wrong"});
  return request;
}

TEST_CASE("a verb leaves a line with who asked and what came of it") {
  RecordedLog log;
  EventLog events(10);
  ManualClock clock;
  Audit(events, clock).acted("reload", "scripts", "SIGHUP", "done");
  CHECK(log.lines() ==
        std::vector<std::string>{"info audit scripts verb=reload role=admin token=local peer=SIGHUP outcome=done"});
}

TEST_CASE("a refused token is an event that does not show the token") {
  EventLog events(10);
  ManualClock clock;
  Audit(events, clock).token_refused(refused_request(), "127.0.0.1:5");
  const std::vector<Event> all = events.since(0);
  REQUIRE(all.size() == 1);
  CHECK(all[0].kind == "access.refused");
  CHECK(all[0].object == "control");
  std::string fields;
  for (const auto& [name, value] : all[0].fields) fields += name + "=" + value.text() + " ";
  CHECK(fields == "peer=127.0.0.1:5 method=POST path=/v1/components/echo/unload found=another token ");
}

TEST_CASE("refusals are told ten times a second and the rest is counted in the next one") {
  RecordedLog log;
  EventLog events(100);
  ManualClock clock;
  Audit audit(events, clock);
  for (int i = 0; i < 25; ++i) audit.token_refused(refused_request(), "p");
  CHECK(events.last_sequence() == 10);
  // Verbs that were refused are counted with them; those that were not are always told.
  audit.acted("unload", "echo", "p", "busy");
  CHECK(log.lines().empty());
  audit.acted("unload", "echo", "p", "done");
  CHECK(log.lines().size() == 1);
  clock.advance(std::chrono::seconds(1));
  audit.token_refused(refused_request(), "p");
  const std::vector<Event> all = events.since(10);
  REQUIRE(all.size() == 1);
  CHECK(all[0].fields.back().first == "refused_before");
  CHECK(all[0].fields.back().second == EventValue(16));
}

}  // namespace
}  // namespace dormouse
