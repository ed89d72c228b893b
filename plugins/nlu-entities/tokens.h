// The tokens of a text as the model sees them: words, runs of digits and letters, single signs; scripts written without
// spaces give one token a character. Tokens begin and end on code points and lie inside the text.
// Not the exact recognisers' view of a text: they read signs, lexer.h. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace dormouse::entities {

// Code points of a word that are looked at; what is longer is told apart by its beginning and its length.
inline constexpr size_t kWordLettersMax = 48;

// What a prefix or suffix is cut to, 1 to this.
inline constexpr size_t kAffixMax = 4;

struct Token {
  uint32_t begin = 0, end = 0;               // bytes
  uint64_t word = 0;                         // hash of its lower-case code points
  uint64_t shape = 0;                        // hash of its classes of characters: "Xxx", "dd", "uu"
  std::array<uint64_t, kAffixMax> prefix{};  // hashes; 0 when the word is shorter
  std::array<uint64_t, kAffixMax> suffix{};
  bool ends_sentence = false;  // . ! ? and their kin
};

// The first `tokens_max` tokens of valid UTF-8; damaged bytes are signs. Appends nothing else: `tokens` is cleared.
void read_tokens(std::string_view utf8, size_t tokens_max, std::vector<Token>* tokens);

// Takes off the signs that end the text, as in "what is in Cairo?": some examples never have them, people's questions
// do, and a model that has never seen one takes it for a part of the name before. `learnt` (hashes of words, sorted)
// are those that the examples do end with: they stay. So do tokens that begin before byte `keep`.
void drop_final_signs(uint32_t keep, std::span<const uint64_t> learnt, std::vector<Token>* tokens);

// The hash functions every feature and table is made with; part of the model format.
constexpr uint64_t mix(uint64_t h) {
  h ^= h >> 33;
  h *= 0xFF51AFD7ED558CCDu;
  h ^= h >> 33;
  h *= 0xC4CEB9FE1A85EC53u;
  return h ^ (h >> 33);
}
constexpr uint64_t combine(uint64_t a, uint64_t b) {
  return mix(a * 0x9E3779B97F4A7C15u + b + 0x2545F491u);
}
uint64_t hash_of(std::string_view bytes);

}  // namespace dormouse::entities
