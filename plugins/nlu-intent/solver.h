// Separates the texts of one intent from all others: a linear support vector machine, solved by LIBLINEAR.
// The one file that sees LIBLINEAR. Its random order of visits comes from rand(), seeded anew for each class, so the
// same rows give the same weights; nothing else may use rand() meanwhile. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "nlu/text_features.h"

namespace dormouse::intent {

using nlu::Term;

struct SolverOptions {
  double cost = 1;         // of a text on the wrong side
  double tolerance = 0.5;  // of the solver; a smaller one takes longer, and was no better on the sets in README.md
};

class Solver {
 public:
  // Copies the terms; their rows are below `columns`.
  Solver(const std::vector<std::vector<Term>>& texts, uint32_t columns, const SolverOptions& options);
  ~Solver();

  // weights[columns], then the bias, for "text i is positive". Both kinds must be there.
  std::vector<float> separate(const std::vector<bool>& positive);

 private:
  struct Problem;
  std::unique_ptr<Problem> problem_;
};

}  // namespace dormouse::intent
