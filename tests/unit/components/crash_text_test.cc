#include "components/crash_text.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "base/unique_fd.h"

namespace dormouse {
namespace {

UniqueFd file_of(const std::string& text) {
  UniqueFd fd(::memfd_create("maps", MFD_CLOEXEC));
  REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  return fd;
}

FoundAddress found(const std::string& maps, uintptr_t address) {
  FoundAddress found;
  found.address = address;
  find_addresses(file_of(maps).get(), &found, 1);
  return found;
}

TEST_CASE("calendar time is right without the C library") {
  for (const time_t at : {time_t{0}, time_t{951782399}, time_t{951782400}, time_t{1709164800}, time_t{4107542399}}) {
    tm parts{};
    ::gmtime_r(&at, &parts);
    const UtcTime time = UtcTime::of(at);
    CHECK(time.year == static_cast<uint64_t>(parts.tm_year) + 1900);
    CHECK(time.month == static_cast<uint64_t>(parts.tm_mon) + 1);
    CHECK(time.day == static_cast<uint64_t>(parts.tm_mday));
    CHECK(time.hour == static_cast<uint64_t>(parts.tm_hour));
    CHECK(time.minute == static_cast<uint64_t>(parts.tm_min));
    CHECK(time.second == static_cast<uint64_t>(parts.tm_sec));
  }
}

TEST_CASE("text that does not fit is cut and control characters do not end a line") {
  FixedText<8> text;
  text.put_clean("a\nb").put_hex(0x1f, 4).put("cut off");
  CHECK(text.view() == "a?b001fc");
}

TEST_CASE("address is found as an offset from where its object begins") {
  const std::string maps =
      "1000-2000 r--p 00000000 08:01 11                         /a folder/one.so\n"
      "2000-3000 r-xp 00001000 08:01 11                         /a folder/one.so\n"
      "3000-4000 rw-p 00000000 00:00 0 \n"
      "5000-6000 r-xp 00002000 08:01 12                         /two.so\n"
      "7000-8000 rw-p 00000000 00:00 0                          [heap]\n";
  CHECK(std::string(found(maps, 0x2010).path.data()) == "/a folder/one.so");
  CHECK(found(maps, 0x2010).offset == 0x1010);
  CHECK(found(maps, 0x5010).offset == 0x2010);  // its beginning is not mapped: the place in the file
  CHECK(found(maps, 0x3010).path[0] == '\0');
  CHECK(found(maps, 0x3010).offset == 0x3010);
  CHECK(found(maps, 0x9000).path[0] == '\0');
  CHECK(std::string(found(maps, 0x7001).path.data()) == "[heap]");
}

TEST_CASE("lines that a read cuts in two are put together") {
  std::string maps;
  for (unsigned i = 1; i < 200; ++i) {
    char line[128];
    std::snprintf(line, sizeof line, "%x000-%x000 r-xp 00000000 08:01 11   /lib%u.so\n", i, i + 1, i);
    maps += line;
  }
  for (const unsigned i : {1u, 37u, 38u, 39u, 40u, 199u}) {
    const FoundAddress at = found(maps, i * 0x1000 + 4);
    CHECK(std::string(at.path.data()) == "/lib" + std::to_string(i) + ".so");
    CHECK(at.offset == 4);
  }
}

}  // namespace
}  // namespace dormouse
