#include "components/retirement.h"

#include <utility>

namespace dormouse {

Retirement::~Retirement() {
  stop_timers();
}

void Retirement::stop_timers() {
  if (drain_timer_) services_.loop.cancel(std::exchange(drain_timer_, 0));
  if (ask_timer_) services_.loop.cancel(std::exchange(ask_timer_, 0));
}

void Retirement::begin(Cause cause, Duration drain_timeout, Status why) {
  old_->set_owner(*this);
  why_ = std::move(why);
  began_ = drained_at_ = services_.loop.now();
  drain_timer_ = services_.loop.at(began_ + drain_timeout, [this] {
    drain_timer_ = 0;
    cancel_calls();
  });
  old_->drain(std::move(cause));
}

void Retirement::notice_leases() {
  const bool waited = old_->waits_for_leases();
  if (waited && old_->leases() == 0) drained_at_ = services_.loop.now();
  old_->notice_leases();
}

void Retirement::insist() {
  old_->insist();
  if (std::exchange(asks_again_, false)) old_->ask_again();
}

void Retirement::cancel_calls() {
  if (old_->waits_for_leases() && old_->loaded()) {
    cancelled_calls_ = true;
    old_->loaded()->cancel_calls(why_);
  }
  insist();
}

void Retirement::on_change(Incarnation&) {
  listener_.on_retirement_change();
}

void Retirement::on_objection(Incarnation&, const Status& why) {
  objection_ = why;
  asks_again_ = true;
  listener_.on_retirement_objection(why);
  ask_timer_ = services_.loop.at(services_.loop.now() + kAskAgain, [this] {
    ask_timer_ = 0;
    if (std::exchange(asks_again_, false)) old_->ask_again();
  });
}

void Retirement::on_closed(Incarnation& of) {
  stop_timers();
  of.unmap(of.cause());
}

void Retirement::on_gone(Incarnation&) {
  stop_timers();
  listener_.on_retired(*this);
}

}  // namespace dormouse
