#include "cli/table.h"

#include <catch2/catch.hpp>

using namespace dormouse;

TEST_CASE("columns are as wide as their widest cell") {
  Table table({"A", "BB"});
  table.add({"longer", "x"});
  table.add({"é", "y"});
  CHECK(table.to_string() == "A       BB\nlonger  x\né       y\n");
}

TEST_CASE("control characters do not reach the terminal") {
  Table table({"A"});
  table.add({"\x1b[2Jevil\n"});
  CHECK(table.to_string() == "A\n?[2Jevil?\n");
}

TEST_CASE("a row short of cells is padded") {
  Table table({"A", "B"});
  table.add({"1"});
  CHECK(table.to_string() == "A  B\n1\n");
}

TEST_CASE("times are short for people") {
  CHECK(show_ms(1.25) == "1.2ms");
  CHECK(show_ms(250) == "250ms");
  CHECK(show_ms(2500) == "2.5s");
  CHECK(show_ms(180'000) == "3m");
  CHECK(show_bytes(-2048) == "-2 KiB");
}
