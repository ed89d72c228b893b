#include "cli/ctl_target.h"

#include "cli/configuration.h"
#include "config/state_dir.h"

namespace dormouse {
namespace {

std::string value_of(const Environment& environment, const char* name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

Result<ControlEndpoint> with_token(Result<ControlEndpoint> endpoint, const Environment& environment,
                                   const std::string& state_dir) {
  if (!endpoint) return endpoint;
  endpoint->token = value_of(environment, "DORMOUSE_TOKEN");
  if (endpoint->token.empty() && !state_dir.empty())
    if (Result<std::string> kept = read_token(state_dir)) endpoint->token = *kept;
  return endpoint;
}

// A folder that was named is asked for where its host is; there is no other guess.
Result<ControlEndpoint> on_state_dir(const std::string& state_dir, const Environment& environment) {
  const Result<std::string> published = read_control_address(state_dir);
  if (!published)
    return Status(Error{.code = Code::unavailable,
                        .message = "no host runs on it",
                        .object = "state folder '" + state_dir + "'",
                        .needed = "the file 'control' that a running host writes",
                        .found = published.status().error().message,
                        .remedy = "start one with dormouse run, or name another with --config or --url"});
  return with_token(parse_endpoint(*published), environment, state_dir);
}

// `named`: the file must be there to be asked.
Result<ControlEndpoint> of_config(const std::string& path, bool named, const Environment& environment) {
  const ConfigReport report = load_config(path, environment);
  // Faults elsewhere in it do not matter here, so that a host can be asked while its file is being edited.
  const bool unreadable = !report.errors.empty() && report.errors[0].line == 0 && report.errors[0].file == path;
  if (named && unreadable) return Status(Code::not_found, report.errors[0].to_string());
  const Result<std::string> state_dir = find_state_dir(report.config.host.state_dir, environment);
  if (!state_dir) return state_dir.status();
  // What a host wrote down knows the real port; without it the address stands in the configuration.
  const Result<std::string> published = read_control_address(*state_dir);
  return with_token(parse_endpoint(published ? *published : report.config.control.listen), environment, *state_dir);
}

}  // namespace

Result<ControlEndpoint> find_endpoint(const CtlTarget& target, const Environment& environment) {
  if (!target.url.empty()) return with_token(parse_endpoint(target.url), environment, "");
  if (!target.state_dir.empty()) return on_state_dir(target.state_dir, environment);
  if (!target.config.empty()) return of_config(target.config, true, environment);
  if (const std::string url = value_of(environment, "DORMOUSE_URL"); !url.empty())
    return with_token(parse_endpoint(url), environment, "");
  const bool named = !value_of(environment, "DORMOUSE_CONFIG").empty();
  return of_config(config_path("", environment), named, environment);
}

}  // namespace dormouse
