// A corpus small enough for a test: texts about the weather, about waking up and about cooking, and what is learnt.
#pragma once

#include <string>
#include <vector>

#include "dormouse/plugin.hpp"
#include "trainer.h"

namespace dormouse::lsa {

// The rows as a file's content, with header: text.
std::string small_tsv();
std::string write_text(const std::string& path, const std::string& content);
std::string content_of(const std::string& path);

// Options that suit so few texts: all measure nothing.
TrainOptions small_options();
// Trains on small_tsv() inside `folder`; returns the path of the model.
std::string small_model(const std::string& folder, const TrainOptions& options = small_options());

double cosine(const Model& model, const std::string& a, const std::string& b);

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

}  // namespace dormouse::lsa
