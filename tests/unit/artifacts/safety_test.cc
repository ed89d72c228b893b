#include "artifacts/safety.h"

#include <catch2/catch.hpp>
#include <string>

using namespace dormouse;

namespace {

ClosureEntry object(const std::string& name, ElfFacts facts = {}) {
  return {name, "/lib/" + name, false, std::move(facts)};
}

ElfFacts imports(std::vector<std::string> symbols) {
  ElfFacts facts;
  facts.undefined_symbols = std::move(symbols);
  return facts;
}

ElfFacts unique(std::vector<std::string> symbols) {
  ElfFacts facts;
  facts.unique_symbols = std::move(symbols);
  return facts;
}

std::string_view class_of(const std::vector<ClosureEntry>& closure) {
  return to_string(classify(closure).safety);
}

}  // namespace

TEST_CASE("a plain plugin is free to be unmapped") {
  const Safety safety = classify({object("p.so", imports({"malloc", "free", "_ZNSt6vectorIiE"})), object("libz.so.1")});
  CHECK(safety.safety == SafetyClass::unmap);
  CHECK(safety.reasons.empty());
  CHECK(safety.shared_runtimes.empty());
  CHECK(safety.pinned_dependencies.empty());
}

TEST_CASE("GNU-unique symbols in the plugin itself park it and at most three are named") {
  const Safety safety = classify({object("p.so", unique({"_ZN1a1bE", "_ZGVN1a1bE", "c", "d"}))});
  CHECK(safety.safety == SafetyClass::park);
  REQUIRE(safety.reasons.size() == 1);
  CHECK(safety.reasons[0] == "p.so has 4 GNU-unique symbols (a::b, guard variable for a::b, c, ...)");
}

TEST_CASE("a long symbol does not make a long reason") {
  std::string symbol = "_ZN";
  for (int i = 0; i < 100; ++i) symbol += "8abcdefgh";
  const Safety safety = classify({object("p.so", unique({symbol + "E"}))});
  CHECK(safety.reasons[0].size() < 200);
}

TEST_CASE("NODELETE and static TLS park a plugin") {
  ElfFacts nodelete;
  nodelete.nodelete = true;
  CHECK(classify({object("p.so", nodelete)}).reasons == std::vector<std::string>{"p.so is marked NODELETE"});
  CHECK(class_of({object("p.so", nodelete)}) == "park");
  ElfFacts tls;
  tls.static_tls = true;
  tls.tls_bytes = 256;
  CHECK(class_of({object("p.so", tls)}) == "park");
  CHECK(class_of({object("p.so"), object("libtls.so", tls)}) == "park");
}

TEST_CASE("a dependency that stays is pinned and keeps nobody else") {
  ElfFacts nodelete;
  nodelete.nodelete = true;
  const Safety safety =
      classify({object("p.so"), object("libfasttext.so.0", unique({"_ZN1a1bE"})), object("libn.so", nodelete)});
  CHECK(safety.safety == SafetyClass::unmap);
  CHECK(safety.pinned_dependencies == std::vector<std::string>{"libfasttext.so.0", "libn.so"});
}

TEST_CASE("whatever ties code to threads needs a lane") {
  for (const char* symbol : {"__cxa_thread_atexit", "__cxa_thread_atexit_impl", "pthread_key_create", "pthread_create",
                             "GOMP_parallel", "omp_get_num_threads", "__kmpc_fork_call",
                             "_ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE"}) {
    INFO(symbol);
    CHECK(class_of({object("p.so", imports({symbol}))}) == "lane");
    CHECK(class_of({object("p.so"), object("libdep.so", imports({symbol}))}) == "lane");
  }
}

TEST_CASE("one kind of thread use is one reason") {
  const Safety safety = classify({object("p.so", imports({"GOMP_parallel", "GOMP_barrier", "omp_get_num_threads"}))});
  CHECK(safety.reasons == std::vector<std::string>{"p.so uses OpenMP (GOMP_parallel)"});
}

TEST_CASE("a shared runtime is pinned by the host whatever its own file says") {
  ElfFacts facts = unique({"x"});
  facts.static_tls = true;
  const Safety safety = classify({object("p.so"), object("libgomp.so.1", facts)});
  CHECK(safety.safety == SafetyClass::lane);
  CHECK(safety.shared_runtimes == std::vector<std::string>{"libgomp.so.1"});
  CHECK(safety.pinned_dependencies.empty());
}

TEST_CASE("what the host has loaded itself does not count") {
  ClosureEntry host = object("libstdc++.so.6", unique({"x"}));
  host.loaded_by_host = true;
  CHECK(class_of({object("p.so"), host}) == "unmap");
}

TEST_CASE("Go and device runtimes need a process of their own") {
  ElfFacts go;
  go.go_runtime = true;
  CHECK(class_of({object("p.so", go)}) == "process");
  ElfFacts cuda;
  cuda.cuda_code = true;
  CHECK(class_of({object("p.so", cuda)}) == "process");
  CHECK(class_of({object("p.so"), object("libcudart.so.12")}) == "process");
}

TEST_CASE("the most careful class wins and all reasons are kept") {
  ElfFacts facts = imports({"pthread_create"});
  facts.nodelete = true;
  const Safety safety = classify({object("p.so", facts)});
  CHECK(safety.safety == SafetyClass::park);
  CHECK(safety.reasons.size() == 2);
}
