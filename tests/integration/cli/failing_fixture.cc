// Fails on purpose: a_failing_test_turns_ctest_red.sh looks whether CTest notices. Never registered as a test itself.
#include <catch2/catch.hpp>

TEST_CASE("a claim that is wrong") {
  CHECK(1 == 2);
}
