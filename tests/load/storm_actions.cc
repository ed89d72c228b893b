#include "load/storm_actions.h"

#include <algorithm>
#include <boost/json.hpp>

namespace dormouse {
namespace {

constexpr auto kPatience = std::chrono::seconds(60);  // an answer later than this is none
constexpr size_t kMistakesMax = 20;

// Whether body, type and status agree with each other.
std::string malformed(const HttpAnswer& answer) {
  const auto type = answer.headers.find("content-type");
  if (type == answer.headers.end()) return "no content type";
  if (type->second.rfind("text/", 0) == 0) return answer.body.empty() ? "empty text" : "";
  boost::system::error_code error;
  const boost::json::value body = boost::json::parse(answer.body, error);
  if (error) return "not JSON: " + answer.body;
  if (answer.status < 400) return type->second.rfind("application/json", 0) == 0 ? "" : "type " + type->second;
  if (type->second.rfind("application/problem+json", 0) != 0) return "problem of type " + type->second;
  const boost::json::object* problem = body.if_object();
  if (!problem || !problem->contains("code") || !problem->contains("detail") || !problem->contains("status") ||
      problem->at("status") != answer.status)
    return "not a problem of RFC 9457: " + answer.body;
  return {};
}

// What a change may be answered with. Slowed down by a sanitizer, the one background thread falls behind 64 clients,
// and a change beyond its bounded queue is refused with 503.
std::vector<int> change_answers(std::vector<int> statuses) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  statuses.push_back(503);
#endif
  return statuses;
}

}  // namespace

void StormTally::add(const StormTally& other) {
  for (const auto& [action, counts] : other.statuses)
    for (const auto& [status, count] : counts) statuses[action][status] += count;
  cancelled += other.cancelled;
  for (const std::string& mistake : other.mistakes)
    if (mistakes.size() < kMistakesMax) mistakes.push_back(mistake);
}

uint64_t StormTally::answers(const std::string& action, int status) const {
  const auto counts = statuses.find(action);
  if (counts == statuses.end()) return 0;
  const auto count = counts->second.find(status);
  return count == counts->second.end() ? 0 : count->second;
}

std::string StormTally::to_string() const {
  std::string text;
  for (const auto& [action, counts] : statuses) {
    text += action + ":";
    for (const auto& [status, count] : counts) text += " " + std::to_string(status) + " x " + std::to_string(count);
    text += "\n";
  }
  return text + "left in the middle: " + std::to_string(cancelled) + "\n";
}

StormClient::StormClient(const StormHost& host, unsigned seed)
    : host_(host),
      seed_(seed),
      random_(seed),
      data_(host.data_port(), kPatience),
      control_(host.control_port(), kPatience) {}

void StormClient::complain(const std::string& action, const std::string& mistake) {
  if (tally_.mistakes.size() < kMistakesMax) tally_.mistakes.push_back(action + ": " + mistake);
}

HttpAnswer StormClient::exchange(HttpClient& client, const std::string& action, const std::string& request,
                                 const std::vector<int>& allowed) {
  HttpAnswer answer;
  std::string mistake = client.exchange(request, answer);
  if (mistake.empty()) mistake = malformed(answer);
  if (!mistake.empty()) {
    complain(action, mistake);
    return {};
  }
  ++tally_.statuses[action][answer.status];
  if (std::find(allowed.begin(), allowed.end(), answer.status) == allowed.end())
    complain(action, "status " + std::to_string(answer.status) + " " + answer.body);
  return answer;
}

std::string StormClient::nonce() {
  return "client " + std::to_string(seed_) + " request " + std::to_string(++requests_);
}

void StormClient::act() {
  const unsigned dice = below(1000);
  if (dice < 450) return call_pipeline();
  if (dice < 690) return call_remembered();
  if (dice < 700) return purge();
  if (dice < 750) return leave_in_the_middle();
  if (dice < 875) return ask_verb();
  if (dice < 890) return scrape();
  if (dice < 900) return pin_and_unpin();
  if (dice < 998) return read_something();
  reload_scripts();
}

// A component that goes away under a request, or is on its way, must not be seen: the request waits or is first.
void StormClient::call_pipeline() {
  const std::string text = nonce();
  const HttpAnswer answer =
      exchange(data_, "pipeline", http_request("POST", "/v1/pipelines/storm", "{\"text\":\"" + text + "\"}"), {200});
  if (answer.status != 200) return;
  const boost::json::value body = boost::json::parse(answer.body);
  if (body.at("text").as_string() != text || body.at("again").as_string() != text)
    complain("pipeline", "the answer to another request: " + answer.body);
}

// Few texts for many clients: most are answered from the cache, or by a call that others wait for as well.
std::string StormClient::common_text() {
  return "text " + std::to_string(below(20));
}

void StormClient::call_remembered() {
  const std::string text = common_text();
  const HttpAnswer answer = exchange(
      data_, "remembered", http_request("POST", "/v1/pipelines/remembered", "{\"text\":\"" + text + "\"}"), {200});
  if (answer.status == 200 && boost::json::parse(answer.body).at("text").as_string() != text)
    complain("remembered", "the answer to another request: " + answer.body);
}

void StormClient::purge() {
  const std::string tag = below(2) ? "?tag=all" : below(2) ? "?tag=text%207" : "";
  exchange(control_, "purge", http_request("POST", "/v1/caches/storm/purge" + tag, {}, host_.authorization()),
           change_answers({200}));
}

void StormClient::leave_in_the_middle() {
  const std::string request =
      below(2) ? http_request("POST", "/v1/pipelines/storm", "{\"text\":\"" + nonce() + "\"}")
               : http_request("POST", "/v1/pipelines/remembered", "{\"text\":\"" + common_text() + "\"}");
  HttpClient client(host_.data_port(), kPatience);
  std::string mistake = client.connect();
  const size_t sent = below(4) == 0 ? below(static_cast<unsigned>(request.size())) : request.size();
  if (mistake.empty()) mistake = client.send(std::string_view(request).substr(0, sent));
  if (!mistake.empty()) return complain("leave", mistake);
  below(2) ? client.abort() : client.close();
  ++tally_.cancelled;
}

std::string StormClient::verb(const std::string& name, const std::string& query) {
  const char* target = below(4) == 0 ? kStormCache : component();
  return http_request("POST", std::string("/v1/components/") + target + "/" + name + query, {}, host_.authorization());
}

// 202: it did not end within its wait and goes on.
void StormClient::ask_verb() {
  static constexpr const char* kVerbs[] = {"load", "unload", "unload", "trim", "park", "reload"};
  static constexpr const char* kQueries[] = {"", "", "?wait=5000", "?wait=1", "?dry_run=1"};
  const std::string name = kVerbs[below(6)], query = kQueries[below(5)];
  exchange(control_, name + (query.empty() ? "" : query), verb(name, query), change_answers({200, 202, 409}));
}

// Beside loads, reloads of scripts, and unloads of what renders the answer. 503: as many scrapes as may run at once do.
void StormClient::scrape() {
  if (below(4) == 0) {
    const std::string verb = std::string("/v1/components/monitor/") + (below(2) ? "unload" : "reload?wait=1000");
    exchange(control_, "monitor", http_request("POST", verb, {}, host_.authorization()),
             change_answers({200, 202, 409}));
  }
  const HttpAnswer answer = exchange(control_, "scrape", http_request("GET", "/metrics"), {200, 503});
  if (answer.status == 200 && answer.body.find("dormouse_stage_outcomes_total{") == std::string::npos)
    complain("scrape", "no stage is in it");
}

void StormClient::pin_and_unpin() {
  const std::string target = std::string("/v1/components/") + component();
  for (const char* name : {"/pin", "/unpin"})
    exchange(control_, name + 1, http_request("POST", target + name, {}, host_.authorization()), {200});
}

void StormClient::read_something() {
  static constexpr const char* kTargets[] = {"/v1/status", "/v1/components", "/v1/plugins",
                                             "/v1/memory", "/v1/pipelines",  "/v1/components/storm.second",
                                             "/readyz",    "/v1/caches",     "/v1/caches/storm"};
  const std::string target = kTargets[below(9)];
  exchange(control_, "GET " + target, http_request("GET", target, {}, host_.authorization()), {200});
}

// 409: too many generations are alive, because requests still run on the older ones.
void StormClient::reload_scripts() {
  const std::string target = below(2) ? "/v1/scripts/reload" : "/v1/scripts/reload?dry_run=1";
  exchange(control_, "reload", http_request("POST", target, {}, host_.authorization()), change_answers({200, 409}));
}

}  // namespace dormouse
