// What clients are told of a failure inside of a pipeline: who failed at what, and not where the operator keeps files.
// The log has the whole text by the request's id. Pure, but for the list of top folders; any thread.
#pragma once

#include <string>
#include <vector>

#include "http/problem.h"
#include "pipeline/engine.h"

namespace dormouse {

class ClientErrors {
 public:
  // `top_folders`: of this machine, "home", "var" ... A word that begins with one of them is a path and no place inside
  // of a value ("/hits/0/text").
  explicit ClientErrors(std::vector<std::string> top_folders) : top_folders_(std::move(top_folders)) {}

  // `script`: the file of the pipeline, as the host names it in errors. `response` is a failure.
  Problem problem_of(const PipelineResponse& response, const std::string& script) const;

  // Without places in scripts ("a.lua:3: "), and with files of the host as "(a file of the host)".
  std::string for_clients(const std::string& text, const std::string& script) const;

 private:
  bool is_path(std::string_view word) const;

  const std::vector<std::string> top_folders_;
};

// Of the machine this runs on. Blocks on the disk.
std::vector<std::string> top_folders();

}  // namespace dormouse
