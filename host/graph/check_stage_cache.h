// A part of the check of one pipeline: the `cache = ...` of a stage, which is its policy, its key, its tags, and the
// components whose stamps are part of the key.
// Owner: the check that runs. One thread; lives no longer than the scope (check_scope.h). Faults go to the scope.
#pragma once

#include "graph/check_expressions.h"
#include "graph/check_scope.h"

namespace dormouse {

class StageCacheCheck {
 public:
  explicit StageCacheCheck(PipelineScope& scope) : scope_(scope), expressions_(scope) {}

  void run(uint16_t index, const CacheUse& use);

 private:
  void check_key(uint16_t index, const CacheUse& use, StageCache& cache);
  void check_tags(uint16_t index, const CacheUse& use, StageCache& cache);
  void check_versions(uint16_t index, const CacheUse& use, StageCache& cache);

  PipelineScope& scope_;
  ExpressionCheck expressions_;
};

}  // namespace dormouse
