#include "http/connection_owner.h"

#include <cstdio>
#include <ctime>

namespace dormouse {

std::string text_of(const boost::asio::ip::tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  const std::string port = std::to_string(endpoint.port());
  return endpoint.address().is_v6() ? "[" + address + "]:" + port : address + ":" + port;
}

std::string_view ConnectionOwner::date() {
  const time_t second = std::time(nullptr);
  if (second != date_second_) {
    date_second_ = second;
    // Not strftime's names: those follow the locale.
    constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    tm at{};
    gmtime_r(&second, &at);
    char text[64];
    snprintf(text, sizeof text, "%s, %02d %s %d %02d:%02d:%02d GMT", kDays[at.tm_wday], at.tm_mday, kMonths[at.tm_mon],
             at.tm_year + 1900, at.tm_hour, at.tm_min, at.tm_sec);
    date_ = text;
  }
  return date_;
}

}  // namespace dormouse
