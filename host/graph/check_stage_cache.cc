#include "graph/check_stage_cache.h"

#include <algorithm>

#include "cache/key.h"
#include "graph/check_policies.h"

namespace dormouse {

void StageCacheCheck::run(uint16_t index, const CacheUse& use) {
  Node& node = scope_.graph.nodes[index];
  const auto policy = std::find_if(scope_.caches.begin(), scope_.caches.end(),
                                   [&](const CachePolicy& known) { return known.name == use.name; });
  if (policy == scope_.caches.end()) {
    std::vector<std::string> names;
    for (const CachePolicy& known : scope_.caches) names.push_back(known.name);
    std::string hint = near_hint(use.name, names);
    if (hint.empty())
      hint = names.empty() ? "declare it in a policy script: dm.cache(\"" + use.name + "\", { ... })"
                           : "declared are " + quoted_list(names);
    if (!use.name.empty())
      scope_.fault(index, {{"cache"}, use.name, "unknown cache '" + use.name + "'", std::move(hint)});
    return;
  }
  StageCache cache;
  cache.policy = *policy;
  cache.policy.ttl = use.ttl.value_or(policy->ttl);
  if (use.negative_ttl) cache.policy.negative_ttl = use.negative_ttl;
  check_key(index, use, cache);
  check_tags(index, use, cache);
  check_versions(index, use, cache);
  node.cache = std::move(cache);
}

// What a key without a name of its own stands for: the input of a method, whichever stage asks. Any other key means
// something in its stage only.
void StageCacheCheck::check_key(uint16_t index, const CacheUse& use, StageCache& cache) {
  const Node& node = scope_.graph.nodes[index];
  if (use.key) {
    PipelineScope::Path path{"cache", "key"};
    cache.key = use.key;
    expressions_.infer(index, *cache.key, nullptr, path);
    cache.who_asks = asked_by_stage(scope_.from.name, node.path);
    return;
  }
  const ComponentCall* call = node.as_component();
  if (!call) {
    scope_.fault(index, {{"cache"},
                         {},
                         "a run function reads what it likes: its cache needs a key",
                         "write cache = { use = \"" + use.name + "\", key = { ref.request.text } }"});
    return;
  }
  const MethodManifest* method = call->method.method;
  const bool known = call->component < scope_.graph.components.size();
  cache.who_asks = asked_by_method(known ? scope_.graph.components[call->component] : std::string(),
                                   method ? method->name : call->method_name);
}

void StageCacheCheck::check_tags(uint16_t index, const CacheUse& use, StageCache& cache) {
  cache.tags = use.tags;
  const Type text = *Type::parse("string");
  for (size_t i = 0; i < cache.tags.size(); ++i) {
    PipelineScope::Path path{"cache", "tags", std::to_string(i + 1)};
    expressions_.expect(index, text, expressions_.infer(index, cache.tags[i], &text, path), path, "a tag",
                        cache.tags[i]);
    dm_string_view written{};
    if (cache.tags[i].kind == Expression::Kind::constant && cache.tags[i].constant &&
        dm_get_string(cache.tags[i].constant.view(), &written) && written.size > kCacheTagBytesMax)
      scope_.fault(index, {path, {}, "a tag has at most " + std::to_string(kCacheTagBytesMax) + " bytes", {}});
  }
  if (cache.tags.size() + cache.policy.tags.size() > kCacheTagsMax)
    scope_.fault(index, {{"cache", "tags"},
                         {},
                         "an entry has at most " + std::to_string(kCacheTagsMax) + " tags, with those of dm.cache",
                         {}});
}

// The method of a stage is known, and its version is in each key; of a function only its author knows what it calls.
void StageCacheCheck::check_versions(uint16_t index, const CacheUse& use, StageCache& cache) {
  if (!use.versions_of.empty() && !scope_.graph.nodes[index].is_function())
    scope_.fault(index,
                 {{"cache", "versions_of"},
                  {},
                  "'versions_of' is for what a run function calls; the version of this stage's component is in its key",
                  "take it out"});
  for (size_t i = 0; i < use.versions_of.size(); ++i) {
    Callee* callee = scope_.callees.find(use.versions_of[i]);
    if (callee)
      cache.versions_of.push_back(callee);
    else
      scope_.unknown_component(index, {"cache", "versions_of", std::to_string(i + 1)}, use.versions_of[i]);
  }
}

}  // namespace dormouse
