#include "load/storm_host.h"

#include <signal.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace dormouse {
namespace {

// A sanitizer slows the loops down, and a late loop refuses requests, which is looked at elsewhere.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr const char* kLagLimit = "loop_lag_max: 60s, ";
#else
constexpr const char* kLagLimit = "";
#endif

constexpr auto kPatience = std::chrono::seconds(60);

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string config_text(const std::string& folder, uint16_t data, uint16_t control) {
  std::stringstream yaml;
  yaml << "host:\n"
       << "  state_dir: " << folder << "/state\n"
       << "  stop_grace: 10s\n"
       << "  data: {" << kLagLimit << "listen: \"127.0.0.1:" << data << "\"}\n"
       << "  control: {listen: \"127.0.0.1:" << control << "\", connections_max: 128}\n"
       << "plugins:\n  path: [" << DORMOUSE_LOAD_PLUGINS << ", " << DORMOUSE_PLUGINS << "]\n"
       << "scripts:\n  pipelines: [" << DORMOUSE_LOAD_SOURCE << "/pipelines]\n"
       << "  policies: [" << DORMOUSE_LOAD_SOURCE << "/policies]\n"
       << "components:\n";
  for (size_t i = 0; i < kStormComponents.size(); ++i)
    yaml << "  " << kStormComponents[i] << ": {plugin: canary-" << i << ", settings: {slot: " << i << "}}\n";
  yaml << "  monitor: {plugin: monitor}\n";
  yaml << "  " << kStormCache << ": {plugin: cache-memory}\n";
  return yaml.str();
}

}  // namespace

StormHost::StormHost() : data_port_(free_port()), control_port_(free_port()) {
  std::ofstream(folder_ / "config.yaml") << config_text(folder_.path(), data_port_, control_port_);
  child_.emplace(
      ChildProcess::start({DORMOUSE_BINARY, "run", "--config", folder_ / "config.yaml"}, {{}, folder_ / "output"}));
  const auto until = std::chrono::steady_clock::now() + kPatience;
  HttpAnswer answer;
  for (const uint16_t port : {data_port_, control_port_}) {
    HttpClient client(port, std::chrono::seconds(10));
    while (!client.exchange(http_request("GET", "/healthz"), answer).empty() || answer.status != 200) {
      if (!child_->running() || std::chrono::steady_clock::now() > until)
        throw std::runtime_error("the host does not serve:\n" + output());
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  std::string token = text_of(folder_ / "state/token");
  while (!token.empty() && token.back() == '\n') token.pop_back();
  authorization_ = "Authorization: Bearer " + token + "\r\n";
}

std::string StormHost::read(const std::string& target) const {
  HttpClient client(control_port_, std::chrono::seconds(30));
  HttpAnswer answer;
  const std::string mistake = client.exchange(http_request("GET", target, {}, authorization_), answer);
  if (!mistake.empty() || answer.status != 200)
    throw std::runtime_error("GET " + target + ": " + mistake + " " + std::to_string(answer.status) + answer.body);
  return answer.body;
}

std::optional<int> StormHost::stop() {
  child_->signal(SIGTERM);
  return child_->wait(kPatience);
}

std::string StormHost::output() const {
  return text_of(folder_ / "output");
}

std::string StormHost::canary_file(const std::string& component, const std::string& file) const {
  return text_of(folder_ / ("state/data/" + component + "/" + file));
}

}  // namespace dormouse
