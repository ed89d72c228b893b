#include "components/crash_text.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace dormouse {
namespace {

// One line of /proc/PID/maps: "start-end perms offset dev inode   path".
struct MapLine {
  uintptr_t start = 0;
  uintptr_t end = 0;
  uint64_t offset = 0;
  std::string_view path;
};

uint64_t take_hex(std::string_view& text) {
  uint64_t number = 0;
  size_t used = 0;
  for (; used < text.size(); ++used) {
    const char c = text[used];
    if (c >= '0' && c <= '9')
      number = number * 16 + static_cast<uint64_t>(c - '0');
    else if (c >= 'a' && c <= 'f')
      number = number * 16 + static_cast<uint64_t>(c - 'a') + 10;
    else
      break;
  }
  text.remove_prefix(used);
  return number;
}

void skip_word(std::string_view& text) {
  while (!text.empty() && text.front() != ' ') text.remove_prefix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

MapLine read_line(std::string_view text) {
  MapLine line;
  line.start = take_hex(text);
  if (!text.empty()) text.remove_prefix(1);
  line.end = take_hex(text);
  skip_word(text), skip_word(text);
  line.offset = take_hex(text);
  skip_word(text), skip_word(text), skip_word(text);
  line.path = text;
  return line;
}

// The base of the object that the lines seen so far end in: where its first page is mapped.
class Objects {
 public:
  void see(const MapLine& line) {
    if (line.offset != 0) return;
    base_ = line.start;
    size_ = std::min(line.path.size(), name_.size());
    std::copy_n(line.path.data(), size_, name_.data());
  }
  // Where `address` is in the object of `line`; its place in the file when the beginning is not mapped.
  uint64_t offset_of(uintptr_t address, const MapLine& line) const {
    const bool same = std::string_view(name_.data(), size_) == line.path.substr(0, name_.size());
    return same ? address - base_ : address - line.start + line.offset;
  }

 private:
  std::array<char, 512> name_{};
  size_t size_ = 0;
  uintptr_t base_ = 0;
};

}  // namespace

// Howard Hinnant's civil_from_days, for years from 1970 on.
UtcTime UtcTime::of(time_t seconds) {
  const auto since = static_cast<uint64_t>(std::max<time_t>(seconds, 0));
  const uint64_t days = since / 86400 + 719468;
  const uint64_t rest = since % 86400;
  const uint64_t era = days / 146097;
  const uint64_t day_of_era = days % 146097;
  const uint64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint64_t shifted = (5 * day_of_year + 2) / 153;  // March is 0
  const uint64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0),
          month,
          day_of_year - (153 * shifted + 2) / 5 + 1,
          rest / 3600,
          rest / 60 % 60,
          rest % 60};
}

void find_addresses(int maps_fd, FoundAddress* found, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    found[i].offset = found[i].address;
    found[i].path[0] = '\0';
  }
  std::array<char, 2048> text;
  size_t held = 0;
  Objects objects;
  ::lseek(maps_fd, 0, SEEK_SET);
  for (;;) {
    const ssize_t got = ::read(maps_fd, text.data() + held, text.size() - held);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    held += static_cast<size_t>(got);
    std::string_view rest(text.data(), held);
    for (size_t end = 0; (end = rest.find('\n')) != std::string_view::npos; rest.remove_prefix(end + 1)) {
      const MapLine line = read_line(rest.substr(0, end));
      objects.see(line);
      for (size_t i = 0; i < count; ++i) {
        FoundAddress& each = found[i];
        if (each.address < line.start || each.address >= line.end) continue;
        const size_t size = std::min(line.path.size(), each.path.size() - 1);
        std::copy_n(line.path.data(), size, each.path.data());
        each.path[size] = '\0';
        if (size > 0) each.offset = objects.offset_of(each.address, line);
      }
    }
    // A line longer than the buffer cannot be; should it, its rest is skipped.
    held = rest.size() == text.size() ? 0 : rest.size();
    std::copy_n(rest.data(), held, text.data());
  }
}

}  // namespace dormouse
