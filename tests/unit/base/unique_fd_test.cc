#include "base/unique_fd.h"

#include <fcntl.h>

#include <catch2/catch.hpp>

namespace dormouse {
namespace {

bool is_open(int fd) {
  return fcntl(fd, F_GETFD) != -1;
}
int open_null() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

TEST_CASE("a descriptor is closed with its owner") {
  int number = -1;
  {
    const UniqueFd fd(open_null());
    REQUIRE(fd);
    number = fd.get();
    CHECK(is_open(number));
  }
  CHECK_FALSE(is_open(number));
}

TEST_CASE("a moved descriptor has one owner") {
  UniqueFd first(open_null());
  const int number = first.get();
  UniqueFd second = std::move(first);
  CHECK_FALSE(first);
  CHECK(second.get() == number);

  UniqueFd third(open_null());
  const int replaced = third.get();
  third = std::move(second);
  CHECK_FALSE(is_open(replaced));
  CHECK(third.get() == number);
  UniqueFd& itself = third;
  third = std::move(itself);
  CHECK(is_open(number));
}

TEST_CASE("a released descriptor stays open") {
  UniqueFd fd(open_null());
  const UniqueFd taken(fd.release());
  CHECK_FALSE(fd);
  CHECK(is_open(taken.get()));
}

}  // namespace
}  // namespace dormouse
