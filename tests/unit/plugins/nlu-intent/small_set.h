// A training set small enough for a test: four intents and texts out of scope, and the model learnt from them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "dormouse/plugin.hpp"
#include "model.h"

namespace dormouse::intent {

// The rows as a file's content, with header: text, intent.
std::string small_tsv();

// Writes a file; returns its path.
std::string write_text(const std::string& path, const std::string& content);
std::string content_of(const std::string& path);

// Trains on small_tsv() inside `folder`; returns the path of the model.
std::string small_model(const std::string& folder);

// What a function that throws Failure says: "15 model x: ...", "" when it does not throw.
template <class Function>
std::string failure_of(Function function) {
  try {
    function();
  } catch (const dormouse::Failure& failure) {
    return std::to_string(failure.status()) + " " + failure.what();
  }
  return "";
}

// A model of the intents "a" and "b": the word "left" speaks for a, "right" for b. With `scope`, "else" is out of
// scope.
ModelContent two_intents(bool scope);

}  // namespace dormouse::intent
