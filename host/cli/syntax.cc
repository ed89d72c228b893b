#include "cli/syntax.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "base/suggest.h"
#include "cli/table.h"

namespace dormouse {
namespace {

void apply(CLI::Option& option, const OptionRules& rules) {
  option.required(rules.required);
  if (rules.number) option.check(CLI::NonNegativeNumber);
  if (!rules.choices.empty()) option.check(CLI::IsMember(rules.choices));
}

// "unknown command 'frob' (did you mean ...?); ctl has status, ...", when that is why the line was not understood.
std::string unknown_command(const CLI::App& root, int argc, char** argv) {
  const CLI::App* at = &root;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.starts_with('-')) {
      if (word.find('=') == std::string::npos && i + 1 < argc) return "";  // the next word may be its value
      continue;
    }
    std::vector<std::string> known;
    const CLI::App* next = nullptr;
    for (const CLI::App* command : at->get_subcommands([](const CLI::App*) { return true; })) {
      if (!command->get_group().empty()) known.push_back(command->get_name());
      if (command->check_name(word)) next = command;
    }
    const bool takes_names = !at->get_options([](const CLI::Option* each) { return each->get_positional(); }).empty();
    if (known.empty() || (takes_names && !next)) return "";
    if (!next) {
      std::string text = "unknown command '" + printable(word.substr(0, 64)) + "'" + did_you_mean(word, known) + "; " +
                         at->get_name() + " has ";
      for (const std::string& name : known) text += (name == known.front() ? "" : ", ") + name;
      return text;
    }
    at = next;
  }
  return "";
}

void let_options_follow(CLI::App& app) {
  app.fallthrough();
  for (CLI::App* each : app.get_subcommands({})) let_options_follow(*each);
}

}  // namespace

Syntax Syntax::command(const std::string& name, const std::string& help) const {
  return Syntax(*app_->add_subcommand(name, help));
}
void Syntax::alias(const std::string& word) const {
  app_->alias(word);
}
void Syntax::hide() const {
  app_->group("");
}

void Syntax::option(const std::string& names, std::string& into, const std::string& help,
                    const OptionRules& rules) const {
  apply(*app_->add_option(names, into, help), rules);
}
void Syntax::option(const std::string& names, std::vector<std::string>& into, const std::string& help,
                    const OptionRules& rules) const {
  apply(*app_->add_option(names, into, help), rules);
}
void Syntax::flag(const std::string& names, bool& into, const std::string& help) const {
  app_->add_flag(names, into, help);
}
void Syntax::flag_instead_of(const std::string& other, const std::string& name, std::function<void()> act,
                             const std::string& help) const {
  app_->add_flag_callback(name, std::move(act), help)->excludes(app_->get_option(other));
}
bool Syntax::has_option(const std::string& name) const {
  return app_->get_option_no_throw(name) != nullptr;
}
void Syntax::footer(const std::string& text) const {
  app_->footer(text);
}

void Syntax::needs_command() const {
  app_->require_subcommand(1);
}
void Syntax::takes_one_command() const {
  app_->require_subcommand(0, 1);
}
bool Syntax::command_given() const {
  return !app_->get_subcommands().empty();
}
void Syntax::options_follow() const {
  let_options_follow(*app_);
}
void Syntax::runs(std::function<void()> act) const {
  app_->callback(std::move(act));
}

CommandLine::CommandLine(const std::string& description, const std::string& version, const std::string& footer)
    : app_(std::make_unique<CLI::App>(description, "dormouse")) {
  app_->set_version_flag("--version", version);
  app_->require_subcommand(1);
  app_->footer(footer);
}
CommandLine::~CommandLine() = default;

Syntax CommandLine::root() const {
  return Syntax(*app_);
}

CommandLine::Outcome CommandLine::parse(int argc, char** argv) {
  try {
    app_->parse(argc, argv);
    return Outcome::ran;
  } catch (const CLI::Success& success) {  // --help, --version
    app_->exit(success);
    return Outcome::helped;
  } catch (const CLI::ParseError& error) {
    const std::string unknown = unknown_command(*app_, argc, argv);
    if (unknown.empty())
      app_->exit(error);
    else
      std::fprintf(stderr, "dormouse: %s\n", unknown.c_str());
    return Outcome::not_understood;
  } catch (const std::exception& error) {
    // Nothing of ours throws on purpose: memory, or a library.
    std::fprintf(stderr, "dormouse: %s\n", error.what());
    return Outcome::failed;
  }
}

}  // namespace dormouse
