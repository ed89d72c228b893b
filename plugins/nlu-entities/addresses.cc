// Addresses of recognisers.h: e-mail, URL, IP, telephone.
#include <algorithm>
#include <iterator>

#include "reading.h"

namespace dormouse::entities {
namespace {

constexpr size_t kLocalPartMax = 64, kDomainMax = 253, kUrlMax = 2048;  // bytes; the first two are the standards'
constexpr size_t kPhoneLexemesMax = 16;

bool is_alnum(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_local(unsigned char c) {
  return is_alnum(c) || c == '.' || c == '_' || c == '%' || c == '+' || c == '-' || c >= 0x80;
}
bool is_domain(unsigned char c) {
  return is_alnum(c) || c == '.' || c == '-' || c >= 0x80;
}

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

// The lexeme behind byte `end`, when one begins there or the text ends.
size_t lexeme_at(const Lexemes& l, size_t from, size_t end) {
  while (from < l.size() && l[from].begin < end) ++from;
  return from;
}

// Bytes of text from `begin` while they are `is`, at most `limit`.
template <class Is>
size_t run(std::string_view text, size_t begin, size_t limit, Is is) {
  size_t end = begin;
  while (end < text.size() && end - begin < limit && is(static_cast<unsigned char>(text[end]))) ++end;
  return end;
}

// Of a domain with a dot and a last part of letters; `end` without dots and hyphens at its end.
bool good_domain(std::string_view text, size_t begin, size_t* end) {
  while (*end > begin && (text[*end - 1] == '.' || text[*end - 1] == '-')) --*end;
  const std::string_view domain = text.substr(begin, *end - begin);
  const size_t dot = domain.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || domain.find("..") != std::string_view::npos) return false;
  const std::string_view top = domain.substr(dot + 1);
  return top.size() >= 2 && std::none_of(top.begin(), top.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Only where no letter, digit or sign of a local part stands before, so that each address is tried once.
std::optional<ExactMatch> match_email(const Lexemes& l, size_t i) {
  const std::string_view text = l.text();
  const size_t begin = l[i].begin;
  if (!is_local(static_cast<unsigned char>(text[begin])) || text[begin] == '.') return std::nullopt;
  if (begin > 0 && is_local(static_cast<unsigned char>(text[begin - 1])) && l.touches(i) && text[begin - 1] != '.') {
    return std::nullopt;
  }
  const size_t at = run(text, begin, kLocalPartMax, is_local);
  if (at >= text.size() || text[at] != '@' || at == begin || text[at - 1] == '.') return std::nullopt;
  size_t end = run(text, at + 1, kDomainMax, is_domain);
  // A longer one is none, and its cut could be in the middle of a character.
  if (end < text.size() && is_domain(static_cast<unsigned char>(text[end]))) return std::nullopt;
  if (!good_domain(text, at + 1, &end)) return std::nullopt;
  const size_t last = lexeme_at(l, i, end);
  return ExactMatch{i, last, std::string(text.substr(begin, at - begin)) + lower_ascii(text.substr(at, end - at))};
}

bool is_url_byte(unsigned char c) {
  return c > ' ' && c != '<' && c != '>' && c != '"' && c != '`' && c != '{' && c != '}' && c != '|' && c != '\\' &&
         c != 0x7F;
}

std::optional<ExactMatch> match_url(const Lexemes& l, size_t i) {
  const std::string_view text = l.text();
  const size_t begin = l[i].begin;
  size_t host = begin;
  bool bare = false;
  const std::string_view word = l.word(i);
  if (word == "http" || word == "https" || word == "ftp") {
    if (text.substr(l[i].end, 3) != "://") return std::nullopt;
    host = l[i].end + 3;
  } else if (word == "www" && l.is(i + 1, ".") && l.touches(i + 1) && l.touches(i + 2)) {
    bare = true;
  } else {
    return std::nullopt;
  }
  if (host >= text.size() || !(is_alnum(static_cast<unsigned char>(text[host])) || text[host] == '[' ||
                               static_cast<unsigned char>(text[host]) >= 0x80))
    return std::nullopt;
  size_t end = run(text, host, kUrlMax, is_url_byte);
  // A cut in the middle of a character is moved before it; signs at the end belong to the sentence.
  while (end > host && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  const auto parts = [&](char c) { return std::count(text.begin() + begin, text.begin() + end, c); };
  const auto opened = parts('(');
  auto closed = parts(')');
  while (end > host) {
    const char c = text[end - 1];
    const bool sign =
        c == '.' || c == ',' || c == ';' || c == ':' || c == '!' || c == '?' || c == '\'' || c == ')' || c == ']';
    if (!sign || (c == ')' && opened >= closed)) break;
    if (c == ')') --closed;
    --end;
  }
  if (end == host) return std::nullopt;
  std::string value(bare ? "http://" : "");
  value.append(text.substr(begin, end - begin));
  return ExactMatch{i, lexeme_at(l, i, end), value};
}

// 192.168.0.1, four numbers to 255.
std::optional<ExactMatch> match_ip4(const Lexemes& l, size_t i) {
  std::string value;
  for (size_t k = 0; k < 4; ++k) {
    const size_t at = i + 2 * k;
    if (!l.is_digits(at) || l.word(at).size() > 3 || (k > 0 && !l.touches(at))) return std::nullopt;
    int part = 0;
    for (const char c : l.word(at)) part = part * 10 + (c - '0');
    if (part > 255) return std::nullopt;
    if (k > 0) value += '.';
    value += std::to_string(part);
    if (k < 3 && !(l.is(at + 1, ".") && l.touches(at + 1))) return std::nullopt;
  }
  const bool goes_on = l.is(i + 7, ".") && l.touches(i + 7) && l.is_digits(i + 8) && l.touches(i + 8);
  if (goes_on || (l.is_letters(i + 7) && l.touches(i + 7))) return std::nullopt;
  return ExactMatch{i, i + 7, value};
}

// Groups of hexadecimal digits and colons: 2001:db8::1. Eight groups, or fewer and one "::".
std::optional<ExactMatch> match_ip6(const Lexemes& l, size_t i) {
  const std::string_view text = l.text();
  const size_t begin = l[i].begin;
  if (begin > 0 && l.touches(i) && (is_alnum(static_cast<unsigned char>(text[begin - 1])) || text[begin - 1] == ':')) {
    return std::nullopt;
  }
  const size_t end = run(text, begin, 40, [](unsigned char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') || c == ':';
  });
  if (end - begin > 39 || (end < text.size() && is_alnum(static_cast<unsigned char>(text[end])))) return std::nullopt;
  std::string_view body = text.substr(begin, end - begin);
  int groups = 0, gaps = 0;
  size_t digits = 0;
  for (size_t k = 0; k < body.size(); ++k) {
    if (body[k] != ':') {
      groups += digits == 0;
      if (++digits > 4) return std::nullopt;
      continue;
    }
    digits = 0;
    if (k + 1 < body.size() && body[k + 1] == ':') {
      ++gaps;
      ++k;
    } else if (k == 0 || k + 1 == body.size()) {
      return std::nullopt;
    }
  }
  if (gaps > 1 || (gaps == 0 && groups != 8) || (gaps == 1 && (groups > 7 || groups < 1))) return std::nullopt;
  // "::" between words of letters, as in code, is no address without a digit.
  if (std::none_of(body.begin(), body.end(), [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  return ExactMatch{i, lexeme_at(l, i, end), lower_ascii(body)};
}

// Digits in groups that are something else: dates, ranges of long numbers, 123-45-6789, an ISBN, thousands.
bool reads_otherwise(const Lexemes& l, size_t i, size_t end) {
  const auto digits = [&](size_t k, size_t size) { return l.is_digits(k) && l.word(k).size() == size; };
  const bool year_first = digits(i, 4) && digits(i + 2, 2) && digits(i + 4, 2) && l.touches(i + 1);
  const bool year_last = digits(i + 4, 4) && l.is_digits(i + 2) && l.word(i).size() <= 2 && l.word(i + 2).size() <= 2 &&
                         l.is(i + 1, l.word(i + 3)) && l.touches(i + 1);
  const bool social = digits(i, 3) && digits(i + 2, 2) && digits(i + 4, 4);
  const bool book = (l.is(i, "978") || l.is(i, "979")) && end > i + 6;
  bool four = end == i + 7;  // an address of the internet with too large a part
  for (size_t k = i + 1; k < end; k += 2) four &= l.is(k, ".") && l.touches(k);
  if (four || year_first || year_last || social || book || before(l, i) == "isbn") return true;
  size_t groups = 0;
  bool thousands = l.word(i).size() <= 3 && l.word(i)[0] != '0';
  for (size_t k = i; k < end; ++k) {
    if (!l.is_digits(k)) continue;
    thousands &= groups == 0 || l.word(k).size() == 3;
    ++groups;
  }
  const bool local = digits(i, 3) && digits(end - 1, 4);  // 555-1234
  return thousands || (groups == 2 && l.word(i)[0] != '0' && !local);
}

// With + and 7 to 15 digits, or at least 7 digits in groups of at least three lexemes: "(030) 123-4567".
std::optional<ExactMatch> match_phone(const Lexemes& l, size_t i) {
  const bool plus = l.is(i, "+"), bracket = l.is(i, "(");
  if (!plus && !bracket && !l.is_digits(i)) return std::nullopt;
  if (!plus && !bracket && i > 0 && l.is_digits(i - 1)) return std::nullopt;
  if (!l[i].spaced && i > 0 && (l.is_digits(i - 1) || l.is_letters(i - 1) || l.is(i - 1, "-") || l.is(i - 1, "."))) {
    return std::nullopt;
  }
  std::string digits;
  size_t end = i, groups = 0, at = i + (plus ? 1 : 0);
  bool closed = !bracket;
  for (; at < std::min(l.size(), i + kPhoneLexemesMax); ++at) {
    if (l.is_digits(at)) {
      digits += l.word(at);
      ++groups;
      end = at + 1;
      if (digits.size() > 15) return std::nullopt;
    } else if (l.is(at, ")")) {
      closed = true;
    } else if (!(l.is(at, "-") || l.is(at, "(") || l.is(at, "/") || l.is(at, ".")) ||
               (l.is(at, ".") && !(l.touches(at + 1) && l.is_digits(at + 1)))) {
      break;
    } else if (l.is(at, "(")) {
      closed = false;
    }
  }
  if (!closed || (!plus && !bracket && reads_otherwise(l, i, end))) return std::nullopt;
  if (digits.size() < 7 || (!plus && (groups < 2 || digits.size() < 9) && !(groups == 2 && digits.size() == 7)) ||
      (!plus && !bracket && groups < 2)) {
    return std::nullopt;
  }
  return ExactMatch{i, end, plus ? digits.insert(0, 1, '+') : digits};
}

}  // namespace

std::optional<ExactMatch> match_address(const Lexemes& l, size_t i, Exact kind) {
  switch (kind) {
    case Exact::url:
      return match_url(l, i);
    case Exact::email:
      return match_email(l, i);
    case Exact::ip:
      if (auto four = match_ip4(l, i)) return four;
      return match_ip6(l, i);
    case Exact::phone:
      return match_phone(l, i);
    default:
      return std::nullopt;
  }
}

}  // namespace dormouse::entities
