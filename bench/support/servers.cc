#include "support/servers.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "support/live/http_client.h"
#include "support/report.h"

namespace dormouse::bench {
namespace {

using std::chrono::steady_clock;

constexpr auto kStartPatience = std::chrono::seconds(30);
constexpr timespec kPollEvery{0, 50'000};  // finer than what is measured, and the core stays the server's

std::string fresh_folder(const std::string& name) {
  const std::string path = bench_folder() + "/" + name;
  std::filesystem::remove_all(path);
  std::filesystem::create_directories(path);
  return path;
}

std::string file_text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) throw std::runtime_error("cannot read " + path);
  return text.str();
}

std::string line_of(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) throw std::runtime_error("cannot read " + path);
  return line;
}

void write_text(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

void replace_all(std::string& text, const std::string& what, const std::string& with) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
}

std::string yaml_list(const std::vector<std::string>& items) {
  return fmt::format("[{}]", fmt::join(items, ", "));
}

double number_after(const std::string& text, const std::string& label) {
  const size_t at = text.find(label);
  if (at == std::string::npos) throw std::runtime_error("no '" + label + "' in:\n" + text);
  return std::strtod(text.c_str() + at + label.size(), nullptr);
}

// "1.73ms", "850.00us", "1.20s"
double milliseconds_after(const std::string& text, const std::string& label) {
  const double number = number_after(text, label);
  const std::string rest = text.substr(text.find(label) + label.size(), 24);
  if (rest.find("us") != std::string::npos) return number / 1000;
  return rest.find("ms") != std::string::npos ? number : number * 1000;
}

}  // namespace

ServerPlan plan_dormouse(const DormouseSetup& setup) {
  const std::string folder = fresh_folder(setup.name);
  ServerPlan plan;
  plan.name = setup.name;
  plan.port = free_port();
  plan.health = "/healthz";
  plan.log = folder + "/log";
  plan.environment = setup.environment;
  uint16_t control = free_port();
  while (control == plan.port) control = free_port();
  std::string yaml = fmt::format(
      "host:\n  state_dir: {}/state\n  log: {{level: warn}}\n  data: {{listen: 127.0.0.1:{}}}\n"
      "  control: {{listen: 127.0.0.1:{}}}\nplugins:\n  path: {}\nscripts:\n  pipelines: {}\n",
      folder, plan.port, control, yaml_list(setup.plugins), yaml_list(setup.pipelines));
  if (!setup.components.empty()) yaml += "components:\n" + setup.components;
  write_text(folder + "/config.yaml", yaml);
  plan.argv = {setup.binary.empty() ? DORMOUSE_BINARY : setup.binary, "run", "--config", folder + "/config.yaml"};
  return plan;
}

ControlAccess control_of(const std::string& name) {
  const std::string state = bench_folder() + "/" + name + "/state";
  const std::string address = line_of(state + "/control");
  return {static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))),
          "Authorization: Bearer " + line_of(state + "/token") + "\r\n"};
}

ServerPlan plan_nginx(const std::string& peer) {
  const std::string folder = fresh_folder("nginx-" + peer);
  ServerPlan plan;
  plan.name = peer;
  plan.port = free_port();
  plan.health = "/healthz";
  plan.log = folder + "/log";
  std::string conf = file_text(std::string(DORMOUSE_BENCH_SOURCE) + "/peers/" + peer + ".conf");
  replace_all(conf, "@root@", folder);
  replace_all(conf, "@port@", std::to_string(plan.port));
  replace_all(conf, "@lua@", std::string(DORMOUSE_BENCH_SOURCE) + "/peers");
  write_text(folder + "/nginx.conf", conf);
  std::filesystem::create_directories(folder + "/html");
  write_text(folder + "/html/healthz", "ok\n");
  // The error log of the time before the file was read would be the system's.
  plan.argv = {"nginx", "-p", folder, "-c", folder + "/nginx.conf", "-e", folder + "/error.log"};
  if (::access("/usr/sbin/nginx", X_OK) == 0) plan.argv[0] = "/usr/sbin/nginx";
  return plan;
}

RunningServer::RunningServer(const ServerPlan& plan)
    : started_(steady_clock::now()), child_(ChildProcess::start(plan.argv, {plan.environment, plan.log})) {
  const std::string request = http_request("GET", plan.health);
  HttpClient client(plan.port, std::chrono::seconds(10));
  HttpAnswer answer;
  while (!client.exchange(request, answer).empty() || answer.status != 200) {
    if (!child_.running() || steady_clock::now() - started_ > kStartPatience)
      throw std::runtime_error(plan.name + " does not serve:\n" + file_text(plan.log));
    ::nanosleep(&kPollEvery, nullptr);
  }
  to_first_answer_ = steady_clock::now() - started_;
}

RunningServer::~RunningServer() {
  child_.signal(SIGTERM);
  (void)child_.wait(std::chrono::seconds(20));
}

LoadResult run_wrk(uint16_t port, const std::string& target, const std::string& body, const LoadShape& shape) {
  const std::string script = bench_folder() + "/post.lua";
  write_text(script, fmt::format("wrk.method = \"POST\"\nwrk.body = [=[{}]=]\n"
                                 "wrk.headers[\"Content-Type\"] = \"application/json\"\n",
                                 body));
  const std::string text = output_of({"wrk", fmt::format("-t{}", shape.threads), fmt::format("-c{}", shape.connections),
                                      fmt::format("-d{}s", shape.seconds), "--latency", "-s", script,
                                      fmt::format("http://127.0.0.1:{}{}", port, target)},
                                     std::chrono::seconds(shape.seconds + 30));
  for (const char* mistake : {"Non-2xx", "Socket errors"})
    if (text.find(mistake) != std::string::npos) throw std::runtime_error("wrk saw mistakes:\n" + text);
  // "  92813 requests in 4.02s, 20.45MB read"
  const size_t line = text.rfind('\n', text.find(" requests in "));
  return {number_after(text.substr(line), "\n"), number_after(text, "Requests/sec:"), milliseconds_after(text, " 99%")};
}

}  // namespace dormouse::bench
