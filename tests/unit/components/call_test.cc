// Finding a method in what is loaded now; and that a call goes to the incarnation that the lease holds.
#include "components/call.h"

#include <catch2/catch.hpp>

#include "life_host.h"

using namespace dormouse;

namespace {

// A manifest of another build, with methods of these names; the first is offline.
std::shared_ptr<const Manifest> manifest_with(const std::vector<std::string>& names) {
  Manifest manifest;
  manifest.types.emplace_back();
  for (const std::string& name : names) {
    manifest.types.back().methods.emplace_back();
    manifest.types.back().methods.back().name = name;
  }
  if (!names.empty()) manifest.types.back().methods.front().offline = true;
  return std::make_shared<const Manifest>(std::move(manifest));
}

MethodRef ref_to(const std::shared_ptr<const Manifest>& manifest, uint32_t index) {
  return {.manifest = manifest, .method = &manifest->types.front().methods[index], .index = index};
}

}  // namespace

TEST_CASE("a method keeps its number while the manifest is the one that was checked") {
  LifeHost host;
  host.carrier.set_manifest(manifest_with({"train", "ask"}));
  const Lease lease = host.acquire();
  CHECK(resolve_method(lease, ref_to(host.carrier.manifest(), 1)) == 1);
  CHECK(resolve_method(lease, {.manifest = host.carrier.manifest(), .method = nullptr, .index = 7}) == 7);
}

TEST_CASE("a method of another version is found by name or not at all") {
  LifeHost host;
  host.carrier.set_manifest(manifest_with({"train", "tell", "ask"}));
  const Lease lease = host.acquire();
  const auto checked = manifest_with({"offline", "ask", "gone", "train"});
  CHECK(resolve_method(lease, ref_to(checked, 1)) == 2);
  CHECK_FALSE(resolve_method(lease, ref_to(checked, 2)));
  CHECK_FALSE(resolve_method(lease, ref_to(checked, 3)));  // offline in what is loaded
  CHECK_FALSE(resolve_method(lease, {.manifest = checked, .method = nullptr, .index = 0}));
}

TEST_CASE("a call goes to the incarnation of its lease also when that was replaced") {
  LifeHost host;
  const Lease old = host.acquire();
  host.carrier.file.content = "v2";
  host.start(Verb::reload);
  const Lease next = host.acquire();
  CHECK(old.loaded().facts().version == "v1");
  CHECK(next.loaded().facts().version == "v2");
  CHECK(runs_inline(old, 0));
  const Value in;
  CHECK(call_inline(old, 0, in, {}).ok());
  call_on_lane(host.acquire(), 3, in, {}, host.loop, [](CallResult) {});
  CHECK(host.carrier.steps.back() == "call v2");
}
