// The list of all wrappers (wrapper.h), outermost first. The list is their order; a new wrapper is one line of it.
// Types and functions without state; any thread.
//
// The order of all wrappers that are designed (those that are not in the list below do not exist yet):
//
//     when > fallback > timeout > cache + single flight > on_cold > retry > hedge > circuit_breaker > pool >
//     per_try_timeout > call
//
// `pool` is the queue of the component, and no wrapper here.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "pipeline/calls/cached_call.h"
#include "pipeline/calls/fallback.h"
#include "pipeline/calls/timeout.h"

namespace dormouse {

template <class... All>
struct WrapperList {
  using Plan = std::variant<typename All::Plan...>;
  using Run = std::variant<All...>;

  // Appends the plans of one node, in order.
  static void plan(const Node& node, const PlanSources& sources, std::vector<Plan>& into) {
    const auto add = [&]<class Its>(std::optional<Its> planned) {
      if (planned) into.emplace_back(std::in_place_type<Its>, std::move(*planned));
    };
    (add(All::planned(node, sources)), ...);
  }
};

using Wrappers = WrapperList<  //
    Fallback,                  //
    Timeout,                   //
    CachedCall>;

using WrapperPlan = Wrappers::Plan;
using WrapperRun = Wrappers::Run;

// Makes a new run of a wrapper, at its place among the wrappers of its stage, behind the last of `runs`.
inline void add_run(const WrapperPlan& plan, uint8_t place, std::vector<WrapperRun>& runs) {
  const auto add = [&](const auto& its) {
    using Run = typename std::decay_t<decltype(its)>::Run;
    std::get<Run>(runs.emplace_back(std::in_place_type<Run>, its)).stand_at(place);
  };
  std::visit(add, plan);
}
inline bool always_takes_part(const WrapperPlan& plan) {
  return std::visit([](const auto& its) { return std::decay_t<decltype(its)>::Run::kAlwaysTakesPart; }, plan);
}

}  // namespace dormouse
