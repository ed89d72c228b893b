// A trained model in its file: languages, and for each script family the n-grams with their weights, mapped read-only.
// Not the decision (detector.h) and not the training (trainer.h): layout, checks, look-up and the writer of the format.
// A Model is immutable; any thread may read it. Whatever stands in the file, reading it stays inside the mapping.
//
// Layout, little-endian, each section at a multiple of 8:
//   Header | Class[] | Family[] | per family: uint32 bucket ends | records | dense rows
// An n-gram belongs to the bucket that the upper bits of its hash name; a bucket is a run of records:
//   uint16 fingerprint, uint8 n: n = 0: uint32 number of a dense row; else uint8 class[n], int8 weight[n]
// A dense row is int8 weight[classes of the family]. A weight times the family's scale of that order is in nats.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ngrams.h"
#include "nlu/mapped_file.h"
#include "nlu/unicode/characters.h"

namespace dormouse::language {

using namespace nlu;  // files and characters, as all nlu plugins know them

// Classes are numbered with one byte inside a family.
inline constexpr size_t kFamilyClassesMax = 255;

// Texts of this many letters share a temperature, growing by about half: 1, 2, 3-4, 5-6, 7-9, ... , 64 and more.
inline constexpr size_t kLengthBins = 12;
size_t length_bin(uint32_t letters);

// A language in one script.
struct Class {
  char code[4] = {};    // ISO 639-3, NUL-terminated
  char script[4] = {};  // ISO 15924, not terminated
  float per_place = 0;  // nats for each place an n-gram ends at; the logarithm of an unknown letter's probability
  float bias = 0;       // nats, once a text
  float log_prior = 0;  // nats, once a text: how common texts of this language are
  uint32_t reserved = 0;

  std::string_view code_view() const { return {code, 3}; }
  std::string_view script_view() const { return {script, 4}; }
};

// Classes that are told apart by n-grams because they share their letters.
struct FamilyRecord {
  char script[4] = {};  // of the family, as text.h names it
  uint32_t first_class = 0;
  uint32_t class_count = 0;
  uint32_t order_max = 0;    // 0: one class only, nothing to look up
  uint32_t bucket_bits = 0;  // there are 2^bucket_bits buckets
  uint32_t dense_rows = 0;
  uint64_t buckets_at = 0, records_at = 0, records_bytes = 0, dense_at = 0;  // in bytes from the start of the file
  std::array<float, kOrderMax> scale{};                                      // nats of weight 1, by order
  std::array<float, kLengthBins> temperature{};  // what scores are multiplied with, by length of the text
};

// Scores of the classes of one family.
using Scores = std::array<float, kFamilyClassesMax + 1>;

class Model {
 public:
  // Maps the file. Throws Failure: DM_NOT_FOUND, DM_DATA_LOSS (with what is wrong), DM_FAILED_PRECONDITION (another
  // version of the format), DM_UNAVAILABLE (the system refuses).
  static Model open(const std::string& path);
  // The same checks on bytes that the caller keeps: for tests. Alignment: 8.
  static Model view(std::span<const std::byte> bytes, std::string name);

  std::span<const Class> classes() const { return classes_; }
  std::span<const FamilyRecord> families() const { return families_; }
  // The family of that script, null when the model knows no language written in it.
  const FamilyRecord* find_family(Script family) const;
  std::span<const Class> classes_of(const FamilyRecord& family) const {
    return classes_.subspan(family.first_class, family.class_count);
  }
  // Sums the weights of all n-grams of `words` and the classes' own terms, in nats; temperature and prior not applied.
  void score(const FamilyRecord& family, std::u32string_view words, Scores* scores) const;
  size_t size() const { return bytes_.size(); }

 private:
  Model() = default;
  void check(const std::string& name);

  MappedFile file_;  // where bytes_ lie, unless the caller keeps them
  std::span<const std::byte> bytes_;
  std::span<const Class> classes_;
  std::span<const FamilyRecord> families_;
  std::array<uint8_t, 256> family_of_script_{};  // index + 1, 0: none
};

// ---- writing ----

// One weight of one n-gram.
struct Weight {
  uint64_t hash;
  float weight;  // nats
  uint8_t cls;   // within the family
  uint8_t order;
  uint16_t count;  // how often it was seen, as the training counts; tells what may be left out of a small model
};

struct FamilyWeights {
  Script script = kCommon;
  std::vector<Class> classes;
  unsigned order_max = 0;
  std::array<float, kLengthBins> temperature{};
  std::vector<Weight> weights;  // sorted by hash, then class; one for each pair
};

// The bytes that the tables of so many n-grams with so many weights take in a file, about.
size_t encoded_bytes(size_t ngrams, size_t weights);

// The bytes of a model file. Same input, same bytes.
std::vector<std::byte> encode_model(const std::vector<FamilyWeights>& families);

// Makes the checksums of an image fit its content; encode_model has done so. For tests that damage what lies behind
// them.
void seal_model(std::span<std::byte> bytes);

}  // namespace dormouse::language
