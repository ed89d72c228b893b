#include "pipeline/generation_closer.h"

#include <catch2/catch.hpp>
#include <thread>

#include "pipeline/generation.h"

using namespace dormouse;

TEST_CASE("the closer closes what it is given on its own thread and all of it before it ends") {
  std::thread::id closed_on;
  {
    GenerationCloser closer([&] { closed_on = std::this_thread::get_id(); });
    closer.start();
    closer.close(std::make_unique<Generation>());
  }
  CHECK(closed_on != std::thread::id());
  CHECK(closed_on != std::this_thread::get_id());
}

TEST_CASE("whoever waits for the closer finds everything closed") {
  int closed = 0;
  GenerationCloser closer([&] { ++closed; });
  closer.start();
  closer.close(std::make_unique<Generation>());
  closer.wait();
  CHECK(closed == 1);
}

TEST_CASE("a closer that was not started closes at once") {
  GenerationCloser closer([] {});
  auto generation = std::make_unique<Generation>();
  const std::weak_ptr<const SourceText> text = [&] {
    const auto source = std::make_shared<SourceText>("t.lua", "");
    generation->files.push_back({ScriptKind::pipelines, source});
    return std::weak_ptr<const SourceText>(source);
  }();
  closer.close(std::move(generation));
  CHECK(text.expired());
  closer.wait();
}
