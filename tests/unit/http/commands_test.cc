#include "http/commands.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <set>

namespace dormouse {
namespace {

// "ctl caches purge NAME [--tag]": without the flags that all verbs share.
std::string words_of(const Command& command) {
  if (!command.on_ctl) return "(none)";
  std::string words = "`ctl";
  for (const std::string_view word : {command.noun, command.verb})
    if (!word.empty()) words += " " + std::string(word);
  if (command.has_name()) words += " NAME";
  for (const CommandParameter& parameter : command.parameters) {
    const bool shared =
        command.changes() && (parameter.query == "wait" || parameter.query == "dry_run" || parameter.query == "reason");
    if (!parameter.flag.empty() && !shared) words += " [" + std::string(parameter.flag) + "]";
  }
  return words + "`";
}

std::string route_of(const Command& command) {
  std::string query;
  for (const CommandParameter& parameter : command.parameters)
    if (!parameter.query.empty()) query += (query.empty() ? "?" : "&") + std::string(parameter.query) + "=";
  return "`" + std::string(command.method) + " " + std::string(command.pattern) + query + "`";
}

std::vector<std::string> rows_of_page() {
  std::ifstream page(DORMOUSE_OPERATING_PAGE);
  REQUIRE(page.good());
  std::vector<std::string> rows;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("| ctl | route | role |")) inside = true;
    if (inside && !line.starts_with("|")) break;
    if (inside) rows.push_back(line);
  }
  REQUIRE(rows.size() > 2);
  return {rows.begin() + 2, rows.end()};
}

}  // namespace

TEST_CASE("docs operating has a row for each command and none besides") {
  const std::vector<std::string> page = rows_of_page();
  std::vector<std::string> table;
  for (const Command& command : commands())
    table.push_back("| " + words_of(command) + " | " + route_of(command) + " | " +
                    std::string(to_string(command.role)) + " | " + std::string(command.summary) + " |");
  std::string text;
  for (const std::string& row : table) text += row + "\n";
  INFO("the rows are:\n" << text);
  CHECK(page == table);
}

TEST_CASE("each command is one route and says what it does") {
  std::set<std::pair<std::string_view, std::string_view>> routes;
  for (const Command& command : commands()) {
    INFO(command.pattern);
    CHECK(routes.insert({command.method, command.pattern}).second);
    CHECK(command.pattern.starts_with("/"));
    CHECK(command.summary.ends_with("."));
    CHECK(command.changes() == (command.role >= Role::operate));
  }
}

TEST_CASE("every verb that changes something can be tried and explained") {
  for (const Command& command : commands()) {
    if (!command.changes()) continue;
    INFO(command.pattern);
    const auto has = [&](std::string_view query) {
      return std::any_of(command.parameters.begin(), command.parameters.end(),
                         [&](const CommandParameter& each) { return each.query == query; });
    };
    CHECK(has("dry_run"));
    CHECK(has("reason"));
    CHECK(has("wait"));
  }
}

TEST_CASE("words of the command line and of the path are the same") {
  for (const Command& command : commands()) {
    if (!command.on_ctl || command.verb.empty() || !command.changes()) continue;
    INFO(command.pattern);
    const std::string noun(command.noun.empty() ? "host" : command.noun);
    const size_t open = command.pattern.find('{'), close = command.pattern.find('}');
    const std::string name =
        command.has_name() ? "/" + std::string(command.pattern.substr(open, close + 1 - open)) : std::string();
    CHECK(command.pattern == "/v1/" + noun + name + "/" + std::string(command.verb));
  }
}

TEST_CASE("a noun has a singular") {
  CHECK(singular("components") == "component");
  CHECK(singular("caches") == "cache");
  CHECK(singular("crashes") == "crash");
  CHECK(singular("memory") == "memory");
}

}  // namespace dormouse
