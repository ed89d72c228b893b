// What one command takes, as its file declares it: its options, names and further commands. CLI11 stands behind it and
// is seen by syntax.cc alone, because its headers take longer to compile than the rest of this box. Main thread only.
// What is given by reference outlives the parsing.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace dormouse {

// How often an option is given and what its value may be. A value that is not allowed is a usage error that names it.
struct OptionRules {
  bool required = false;
  bool number = false;                    // 0 or more
  std::vector<std::string> choices = {};  // one of these; empty: anything
};

// A handle: copies are the same command. Option names are written as in "-c,--config"; a name without dashes is a
// position.
class Syntax {
 public:
  Syntax command(const std::string& name, const std::string& help) const;
  // The same command under another word.
  void alias(const std::string& word) const;
  // Understood and not shown.
  void hide() const;

  void option(const std::string& names, std::string& into, const std::string& help, const OptionRules& = {}) const;
  // May be given several times, or with several values.
  void option(const std::string& names, std::vector<std::string>& into, const std::string& help,
              const OptionRules& = {}) const;
  void flag(const std::string& names, bool& into, const std::string& help) const;
  // A flag that stands for a value of `other` and is refused beside it.
  void flag_instead_of(const std::string& other, const std::string& name, std::function<void()> act,
                       const std::string& help) const;
  bool has_option(const std::string& name) const;
  void footer(const std::string& text) const;

  // Exactly one of its commands follows.
  void needs_command() const;
  // At most one does: a name behind it is never taken for a command.
  void takes_one_command() const;
  // Whether one of its commands was given; known when `runs` is called.
  bool command_given() const;
  // The options of this command, and of each below it, are understood behind its commands too. After all of them are
  // there.
  void options_follow() const;

  // Called when the whole line was understood.
  void runs(std::function<void()> act) const;

 private:
  friend class CommandLine;
  explicit Syntax(CLI::App& app) : app_(&app) {}
  CLI::App* app_;
};

// The whole line.
class CommandLine {
 public:
  CommandLine(const std::string& description, const std::string& version, const std::string& footer);
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;
  ~CommandLine();

  Syntax root() const;

  enum class Outcome { ran, helped, not_understood, failed };
  // Parses and runs. Prints help, versions and its own errors; throws nothing.
  Outcome parse(int argc, char** argv);

 private:
  std::unique_ptr<CLI::App> app_;
};

}  // namespace dormouse
