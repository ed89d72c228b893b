// Both listeners on a real host.
#include <thread>

#include "host_fixture.h"

using namespace dormouse;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

const std::string kHello = R"({"text":"hello"})";

}  // namespace

// ---- data ----

TEST_CASE("a pipeline answers over HTTP and tells its times") {
  HostFixture host;
  const RawResponse first = host.data(post("/v1/pipelines/echo", kHello));
  CHECK(first.status == 200);
  CHECK(first.body == kHello);
  CHECK(first.headers.at("content-type") == "application/json");
  CHECK(first.headers.at("dormouse-request-id").size() == 16);
  CHECK_THAT(first.headers.at("server-timing"),
             Contains("echo;dur=") && Contains("echo-cold;dur=") && Contains("total;dur="));
  CHECK_FALSE(first.has("dormouse-degraded"));
  const RawResponse second = host.data(post("/v1/pipelines/echo", kHello));
  CHECK_THAT(second.headers.at("server-timing"), !Contains("-cold"));
  CHECK(second.headers.at("dormouse-request-id") != first.headers.at("dormouse-request-id"));
}

TEST_CASE("a stage that fell back makes the answer degraded") {
  HostFixture host;
  const RawResponse response = host.data(post("/v1/pipelines/fallback", kHello));
  CHECK(response.status == 200);
  CHECK(response.body == R"({"text":"instead"})");
  CHECK(response.headers.at("dormouse-degraded") == "fails=fallback");
}

TEST_CASE("what curl -d sends is taken as JSON and other types are 415") {
  HostFixture host;
  const auto with = [&](const std::string& type) {
    return host.data(post("/v1/pipelines/echo", kHello, "Content-Type: " + type + "\r\n")).status;
  };
  CHECK(with("application/x-www-form-urlencoded") == 200);
  CHECK(with("application/json; charset=utf-8") == 200);
  CHECK(with("text/plain") == 415);
  CHECK(with("application/octet-stream") == 400);  // this pipeline does not take one bytes value
}

TEST_CASE("a compressed body is 415 and the answer names the header") {
  HostFixture host;
  const RawResponse gzip = host.data(post("/v1/pipelines/echo", kHello, "Content-Encoding: gzip\r\n"));
  CHECK(gzip.status == 415);
  CHECK(gzip.headers.at("content-type") == "application/problem+json");
  const Document problem(gzip);
  CHECK(problem.text("code") == "unsupported_media_type");
  CHECK(problem.text("object") == "header Content-Encoding");
  CHECK_THAT(gzip.body, Contains("gzip") && Contains("send the body as it is"));
  CHECK(host.data(post("/v1/pipelines/echo", kHello, "Content-Encoding: identity\r\n")).status == 200);
}

TEST_CASE("a body with a byte order mark is taken as the JSON behind it") {
  HostFixture host;
  const RawResponse marked = host.data(post("/v1/pipelines/echo", "\xef\xbb\xbf" + kHello));
  CHECK(marked.status == 200);
  CHECK(marked.body == kHello);
}

TEST_CASE("plain bytes go to a pipeline of exactly one bytes input") {
  HostFixture host;
  const RawResponse response =
      host.data(post("/v1/pipelines/blob", "abc", "Content-Type: application/octet-stream\r\n"));
  CHECK(response.status == 200);
  CHECK(response.body == R"({"data":{"$bytes":"YWJj"}})");
}

TEST_CASE("a request that does not fit its pipeline is 400 with the place") {
  HostFixture host;
  const RawResponse response = host.data(post("/v1/pipelines/echo", R"({"text":1})"));
  CHECK(response.status == 400);
  CHECK(response.headers.at("content-type") == "application/problem+json");
  CHECK(response.has("dormouse-request-id"));
  const Document problem(response);
  CHECK(problem.text("detail") == "/text: expected string, found number");
  CHECK(problem.text("code") == "invalid_argument");
  CHECK(problem.text("object") == "/text");
  CHECK(host.data(post("/v1/pipelines/echo", kHello, "Request-Timeout: soon\r\n")).status == 400);
}

TEST_CASE("an unknown pipeline is 404 and a near one is named") {
  HostFixture host;
  const RawResponse response = host.data(post("/v1/pipelines/ecko", kHello));
  CHECK(response.status == 404);
  CHECK(Document(response).text("remedy") == "did you mean 'echo'?");
  CHECK(Document(response).text("title") == "Not found");
}

TEST_CASE("there is no administrative verb on the data listener") {
  HostFixture host;
  for (const char* path : {"/v1/components/echo/load", "/v1/scripts/reload", "/v1/plugins/scan"})
    CHECK(host.data(post(path, "", HostFixture::kToken)).status == 404);
  for (const char* path : {"/v1/status", "/v1/components", "/v1/memory", "/openapi.json"})
    CHECK(host.data(get(path)).status == 404);
}

TEST_CASE("beyond the requests allowed at once the answer is 503 at once") {
  DataOptions options;
  options.concurrent_max = 0;
  HostFixture host(options);
  const RawResponse response = host.data(post("/v1/pipelines/echo", kHello));
  CHECK(response.status == 503);
  CHECK(response.headers.at("retry-after") == "1");
  CHECK(Document(response).text("code") == "overloaded");
}

TEST_CASE("admission counts running requests and not answered ones") {
  DataOptions options;
  options.concurrent_max = 1;
  HostFixture host(options);
  RawClient client(host.http->data_address());
  for (int i = 0; i < 50; ++i) CHECK(client.ask(post("/v1/pipelines/echo", kHello)).status == 200);
}

TEST_CASE("a late host refuses requests by how long they waited and says it") {
  DataOptions options;
  options.limits.loop_lag_max = 10ms;
  HostFixture host(options);
  std::mutex mutex;
  RawResponse refused;
  std::atomic<bool> found{false};
  std::vector<std::thread> clients;
  const auto end = std::chrono::steady_clock::now() + 20s;
  for (int i = 0; i < 24; ++i) {
    clients.emplace_back([&] {
      RawClient client(host.http->data_address());
      while (!found && std::chrono::steady_clock::now() < end) {
        RawResponse response = client.ask(post("/v1/pipelines/burn", "{}"));
        const std::lock_guard lock(mutex);
        if (response.status != 503 || found.exchange(true)) continue;
        refused = std::move(response);
      }
    });
  }
  for (std::thread& client : clients) client.join();
  REQUIRE(refused.status == 503);
  CHECK(refused.has("retry-after"));
  CHECK_THAT(Document(refused).text("detail"), Contains("waited too long"));
  CHECK_THAT(refused.headers.at("server-timing"), Catch::StartsWith("unread;dur="));
}

TEST_CASE("health is 200 and readiness follows the host on both listeners") {
  HostFixture host;
  for (const bool data : {true, false}) {
    const auto ask = [&](const char* path) { return data ? host.data(get(path)) : host.control(get(path)); };
    host.ready = true;
    CHECK(ask("/healthz").status == 200);
    CHECK(ask("/readyz").status == 200);
    host.ready = false;
    CHECK(ask("/healthz").status == 200);
    const RawResponse response = ask("/readyz");
    CHECK(response.status == 503);
    CHECK_THAT(Document(response).text("detail"), Contains("still loading"));
  }
}

TEST_CASE("many clients on all reactors get their own answers") {
  HostFixture host;
  std::vector<std::thread> clients;
  std::atomic<int> good{0};
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] {
      RawClient client(host.http->data_address());
      for (int j = 0; j < 100; ++j) {
        const std::string body = "{\"text\":\"" + std::to_string(i * 1000 + j) + "\"}";
        if (client.ask(post("/v1/pipelines/echo", body)).body == body) ++good;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(good == 800);
}

// ---- control: reads ----

TEST_CASE("a component reads absent until its first request and reading does not load it") {
  HostFixture host;
  for (int i = 0; i < 3; ++i) {
    const Document list(host.control(get("/v1/components")));
    CHECK(list.text("components.0.name") == "echo");
    CHECK(list.text("components.0.state") == "absent");
  }
  host.control(get("/v1/status"));
  host.control(get("/v1/memory"));
  host.control(get("/v1/plugins"));
  host.control(get("/v1/pipelines/echo"));
  CHECK(Document(host.control(get("/v1/components/echo"))).number("generation") == 0);
  host.data(post("/v1/pipelines/echo", kHello));
  const Document one(host.control(get("/v1/components/echo")));
  CHECK(one.text("state") == "ready");
  CHECK(one.number("generation") == 1);
  CHECK(one.number("leases") == 0);
  CHECK(one.number("idle_ms") >= 0);
  CHECK(one.number("unload_in_ms") > 0);
  CHECK(one.number("bytes.mapped") > 0);
  CHECK(one.text("plugin") == "echo");
  CHECK(one.text("version") == "1.0.0");
  CHECK(dm_kind(one.at("last_error")) == DM_NULL);
}

TEST_CASE("reading a component does not reset its idle clock") {
  HostFixture host;
  host.data(post("/v1/pipelines/echo", kHello));
  int64_t last = -1;
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(20ms);
    const int64_t idle = Document(host.control(get("/v1/components/echo"))).number("idle_ms");
    CHECK(idle > last);
    last = idle;
  }
  CHECK(last >= 60);
}

TEST_CASE("the status says how the host is") {
  HostFixture host;
  const Document status(host.control(get("/v1/status")));
  CHECK(status.text("version") == "0.1.0");
  CHECK(status.flag("ready"));
  CHECK(status.number("uptime_ms") >= 0);
  CHECK(status.number("generation") == 1);
  CHECK(status.number("in_flight") == 0);
  CHECK(status.number("components.total") == 2);
  CHECK(status.number("components.absent") == 2);
}

TEST_CASE("pipelines are listed with their types and stages") {
  HostFixture host;
  const Document one(host.control(get("/v1/pipelines/echo")));
  CHECK(one.text("input") == "{text: string, user: string?}");
  CHECK(one.text("stages.0.component") == "echo");
  CHECK(one.text("components.0") == "echo");
  CHECK(Document(host.control(get("/v1/pipelines"))).has("pipelines.2"));
  CHECK(host.control(get("/v1/pipelines/nothing")).status == 404);
}

TEST_CASE("plugins are listed and scanned") {
  HostFixture host;
  // All of the build's plugins lie in one folder, so that this one's place in the list is not its test's matter.
  const auto lists_echo = [](const Document& list) {
    for (size_t i = 0; list.has("plugins." + std::to_string(i)); ++i) {
      const std::string at = "plugins." + std::to_string(i);
      if (list.text(at + ".id") == "echo") return list.flag(at + ".usable") && list.text(at + ".types.0") == "echo";
    }
    return false;
  };
  CHECK(lists_echo(Document(host.control(get("/v1/plugins")))));
  CHECK(lists_echo(Document(host.control(post("/v1/plugins/scan", "", HostFixture::kToken)))));
}

TEST_CASE("memory is told for the process and each component") {
  HostFixture host;
  host.data(post("/v1/pipelines/echo", kHello));
  for (const char* path : {"/v1/memory", "/api/admin/memory-stats"}) {
    const Document memory(host.control(get(path)));
    CHECK(memory.number("process.resident") > 1'000'000);
    CHECK(memory.text("components.0.name") == "echo");
    CHECK(memory.number("total.mapped") > 0);
  }
}

TEST_CASE("unknown names and parameters are refused with a suggestion") {
  HostFixture host;
  const RawResponse unknown = host.control(get("/v1/components/ecko"));
  CHECK(unknown.status == 404);
  CHECK(Document(unknown).text("remedy") == "did you mean 'echo'?");
  const RawResponse parameter = host.control(post("/v1/components/echo/load?dryrun=1", "", HostFixture::kToken));
  CHECK(parameter.status == 400);
  CHECK(Document(parameter).text("remedy") == "did you mean 'dry_run'?");
  for (const char* query : {"wait=-1", "wait=x", "wait=999999999", "dry_run=maybe"})
    CHECK(host.control(post(std::string("/v1/components/echo/load?") + query, "", HostFixture::kToken)).status == 400);
}

TEST_CASE("attention lists what failed and what a verb pinned with the command that ends it") {
  HostFixture host;
  CHECK_FALSE(Document(host.control(get("/v1/status"))).has("attention.0"));
  host.control(post("/v1/components/echo/pin?reason=ticket%207", "", HostFixture::kToken));
  host.control(post("/v1/components/broken/load", "", HostFixture::kToken));
  const Document status(host.control(get("/v1/status")));
  CHECK(status.text("attention.0.kind") == "pinned");
  CHECK(status.text("attention.0.object") == "echo");
  CHECK(status.text("attention.0.by") == "local");
  CHECK(status.text("attention.0.reason") == "ticket 7");
  CHECK(status.text("attention.0.command") == "dormouse ctl unpin echo");
  CHECK(status.text("attention.1.kind") == "failed");
  CHECK_FALSE(status.text("attention.1.since").empty());
  CHECK(host.metrics.value("dormouse_attention", {{"kind", "pinned"}}) == 1);
  CHECK(host.metrics.value("dormouse_attention", {{"kind", "failed"}}) == 1);
  host.control(post("/v1/components/echo/unpin", "", HostFixture::kToken));
  CHECK(host.metrics.value("dormouse_attention", {{"kind", "pinned"}}) == 0);
}

// ---- control: verbs ----

TEST_CASE("a verb leaves an event that names who asked and why") {
  HostFixture host;
  const auto verb = [&](const std::string& what) {
    return host.control(post("/v1/components/echo/" + what, "", HostFixture::kToken)).status;
  };
  CHECK(verb("pin?reason=ticket%207&dry_run=1") == 200);
  CHECK_FALSE(Document(host.control(get("/v1/events?format=json&kind=component.pinned"))).has("events.0"));
  CHECK(verb("pin?reason=ticket%207") == 200);
  CHECK(verb("pin?reason=again") == 200);
  CHECK(verb("load?reason=warm") == 200);
  const Document pinned(host.control(get("/v1/events?format=json&kind=component.pinned")));
  CHECK(pinned.text("events.0.object") == "echo");
  CHECK(pinned.text("events.0.actor") == "local");
  CHECK(pinned.text("events.0.request").size() == 16);
  CHECK(pinned.text("events.0.fields.reason") == "ticket 7");
  CHECK_FALSE(pinned.has("events.1"));  // said twice, the second time changed nothing
  const Document ready(host.control(get("/v1/events?format=json&kind=component.ready&object=echo")));
  CHECK(ready.text("events.0.actor") == "local");
  CHECK(ready.text("events.0.fields.reason") == "warm");
  CHECK(ready.number("events.0.fields.generation") == 1);
  CHECK(verb("unpin?reason=" + std::string(201, 'x')) == 400);
}

TEST_CASE("verbs of the host and of scripts answer in one shape") {
  HostFixture host;
  for (const char* path :
       {"/v1/host/reload?dry_run=1", "/v1/scripts/reload?dry_run=1", "/v1/host/reload?only=scripts&wait=30s",
        "/v1/plugins/scan?dry_run=1", "/v1/components/echo/load"}) {
    INFO(path);
    const RawResponse response = host.control(post(path, "", HostFixture::kToken));
    CHECK(response.status == 200);
    const Document answer(response);
    for (const char* member : {"verb", "object", "changed", "dry_run", "explanation"}) CHECK(answer.has(member));
  }
  CHECK(host.control(post("/v1/host/reload?only=config", "", HostFixture::kToken)).status == 400);
  CHECK(host.control(post("/v1/host/reload?wait=soon", "", HostFixture::kToken)).status == 400);
}

TEST_CASE("a dry run of a scan finds what a scan would and keeps nothing") {
  HostFixture host;
  const char* scans = "/v1/events?format=json&kind=plugins.*";
  const Document dry(host.control(post("/v1/plugins/scan?dry_run=1", "", HostFixture::kToken)));
  CHECK(dry.number("files") > 0);
  CHECK_FALSE(Document(host.control(get(scans))).has("events.0"));
  const Document real(host.control(post("/v1/plugins/scan", "", HostFixture::kToken)));
  CHECK(real.number("files") == dry.number("files"));
  CHECK(Document(host.control(get(scans))).number("events.0.fields.files") == dry.number("files"));
  CHECK_FALSE(Document(host.control(post("/v1/plugins/scan", "", HostFixture::kToken))).flag("changed"));
}

TEST_CASE("a refusal names its request and when to come back") {
  HostFixture host;
  const Document problem(host.control(post("/v1/components/broken/load", "", HostFixture::kToken)));
  CHECK(problem.text("request").size() == 16);
  CHECK(problem.number("retry_after_ms") == 5000);
  CHECK_FALSE(Document(host.control(get("/v1/components/ecko"))).has("retry_after_ms"));
}

TEST_CASE("every changing verb needs the token and of the reads only those that show requests do") {
  HostFixture host;
  const Document api(host.control(get("/openapi.json")));
  const dm_value paths = api.at("paths");
  unsigned verbs = 0;
  dm_string_view path{};
  dm_value item{};
  for (uint32_t i = 0; dm_map_at(paths, i, &path, &item); ++i) {
    std::string target(path.data, path.size);
    if (target == "/v1/pipelines/{name}" || target == "/v1/events") continue;
    if (const size_t name = target.find("{name}"); name != std::string::npos) target.replace(name, 6, "echo");
    if (const size_t id = target.find("{id}"); id != std::string::npos) target.replace(id, 4, "echo");
    INFO(target);
    if (dm_map_get(item, "post").node) {
      CHECK(host.control(post(target, "")).status == 401);
      CHECK(host.control(post(target, "", "Authorization: Bearer test-token2\r\n")).status == 401);
      ++verbs;
    }
    // This host has no component that shows metrics, and no cache.
    const bool missing = target == "/metrics" || target == "/v1/caches/echo" || target == "/v1/operations/echo";
    const bool shows_requests = target.starts_with("/v1/crashes");
    if (dm_map_get(item, "get").node)
      CHECK(host.control(get(target)).status == (missing ? 404 : shows_requests ? 401 : 200));
  }
  CHECK(verbs == 14);
}

TEST_CASE("verbs load and unload a component and carry its generation") {
  HostFixture host;
  const auto verb = [&](const std::string& what) {
    return host.control(post("/v1/components/echo/" + what, "", HostFixture::kToken));
  };
  const Document dry(verb("load?dry_run=1"));
  CHECK(dry.flag("dry_run"));
  CHECK(dry.text("component.state") == "absent");
  const Document loaded(verb("load?wait=5000"));
  CHECK(loaded.flag("changed"));
  CHECK(loaded.number("generation") == 1);
  CHECK(loaded.text("component.state") == "ready");
  CHECK_FALSE(Document(verb("load")).flag("changed"));
  CHECK(Document(verb("pin")).flag("component.pinned"));
  CHECK_FALSE(Document(verb("unpin")).flag("component.pinned"));
  CHECK(verb("trim").status == 200);
  CHECK(Document(verb("park")).text("component.state") == "parked");
  const Document unloaded(verb("unload?wait=5000"));
  CHECK_FALSE(unloaded.text("explanation").empty());
}

TEST_CASE("a component that cannot be loaded is 503 with the cause and when to come back") {
  HostFixture host;
  const RawResponse response = host.control(post("/v1/components/broken/load", "", HostFixture::kToken));
  CHECK(response.status == 503);
  CHECK(response.has("retry-after"));
  const Document problem(response);
  CHECK(problem.text("code") == "load_failed");
  CHECK(problem.text("component.state") == "failed");
  CHECK_FALSE(problem.text("component.last_error.detail").empty());
}

TEST_CASE("scripts are reloaded and rolled back by generation") {
  HostFixture host;
  const auto change = [&](const std::string& what) {
    return host.control(post("/v1/scripts/" + what, "", HostFixture::kToken));
  };
  const Document dry(change("reload?dry_run=1"));
  CHECK_FALSE(dry.flag("changed"));
  CHECK(dry.number("generation") == 2);
  CHECK(Document(host.control(get("/v1/status"))).number("generation") == 1);
  CHECK(change("rollback").status == 409);
  CHECK(change("rollback?dry_run=1").status == 409);
  const std::string added = host.scripts() / "added.lua";
  REQUIRE(write_file_atomically(added, "return require('dormouse').pipeline('added', { output = {} })", 0600).ok());
  const Document reloaded(change("reload"));
  CHECK(reloaded.flag("changed"));
  CHECK(reloaded.number("generation") == 2);
  CHECK(reloaded.text("changes.0") == added + " is new");
  CHECK(Document(change("rollback?dry_run=1")).number("generation") == 3);
  const Document back(change("rollback"));
  CHECK(back.number("generation") == 3);
  CHECK(back.number("text_of") == 1);
  CHECK(back.text("unlike_disk") == added + " is new");
  CHECK(host.data(post("/v1/pipelines/added", "{}")).status == 404);
}

TEST_CASE("a script with a fault changes nothing and every fault is told") {
  HostFixture host;
  REQUIRE(write_file_atomically(host.scripts() / "echo.lua", "return nothing.at.all(", 0600).ok());
  const RawResponse refused = host.control(post("/v1/scripts/reload", "", HostFixture::kToken));
  CHECK(refused.status == 409);
  const Document problem(refused);
  CHECK(problem.text("code") == "failed_precondition");
  CHECK_THAT(problem.text("errors.0.file"), Contains("echo.lua"));
  CHECK_FALSE(problem.text("errors.0.message").empty());
  CHECK(host.data(post("/v1/pipelines/echo", kHello)).status == 200);
}

TEST_CASE("control answers while the data side has all its connections taken") {
  DataOptions options;
  options.limits.connections_max = 4;
  HostFixture host(options);
  std::vector<std::unique_ptr<RawClient>> held;
  for (int i = 0; i < 40; ++i) {
    held.push_back(std::make_unique<RawClient>(host.http->data_address()));
    held.back()->send("GET /");
  }
  CHECK(host.control(get("/v1/components")).status == 200);
}

TEST_CASE("a taken control port refuses the start and frees the other") {
  HostFixture host;
  Reactor control(7), data(8);
  HostView view{*host.registry, *host.engine, host.events, host.metrics, host.clock, {}, "", "", {}};
  DataOptions data_options;
  data_options.listen = "127.0.0.1:0";
  ControlOptions control_options;
  control_options.listen = host.http->control_address();
  const auto second = HttpHost::start(data_options, control_options, view, {&data}, control);
  REQUIRE_FALSE(second.ok());
  CHECK_THAT(second.status().error().object, Contains("control listener"));
}

TEST_CASE("the routes of a host without a token let nobody change anything") {
  HostFixture host;
  CHECK(host.control(post("/v1/plugins/scan", "", "Authorization: Bearer \r\n")).status == 401);
}

TEST_CASE("metrics without a component that shows them say what to configure") {
  HostFixture host;
  const RawResponse response = host.control(get("/metrics"));
  CHECK(response.status == 404);
  CHECK_THAT(response.body, Contains("monitor: {plugin: monitor}"));
  CHECK(host.control(get("/metrics?what=1")).status == 400);
  CHECK(host.data(get("/metrics")).status == 404);
}

TEST_CASE("clients see who failed and neither files nor lines") {
  HostFixture host;
  REQUIRE(write_file_atomically(host.scripts() / "boom.lua",
                                "local dm = require 'dormouse'\n"
                                "return { dm.pipeline('boom', { dm.stage('f', { run = function() error('no luck') end "
                                "}), output = dm.ref.f }),\n"
                                "dm.pipeline('cold', { dm.stage('f', { run = function(ctx) return ctx:call('broken') "
                                "end }), output = dm.ref.f }) }",
                                0600)
              .ok());
  REQUIRE(host.engine->load(false).errors.empty());
  const RawResponse script = host.data(post("/v1/pipelines/boom", "{}"));
  CHECK(script.status == 500);
  const Document problem(script);
  CHECK(problem.text("title") == "A script failed");
  CHECK(problem.text("detail") == "stage boom/f: no luck");
  CHECK_THAT(script.body, !Contains(host.scripts().path()) && !Contains(".lua"));
  const RawResponse cold = host.data(post("/v1/pipelines/cold", "{}"));
  CHECK(cold.status == 503);
  CHECK(Document(cold).text("code") == "load_failed");
  CHECK_THAT(cold.body, !Contains(DORMOUSE_PLUGINS) && !Contains(".lua"));
}
