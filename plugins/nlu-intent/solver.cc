#include "solver.h"

#include <linear.h>

#include <mutex>

#include "dormouse/plugin.hpp"
#include "liblinear_needs.h"

namespace dormouse::intent {

namespace {
std::mutex liblinear_globals;
}

struct Solver::Problem {
  std::vector<feature_node> nodes;
  std::vector<feature_node*> starts;
  std::vector<double> sides;
  problem rows{};
  parameter settings{};
};

Solver::Solver(const std::vector<std::vector<Term>>& texts, uint32_t columns, const SolverOptions& options)
    : problem_(std::make_unique<Problem>()) {
  constexpr feature_node kEnd = {-1, 0};
  std::vector<size_t> starts;
  for (const std::vector<Term>& terms : texts) {
    starts.push_back(problem_->nodes.size());
    for (const Term& term : terms) problem_->nodes.push_back({static_cast<int>(term.row) + 1, term.value});
    problem_->nodes.push_back({static_cast<int>(columns) + 1, 1});
    problem_->nodes.push_back(kEnd);
  }
  for (size_t start : starts) problem_->starts.push_back(&problem_->nodes[start]);
  problem_->sides.resize(texts.size());
  problem_->rows.l = static_cast<int>(texts.size());
  problem_->rows.n = static_cast<int>(columns) + 1;
  problem_->rows.bias = 1;
  problem_->rows.x = problem_->starts.data();
  problem_->rows.y = problem_->sides.data();
  problem_->settings.solver_type = L2R_L2LOSS_SVC_DUAL;
  problem_->settings.C = options.cost;
  problem_->settings.eps = options.tolerance;
}

Solver::~Solver() = default;

std::vector<float> Solver::separate(const std::vector<bool>& positive) {
  for (size_t i = 0; i < positive.size(); ++i) problem_->sides[i] = positive[i] ? 1 : -1;
  const std::lock_guard alone(liblinear_globals);
  set_print_string_function([](const char*) {});
  liblinear_stdout = stdout;
  liblinear_stderr = stderr;
  seed_liblinear(1);
  const std::unique_ptr<model, void (*)(model*)> solved(train(&problem_->rows, &problem_->settings),
                                                        [](model* m) { free_and_destroy_model(&m); });
  if (!solved || solved->nr_class != 2) throw Failure(DM_INTERNAL, "LIBLINEAR needs texts on both sides");
  // Its weights are for the side it met first.
  const double sign = solved->label[0] > 0 ? 1 : -1;
  std::vector<float> weights(static_cast<size_t>(problem_->rows.n));
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<float>(sign * solved->w[i]);
  return weights;
}

}  // namespace dormouse::intent
