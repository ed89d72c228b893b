#include "script/lua_heap.h"

#include <catch2/catch.hpp>

#include <cstdint>
#include <cstring>
#include <random>

#include "script/script_run.h"
#include "support/manual_clock.h"

using namespace dormouse;

TEST_CASE("blocks keep what was written to them over any sizes") {
  LuaHeap heap;
  struct Block {
    unsigned char* memory;
    size_t size;
    unsigned char filled;
  };
  std::vector<Block> blocks;
  std::mt19937 random(1);
  const auto size = [&]() -> size_t {
    const unsigned kind = random() % 100;
    return 1 + (kind < 80 ? random() % 300 : kind < 97 ? random() % 9'000 : random() % 200'000);
  };
  const auto fill = [](Block& block) { std::memset(block.memory, block.filled, block.size); };
  const auto holds = [](const Block& block, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i)
      if (block.memory[i] != block.filled) return false;
    return true;
  };
  for (int turn = 0; turn < 20'000; ++turn) {
    if (blocks.size() < 50 || random() % 3 == 0) {
      const size_t bytes = size();
      Block made{static_cast<unsigned char*>(heap.reallocate(nullptr, 0, bytes)), bytes,
                 static_cast<unsigned char>(random())};
      REQUIRE(made.memory);
      REQUIRE(reinterpret_cast<uintptr_t>(made.memory) % 16 == 0);
      fill(made);
      blocks.push_back(made);
      continue;
    }
    Block& block = blocks[random() % blocks.size()];
    REQUIRE(holds(block, block.size));
    if (random() % 2 == 0 || blocks.size() > 300) {
      heap.reallocate(block.memory, block.size, 0);
      block = blocks.back();
      blocks.pop_back();
    } else {
      const size_t bytes = size();
      block.memory = static_cast<unsigned char*>(heap.reallocate(block.memory, block.size, bytes));
      REQUIRE(holds(block, std::min(bytes, block.size)));
      block.size = bytes;
      fill(block);
    }
  }
  for (const Block& block : blocks) heap.reallocate(block.memory, block.size, 0);
  heap.release_kept();
  CHECK(heap.mapped_bytes() == 0);
}

TEST_CASE("what is freed goes back to the system but for a small rest") {
  LuaHeap heap;
  std::vector<void*> blocks;
  for (int i = 0; i < 200'000; ++i) blocks.push_back(heap.reallocate(nullptr, 0, 56));
  CHECK(heap.mapped_bytes() > size_t{11} << 20);
  for (void* block : blocks) heap.reallocate(block, 56, 0);
  CHECK(heap.mapped_bytes() <= size_t{1} << 20);
}

TEST_CASE("the memory of a script that used a lot is given back") {
  ScriptHost host;
  auto state = make_script_state({}, host);
  REQUIRE(state.ok());
  auto coroutine = (*state)->take_coroutine();
  REQUIRE(coroutine.ok());
  for (const char* bomb : {"local t = {} for i = 1, 4e5 do t[i] = { i } end",
                           "local t = {} for i = 1, 20 do t[i] = ('x'):rep(1 << 20) end",
                           "local function f(n) if n > 0 then return 1 + f(n - 1) end return 0 end f(15000)",
                           "local t = {} for i = 1, 1e9 do t[i] = { i } end"}) {
    REQUIRE(LuaState::load_text(coroutine->thread, bomb, "@bomb").ok());
    (*state)->resume(*coroutine, 0, std::chrono::seconds(10));
    (*state)->give_back(*coroutine, std::chrono::seconds(1));
    ManualClock clock;
    for (int slices = 0; (*state)->is_bloated() && slices < 1'000'000; ++slices) (*state)->clean({}, clock);
    INFO(bomb);
    CHECK((*state)->memory_bytes() < size_t{5} << 20);
    CHECK((*state)->mapped_bytes() < size_t{6} << 20);
    coroutine = (*state)->take_coroutine();
    REQUIRE(coroutine.ok());
  }
}

// What `text` returns, a whole number, from an entry of its own; -1 when it had not enough memory.
static lua_Integer run_entry(LuaState& state, const char* text) {
  Result<LuaState::Coroutine> coroutine = state.take_coroutine();
  REQUIRE(coroutine.ok());
  REQUIRE(LuaState::load_text(coroutine->thread, text, "@entry").ok());
  const LuaState::Run run = state.resume(*coroutine, 0, std::chrono::seconds(10));
  const lua_Integer answer = run.how == LuaState::Ended::returned ? lua_tointeger(coroutine->thread, -1) : -1;
  state.give_back(*coroutine, std::chrono::seconds(1));
  return answer;
}

TEST_CASE("a function has its memory also after one that used up the state") {
  ScriptHost host;
  ScriptLimits limits;
  limits.memory_bytes_max = size_t{16} << 20;
  auto state = make_script_state(limits, host);
  REQUIRE(state.ok());
  for (int round = 0; round < 20; ++round) {
    CHECK(run_entry(**state, "local t = {} while true do t[#t + 1] = ('x'):rep(1e6) .. #t end") == -1);
    CHECK(run_entry(**state, "return #(('x'):rep(1000000) .. 'y')") == 1000001);
  }
}
