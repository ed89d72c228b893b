// A training set small enough for a test: eight languages in five scripts, and the model learnt from it.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "model.h"

namespace dormouse::language {

// Label and sentence.
const std::vector<std::pair<std::string, std::string>>& training_rows();

// The rows as a file's content, with header.
std::string training_tsv();

// Writes a file; returns its path.
std::string write_text(const std::string& path, const std::string& content);

// What a function that throws Failure says: "15 model x: ...", "" when it does not throw.
template <class Function>
std::string failure_of(Function function);

// Trains on training_rows() inside `folder` and opens the result.
Model small_model(const std::string& folder);

}  // namespace dormouse::language

#include "dormouse/plugin.hpp"

template <class Function>
std::string dormouse::language::failure_of(Function function) {
  try {
    function();
  } catch (const dormouse::Failure& failure) {
    return std::to_string(failure.status()) + " " + failure.what();
  }
  return "";
}
