#include "http/base64.h"

#include <catch2/catch.hpp>
#include <random>

namespace dormouse {
namespace {

std::string encoded(std::string_view bytes) {
  std::string out;
  append_base64(out, {reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()});
  return out;
}

}  // namespace

TEST_CASE("the vectors of RFC 4648 hold in both directions") {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : vectors) {
    CHECK(encoded(plain) == text);
    CHECK(parse_base64(text) == std::string(plain));
  }
}

TEST_CASE("random bytes come back from base64") {
  std::mt19937 random(7);
  for (size_t size = 0; size < 100; ++size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    CHECK(parse_base64(encoded(bytes)) == bytes);
  }
}

TEST_CASE("what is not canonical base64 is refused") {
  for (const char* text : {"A", "AA", "AAA", "AA=", "A===", "====", "AA==AA==", "AA A",
                           "AA\n=", "AB==", "AAB=", "-_==", "=AAA", "A=AA", "\xff\xff\xff\xff"})
    CHECK_FALSE(parse_base64(text).has_value());
}

}  // namespace dormouse
