#include "components/call_options.h"

#include <catch2/catch.hpp>
#include <optional>

using namespace dormouse;

namespace {

struct Hearer final : CancelListener {
  explicit Hearer(CancelToken* token = nullptr) : token(token) {}
  void on_cancel() override {
    ++heard;
    if (!token) return;
    token->cancel();
    may_listen = token->listen({});
  }
  CancelToken* token;
  unsigned heard = 0;
  bool may_listen = true;
};

}  // namespace

TEST_CASE("a cancel is told to every listener that lives and once") {
  CancelToken token;
  const auto first = std::make_shared<Hearer>();
  const auto second = std::make_shared<Hearer>();
  auto gone = std::make_shared<Hearer>();
  REQUIRE(token.listen(first));
  REQUIRE(token.listen(second));
  REQUIRE(token.listen(gone));
  gone.reset();
  const CancelToken copy = token;
  token.cancel();
  token.cancel();
  CHECK(copy.cancelled());
  CHECK(first->heard == 1);
  CHECK(second->heard == 1);
}

TEST_CASE("who listens to a token that was cancelled is told so and not called") {
  CancelToken token;
  token.cancel();
  const auto late = std::make_shared<Hearer>();
  CHECK_FALSE(token.listen(late));
  CHECK(late->heard == 0);
}

TEST_CASE("a listener may use its token while it is called") {
  CancelToken token;
  const auto hearer = std::make_shared<Hearer>(&token);
  REQUIRE(token.listen(hearer));
  token.cancel();
  CHECK(hearer->heard == 1);
  CHECK_FALSE(hearer->may_listen);
}

TEST_CASE("a token is unused while nobody else holds it and nobody cancelled it") {
  CancelToken token;
  CHECK(token.is_unused());
  std::optional<CancelToken> copy(token);
  CHECK_FALSE(token.is_unused());
  copy.reset();
  CHECK(token.is_unused());
  token.cancel();
  CHECK_FALSE(token.is_unused());
}

TEST_CASE("a call is cancelled by its token or by whoever may stop it") {
  CallOptions options;
  CHECK_FALSE(options.is_cancelled());
  std::atomic<bool> stop{false};
  options.stop = &stop;
  CHECK_FALSE(options.is_cancelled());
  stop = true;
  CHECK(options.is_cancelled());
  options.stop = nullptr;
  options.cancel.cancel();
  CHECK(options.is_cancelled());
}
