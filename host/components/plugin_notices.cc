#include "components/plugin_notices.h"

#include <algorithm>
#include <utility>

namespace dormouse {
namespace {

// What is told of a file once.
std::string news_of(const PluginEntry& file) {
  return file.problem.ok() ? file.identity : file.identity + " " + file.problem.to_string();
}

EventFields fields_of(const PluginEntry& file) {
  EventFields fields{{"file", file.path}};
  if (!file.version.empty()) fields.emplace_back("version", file.version);
  if (file.problem.ok()) {
    fields.emplace_back("class", to_string(file.safety.safety));
    return fields;
  }
  Error error = file.problem.error();
  const std::string remedy = remedy_text(error);
  error.remedy.clear();
  error.near.clear();
  const std::string object = error.object;
  fields.emplace_back("error", Status(std::move(error)).to_string_within(object));
  if (!remedy.empty()) fields.emplace_back("remedy", remedy);
  return fields;
}

}  // namespace

PluginIndex::Snapshot PluginNotices::scan(PluginIndex& index, const std::string& cause, const Actor& actor) {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(has_looked_, true)) know(*index.snapshot());
  PluginIndex::Snapshot files = index.scan();
  tell(*files, cause, actor);
  return files;
}

void PluginNotices::know(const std::vector<PluginEntry>& files) {
  for (const PluginEntry& file : files)
    if (file.problem.ok()) told_[file.path] = news_of(file);
}

void PluginNotices::tell(const std::vector<PluginEntry>& files, const std::string& cause, const Actor& actor) {
  std::vector<const PluginEntry*> news;
  std::map<std::string, std::string> now;
  for (const PluginEntry& file : files) {
    if (file.is_folder) continue;
    const std::string& what = now[file.path] = news_of(file);
    const auto before = told_.find(file.path);
    if (before == told_.end() || before->second != what) news.push_back(&file);
  }
  told_ = std::move(now);
  // Those that somebody has to mend come first, should there be too many.
  std::stable_partition(news.begin(), news.end(), [](const PluginEntry* file) { return !file->problem.ok(); });
  const size_t count = std::min(news.size(), kEventsMax);
  for (size_t i = 0; i < count; ++i) {
    EventFields fields = fields_of(*news[i]);
    if (i + 1 == count && news.size() > count) fields.emplace_back("untold", news.size() - count);
    events_.publish(news[i]->problem.ok() ? "plugin.found" : "plugin.refused", news[i]->id, std::move(fields), cause,
                    actor);
  }
}

}  // namespace dormouse
