#include "support/live/tiny_model.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "artifacts/model_files.h"

namespace dormouse {
namespace {

Value train_input(const std::string& data, const std::string& output) {
  ValueWriter writer;
  writer.map_begin();
  writer.key("data");
  writer.list_begin();
  writer.string(data);
  writer.list_end();
  writer.key("output");
  writer.string(output);
  writer.map_end();
  return *writer.finish();
}

}  // namespace

void train_tiny_model(LiveRegistry& host, const Component& component, const std::string& rows,
                      const std::string& suffix) {
  const std::string data = host.state / ("rows" + suffix);
  std::ofstream(data) << rows;
  const std::string folder = model_folder(host.state.path(), component.name());
  std::filesystem::create_directories(folder);
  OfflineRun run;
  run.spec = component.spec();
  run.method = "train";
  run.input = train_input(data, folder + "/tiny");
  const Result<Value> report = host.registry->run_offline(std::move(run));
  if (!report.ok()) throw std::runtime_error(report.status().to_string());
  std::filesystem::create_symlink("tiny", folder + "/current");
}

}  // namespace dormouse
