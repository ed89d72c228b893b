#include "http/client_error.h"

#include <algorithm>
#include <filesystem>
#include <string_view>

namespace dormouse {
namespace {

constexpr std::string_view kHidden = "(a file of the host)";
constexpr size_t kHashDigits = 32;  // a run of that many names a private copy

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool ends_word(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\'' || c == '"' || c == '(' || c == ')' || c == ',' || c == ';';
}

bool has_hash(std::string_view word) {
  size_t run = 0;
  for (const char c : word) {
    run = is_digit(c) || (c >= 'a' && c <= 'f') ? run + 1 : 0;
    if (run == kHashDigits) return true;
  }
  return false;
}

// The size of "FILE:LINE" at the beginning of a word, with the ":" of a message behind it; 0: it is none.
size_t place_size(std::string_view word, std::string_view script) {
  size_t end = std::string_view::npos;
  if (const size_t lua = word.find(".lua:"); lua != std::string_view::npos) end = lua + 5;
  if (!script.empty() && word.starts_with(script) && word.size() > script.size() && word[script.size()] == ':')
    end = script.size() + 1;
  if (end == std::string_view::npos || end == word.size() || !is_digit(word[end])) return 0;
  while (end < word.size() && is_digit(word[end])) ++end;
  if (end < word.size() && word[end] == ':') ++end;
  return end;
}

// What is left around a place that was taken out: "()", ", called at ", "called at ", " : ".
void tidy(std::string& text) {
  for (const std::string_view rest : {" (\x01)", ", called at \x01", "called at \x01", "\x01 ", "\x01"})
    for (size_t at; (at = text.find(rest)) != std::string::npos;) text.erase(at, rest.size());
}

}  // namespace

bool ClientErrors::is_path(std::string_view word) const {
  if (word.find('/') == std::string_view::npos) return false;
  if (word.find("../") != std::string_view::npos || word.ends_with(".lua") || word.ends_with(".so") || has_hash(word))
    return true;
  if (!word.starts_with('/')) return false;
  const std::string_view first = word.substr(1, std::min(word.find('/', 1), word.size()) - 1);
  return std::find(top_folders_.begin(), top_folders_.end(), first) != top_folders_.end();
}

std::string ClientErrors::for_clients(const std::string& text, const std::string& script) const {
  std::string told;
  for (size_t at = 0; at < text.size();) {
    if (ends_word(text[at])) {
      told += text[at++];
      continue;
    }
    size_t end = at;
    while (end < text.size() && !ends_word(text[end])) ++end;
    std::string_view word(text.data() + at, end - at);
    if (const size_t place = place_size(word, script)) {
      told += '\x01';
      word.remove_prefix(place);
    }
    size_t trail = word.size();
    while (trail > 0 && (word[trail - 1] == ':' || word[trail - 1] == '.')) --trail;
    const std::string_view name = word.substr(0, trail);
    if (is_path(name))
      told.append(kHidden).append(word.substr(trail));
    else
      told.append(word);
    at = end;
  }
  tidy(told);
  return told;
}

Problem ClientErrors::problem_of(const PipelineResponse& response, const std::string& script) const {
  Error error = response.status.error();
  for (std::string* part : {&error.message, &error.object, &error.needed, &error.found, &error.remedy})
    *part = for_clients(*part, script);
  for (std::string& name : error.near) name = for_clients(name, script);
  Problem problem = Problem::of(Status(std::move(error)));
  if (response.status.code() == Code::internal && response.fault == FaultOf::script) problem.title = "A script failed";
  if (response.status.code() == Code::internal && response.fault == FaultOf::component)
    problem.title = "A component failed";
  return problem;
}

std::vector<std::string> top_folders() {
  std::vector<std::string> names;
  std::error_code ignored;
  for (std::filesystem::directory_iterator it("/", ignored), end; !ignored && it != end; it.increment(ignored))
    names.push_back(it->path().filename().string());
  return names;
}

}  // namespace dormouse
