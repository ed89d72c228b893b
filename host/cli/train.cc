// `dormouse train`: makes the model of a component, in process and never over a port.
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/file.h"
#include "base/object_names.h"
#include "base/suggest.h"
#include "cli/command.h"
#include "cli/configuration.h"
#include "cli/crashes.h"
#include "cli/log.h"
#include "cli/model_store.h"
#include "cli/parts.h"
#include "cli/progress.h"
#include "cli/value_text.h"
#include "config/state_dir.h"
#include "http/json_text.h"
#include "values/json.h"

namespace dormouse {
namespace {

constexpr const char* kTrainMethod = "train";

struct TrainArguments {
  std::string config;
  std::string component;
  std::vector<std::string> data;
  std::vector<std::string> set;  // NAME=VALUE
  bool if_missing = false;
  bool skip_bad = false;
  bool json = false;
};

const ComponentSpec* find_spec(const Config& config, const std::string& name, Status* why) {
  std::vector<std::string> known;
  for (const ComponentConfig& component : config.components) {
    if (component.spec.name == name) return &component.spec;
    known.push_back(component.spec.name);
  }
  *why = Status(Error{.code = Code::not_found,
                      .message = "the configuration has no component of this name",
                      .object = name,
                      .near = near_names(name, known)});
  return nullptr;
}

Status check_trainable(const ComponentSpec& spec, const TypeManifest& type, bool skip_bad) {
  const MethodManifest* method = type.find_method(kTrainMethod);
  if (!method || !method->offline) {
    return Status(
        Error{.code = Code::failed_precondition,
              .message = "cannot be trained: its type " + type.name + " has no offline method '" + kTrainMethod + "'",
              .object = component_object(spec.name)});
  }
  const auto fields = Type::parse("{data: list<string>, output: string}");
  std::string why;
  if (fields.ok() && !method->input.accepts(*fields, &why)) {
    return Status(Error{.code = Code::failed_precondition,
                        .message = "its training method takes something else: " + why,
                        .object = component_object(spec.name),
                        .needed = "the input {data: list<string>, output: string}",
                        .found = method->input.to_string()});
  }
  const auto skipping = Type::parse("{data: list<string>, output: string, skip_bad: bool}");
  if (skip_bad && skipping.ok() && !method->input.accepts(*skipping, &why)) {
    return Status(Error{.code = Code::failed_precondition,
                        .message = "its training cannot leave out bad rows: leave out --skip-bad",
                        .object = component_object(spec.name),
                        .needed = "an input 'skip_bad: bool?' of the method '" + std::string(kTrainMethod) + "'",
                        .found = method->input.to_string()});
  }
  return {};
}

// {data: [files], output: where to write, and what --set says}
Result<Value> train_input(const std::vector<std::string>& files, const std::string& output,
                          const std::vector<std::string>& set) {
  ValueWriter writer;
  writer.map_begin();
  writer.key("data");
  writer.list_begin();
  for (const std::string& file : files) writer.string(file);
  writer.list_end();
  writer.key("output");
  writer.string(output);
  for (const std::string& field : set) {
    const size_t equals = std::min(field.find('='), field.size());
    const std::string text = field.substr(std::min(equals + 1, field.size()));
    writer.key(field.substr(0, equals));
    // What is no JSON is a text, so that nobody has to quote twice.
    const Result<Value> value = value_from_json(text, field);
    value ? writer.copy(value->view()) : writer.string(text);
  }
  writer.map_end();
  return writer.finish();
}

struct Training {
  std::string hash;
  bool made = false;  // false: the model was there already
  Value report;
};

Result<Training> train_model(Registry& registry, const ComponentSpec& spec, const std::string& state_dir,
                             const TrainArguments& arguments) {
  Result<Description> described = registry.describe(spec);
  if (!described) return described.status();
  if (Status status = check_trainable(spec, *described->type, arguments.skip_bad); !status.ok()) return status;
  Result<Value> settings = complete_settings(*described->type, spec.settings.view(), "components." + spec.name);
  if (!settings) return settings.status();
  Result<std::vector<std::string>> files = data_files(arguments.data);
  if (!files) return files.status();
  Result<std::string> hash = model_hash(described->plugin, described->type->name, *settings, *files, arguments.set);
  if (!hash) return hash.status();
  Result<ModelStore> store = ModelStore::open(state_dir, spec.name);
  if (!store) return store.status();
  Training training{*hash, false, {}};
  if (arguments.if_missing && store->is_current(*hash)) return training;
  if (arguments.if_missing && store->make_current(*hash).ok()) return training;

  store->drop_drafts();
  Result<Value> input = train_input(*files, store->draft_path(*hash), arguments.set);
  if (!input) return input.status();
  const SystemClock clock;
  ProgressText progress(::isatty(STDERR_FILENO) == 1, clock.now());
  const auto show = [&](double done, double total, std::string_view what) {
    std::fputs(progress.update(done, total, what, clock.now()).c_str(), stderr);
  };
  Result<Value> report = registry.run_offline({spec, kTrainMethod, *input, show, {}});
  std::fputs(progress.finish().c_str(), stderr);
  if (!report) {
    store->drop_drafts();
    return report.status();
  }
  if (Status status = store->publish(*hash); !status.ok()) return status;
  training.made = true;
  training.report = std::move(*report);
  return training;
}

void print_training(const Training& training, const TrainArguments& arguments) {
  const std::string name = training.hash.substr(0, 12);
  if (arguments.json) {
    JsonText json;
    json.begin_object().member("component", arguments.component).member("model", training.hash);
    json.member("made", training.made).member("report", training.report.view()).end_object();
    std::printf("%s\n", json.text().c_str());
  } else if (training.made) {
    std::printf("%s", to_report(training.report.view()).c_str());
    std::printf("%s: model %s is current\n", arguments.component.c_str(), name.c_str());
  } else {
    std::printf("%s: model %s is there already\n", arguments.component.c_str(), name.c_str());
  }
}

ExitCode train(TrainArguments arguments, const Environment& environment) {
  if (arguments.skip_bad)
    arguments.set.emplace_back("skip_bad=true");  // an option like others: part of the model's name
  const std::optional<Config> config = load_or_complain(arguments.config, environment);
  if (!config) return ExitCode::config;
  start_logging({.level = "warn", .lines_per_second = 0});
  Status why;
  const ComponentSpec* spec = find_spec(*config, arguments.component, &why);
  if (!spec) {
    complain(why);
    return ExitCode::failed;
  }
  const auto cannot_start = [](const Status& status) {
    complain(status);
    return ExitCode::cannot_start;
  };
  // Not locked: a running host goes on with the model it has, and takes the new one at its next load.
  const Result<std::string> state_dir = find_state_dir(config->host.state_dir, environment);
  if (!state_dir) return cannot_start(state_dir.status());
  if (Status status = ensure_private_folder(*state_dir); !status.ok()) return cannot_start(status);
  const Result<std::unique_ptr<CrashReporter>> reporter = report_crashes(nullptr);
  if (!reporter) return cannot_start(reporter.status());
  Result<std::unique_ptr<HostParts>> parts = HostParts::create(*config, *state_dir, 0);
  if (!parts) return cannot_start(parts.status());

  const Result<Training> training = train_model((*parts)->registry(), *spec, *state_dir, arguments);
  if (!training) {
    complain(training.status());
    return ExitCode::failed;
  }
  print_training(*training, arguments);
  return ExitCode::ok;
}

}  // namespace

void add_train(const Syntax& line, CommandContext& context) {
  auto arguments = std::make_shared<TrainArguments>();
  const Syntax command = line.command("train", "Train the model of a component from data files");
  command.option("component", arguments->component, "Name of the component in the configuration", {.required = true});
  command.option("-d,--data", arguments->data, "Data files, or folders of them", {.required = true});
  command.option("--set", arguments->set,
                 "NAME=VALUE for the training method, such as --set epochs=5; VALUE is JSON or text");
  command.option("-c,--config", arguments->config, kConfigHelp);
  command.flag("--if-missing", arguments->if_missing,
               "Do nothing if a model of exactly these data, settings and plugin version exists");
  command.flag("--skip-bad", arguments->skip_bad,
               "Skip rows that are not valid; the report counts these rows and shows the first ten");
  command.flag("--json", arguments->json, "Print the report as JSON");
  command.footer(
      "\nThe model's name is the hash of data, settings and plugin version. It is stored in the state folder. A "
      "running host\n"
      "uses the new model from the component's next load on; dormouse ctl reload COMPONENT replaces it at once.");
  command.runs([arguments, &context] { context.exit = train(*arguments, context.environment); });
}

}  // namespace dormouse
