#include "model.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "dormouse/plugin.hpp"

namespace dormouse::language {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian and read in place");

constexpr char kMagic[8] = {'D', 'M', 'L', 'A', 'N', 'G', '\r', '\n'};
constexpr uint32_t kVersion = 1;

struct Header {
  char magic[8] = {};
  uint32_t version = 0;
  uint32_t header_bytes = 0;
  uint64_t file_bytes = 0;
  uint64_t body_checksum = 0;  // of everything behind the header
  uint32_t class_count = 0;
  uint32_t family_count = 0;
  uint64_t header_checksum = 0;  // of everything before this field
};
static_assert(sizeof(Header) == 48 && sizeof(Class) == 24 && sizeof(FamilyRecord) == 128);

// Far above any real model, so that sizes computed from counts cannot wrap.
constexpr uint64_t kFileBytesMax = uint64_t{1} << 31;
constexpr uint32_t kBucketBitsMax = 26;
constexpr ptrdiff_t kRecordBytesMin = 5;  // one class with its weight

uint64_t align8(uint64_t at) {
  return (at + 7) & ~uint64_t{7};
}

// Whether [at, at + length) lies in a file of `size` bytes, aligned.
bool inside(uint64_t at, uint64_t length, uint64_t size) {
  return at % 8 == 0 && at <= size && length <= size - at;
}

uint64_t bucket_of(uint64_t hash, uint32_t bits) {
  return bits == 0 ? 0 : hash >> (64 - bits);
}
uint16_t fingerprint_of(uint64_t hash) {
  return static_cast<uint16_t>(hash);
}

// No sum of a text's weights can then leave the range of a float. False for NaN.
bool within(float x, float limit) {
  return x >= -limit && x <= limit;
}
constexpr float kTermMax = 1e4f, kScaleMax = 1, kTemperatureMax = 100;

bool sane_class(const Class& c) {
  return within(c.per_place, kTermMax) && within(c.bias, kTermMax) && within(c.log_prior, kTermMax);
}

bool valid_code(const Class& c) {
  const auto lower = [](char x) { return x >= 'a' && x <= 'z'; };
  return std::all_of(c.code, c.code + 3, lower) && c.code[3] == 0 && c.script[0] >= 'A' && c.script[0] <= 'Z' &&
         std::all_of(c.script + 1, c.script + 4, lower);
}

// One family's tables as the look-up reads them.
class Table {
 public:
  Table(std::span<const std::byte> file, const FamilyRecord& family)
      : ends_(reinterpret_cast<const uint32_t*>(file.data() + family.buckets_at)),
        records_(reinterpret_cast<const uint8_t*>(file.data() + family.records_at)),
        dense_(reinterpret_cast<const int8_t*>(file.data() + family.dense_at)),
        family_(family) {}

  void prefetch_bucket(uint64_t hash) const { __builtin_prefetch(ends_ + bucket_of(hash, family_.bucket_bits)); }
  void prefetch_records(uint64_t hash) const {
    const uint64_t bucket = bucket_of(hash, family_.bucket_bits);
    __builtin_prefetch(records_ + (bucket == 0 ? 0 : ends_[bucket - 1]));
  }

  // Adds the weights of an n-gram, if the model has it. A record that does not fit its bucket ends the bucket.
  void add(uint64_t hash, unsigned order, Scores* scores) const {
    const uint64_t bucket = bucket_of(hash, family_.bucket_bits);
    const uint8_t* at = records_ + (bucket == 0 ? 0 : ends_[bucket - 1]);
    const uint8_t* end = records_ + ends_[bucket];
    const uint16_t wanted = fingerprint_of(hash);
    const float scale = family_.scale[order - 1];
    while (end - at >= kRecordBytesMin) {
      uint16_t fingerprint;
      std::memcpy(&fingerprint, at, 2);
      const size_t n = at[2];
      const size_t length = n == 0 ? 7 : 3 + 2 * n;
      if (static_cast<size_t>(end - at) < length) return;
      if (fingerprint == wanted)
        return n == 0 ? add_dense(at + 3, scale, scores) : add_sparse(at + 3, n, scale, scores);
      at += length;
    }
  }

 private:
  void add_dense(const uint8_t* number, float scale, Scores* scores) const {
    uint32_t row;
    std::memcpy(&row, number, 4);
    if (row >= family_.dense_rows) return;
    const int8_t* weights = dense_ + static_cast<size_t>(row) * family_.class_count;
    for (uint32_t i = 0; i < family_.class_count; ++i) (*scores)[i] += scale * static_cast<float>(weights[i]);
  }
  void add_sparse(const uint8_t* classes, size_t n, float scale, Scores* scores) const {
    const auto* weights = reinterpret_cast<const int8_t*>(classes + n);
    for (size_t i = 0; i < n; ++i) (*scores)[classes[i]] += scale * static_cast<float>(weights[i]);
  }

  const uint32_t* ends_;
  const uint8_t* records_;
  const int8_t* dense_;
  const FamilyRecord& family_;
};

// N-grams found before they are looked up: memory is asked for early, since most of the time of a call is waiting for
// it.
class Batch {
 public:
  explicit Batch(const Table& table, Scores* scores) : table_(table), scores_(scores) {}
  ~Batch() { flush(); }
  void add(uint64_t hash, unsigned order) {
    table_.prefetch_bucket(hash);
    hashes_[size_] = hash;
    orders_[size_++] = static_cast<uint8_t>(order);
    if (size_ == hashes_.size()) flush();
  }

 private:
  void flush() {
    for (size_t i = 0; i < size_; ++i) table_.prefetch_records(hashes_[i]);
    for (size_t i = 0; i < size_; ++i) table_.add(hashes_[i], orders_[i], scores_);
    size_ = 0;
  }
  const Table& table_;
  Scores* scores_;
  std::array<uint64_t, 32> hashes_;
  std::array<uint8_t, 32> orders_;
  size_t size_ = 0;
};

void check_buckets(std::span<const std::byte> file, const FamilyRecord& family, const std::string& name) {
  const auto* ends = reinterpret_cast<const uint32_t*>(file.data() + family.buckets_at);
  uint32_t before = 0;
  for (uint64_t i = 0; i < uint64_t{1} << family.bucket_bits; ++i) {
    if (ends[i] < before) damaged_model(name, "its buckets are out of order");
    before = ends[i];
  }
  if (before != family.records_bytes) damaged_model(name, "its buckets end elsewhere than its records");
}

void check_family(std::span<const std::byte> file, const FamilyRecord& family, uint32_t class_count,
                  const std::string& name) {
  if (find_script({family.script, 4}) == kNoLetter) damaged_model(name, "it names an unknown script");
  if (family.class_count == 0 || family.class_count > kFamilyClassesMax || family.first_class > class_count ||
      family.class_count > class_count - family.first_class) {
    damaged_model(name, "a family has classes outside the table");
  }
  const auto sane_scale = [](float x) { return within(x, kScaleMax); };
  const auto sane_temperature = [](float x) { return within(x, kTemperatureMax); };
  if (!std::all_of(family.scale.begin(), family.scale.end(), sane_scale) ||
      !std::all_of(family.temperature.begin(), family.temperature.end(), sane_temperature)) {
    damaged_model(name, "a family has impossible numbers");
  }
  if (family.order_max == 0) return;
  if (family.order_max > kOrderMax || family.bucket_bits > kBucketBitsMax)
    damaged_model(name, "a family has impossible sizes");
  if (!inside(family.buckets_at, uint64_t{4} << family.bucket_bits, file.size()) ||
      !inside(family.records_at, family.records_bytes, file.size()) ||
      !inside(family.dense_at, uint64_t{family.dense_rows} * family.class_count, file.size())) {
    damaged_model(name, "a section lies outside the file");
  }
  check_buckets(file, family, name);
}

}  // namespace

size_t length_bin(uint32_t letters) {
  static constexpr std::array<uint32_t, kLengthBins - 1> kUpTo = {1, 2, 4, 6, 9, 13, 19, 28, 42, 63, 120};
  return static_cast<size_t>(std::lower_bound(kUpTo.begin(), kUpTo.end(), letters) - kUpTo.begin());
}

Model Model::open(const std::string& path) {
  Model model;
  model.file_ = MappedFile::open(path, sizeof(Header), kFileBytesMax);
  model.bytes_ = model.file_.bytes();
  model.check(path);
  return model;
}

Model Model::view(std::span<const std::byte> bytes, std::string name) {
  Model model;
  model.bytes_ = bytes;
  if (bytes.size() < sizeof(Header)) damaged_model(name, "it is shorter than its header");
  model.check(name);
  return model;
}

void Model::check(const std::string& name) {
  Header header;
  std::memcpy(&header, bytes_.data(), sizeof header);
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0) damaged_model(name, "it is no language model");
  if (header.version != kVersion || header.header_bytes != sizeof(Header)) {
    throw Failure(DM_FAILED_PRECONDITION, "model " + name + ": needed format version " + std::to_string(kVersion) +
                                              ", found " + std::to_string(header.version) + "; train it again");
  }
  if (header.header_checksum != checksum(bytes_.first(offsetof(Header, header_checksum)))) {
    damaged_model(name, "its header is damaged");
  }
  if (header.file_bytes != bytes_.size()) {
    damaged_model(name,
                  "needed " + std::to_string(header.file_bytes) + " bytes, found " + std::to_string(bytes_.size()));
  }
  if (header.body_checksum != checksum(bytes_.subspan(sizeof(Header))))
    damaged_model(name, "its checksum does not match");

  const uint64_t classes_bytes = uint64_t{header.class_count} * sizeof(Class);
  const uint64_t families_at = sizeof(Header) + classes_bytes;
  if (!inside(sizeof(Header), classes_bytes, bytes_.size()) ||
      !inside(families_at, uint64_t{header.family_count} * sizeof(FamilyRecord), bytes_.size()) ||
      header.family_count > 254) {
    damaged_model(name, "its tables lie outside the file");
  }
  classes_ = {reinterpret_cast<const Class*>(bytes_.data() + sizeof(Header)), header.class_count};
  families_ = {reinterpret_cast<const FamilyRecord*>(bytes_.data() + families_at), header.family_count};
  for (const Class& c : classes_) {
    if (!sane_class(c) || !valid_code(c)) damaged_model(name, "a language has an impossible code or number");
  }
  for (size_t i = 0; i < families_.size(); ++i) {
    check_family(bytes_, families_[i], header.class_count, name);
    family_of_script_[find_script({families_[i].script, 4})] = static_cast<uint8_t>(i + 1);
  }
}

const FamilyRecord* Model::find_family(Script family) const {
  const uint8_t number = family_of_script_[family];
  return number == 0 ? nullptr : &families_[number - 1];
}

void Model::score(const FamilyRecord& family, std::u32string_view words, Scores* scores) const {
  const auto places = static_cast<float>(ngram_places(words));
  const std::span<const Class> classes = classes_of(family);
  scores->fill(0);
  if (family.order_max > 0) {
    const Table table(bytes_, family);
    Batch batch(table, scores);
    for (size_t end = 1; end < words.size(); ++end) {
      visit_ngrams_at(words, end, family.order_max, [&](uint64_t hash, unsigned order) { batch.add(hash, order); });
    }
  }
  for (size_t i = 0; i < classes.size(); ++i) (*scores)[i] += classes[i].per_place * places;
}

// ---- writing ----

namespace {

// A bucket's records are then one or two cache lines.
constexpr size_t kNgramsPerBucket = 8;

class Image {
 public:
  size_t size() const { return bytes_.size(); }
  void append(const void* data, size_t size) {
    const auto* from = static_cast<const std::byte*>(data);
    bytes_.insert(bytes_.end(), from, from + size);
  }
  template <class T>
  void append_all(const std::vector<T>& items) {
    append(items.data(), items.size() * sizeof(T));
  }
  uint64_t align() {
    bytes_.resize(align8(bytes_.size()));
    return bytes_.size();
  }
  void write_at(size_t at, const void* data, size_t size) { std::memcpy(bytes_.data() + at, data, size); }
  std::vector<std::byte>& bytes() { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

// Weights become one signed byte; the largest of an order decides its scale.
std::array<float, kOrderMax> scales_of(const std::vector<Weight>& weights) {
  std::array<float, kOrderMax> scale{};
  for (const Weight& w : weights) scale[w.order - 1] = std::max(scale[w.order - 1], std::abs(w.weight));
  for (float& s : scale) s /= 127;
  return scale;
}

// The tables of one family while they are built, bucket after bucket.
class TableWriter {
 public:
  TableWriter(size_t class_count, const std::array<float, kOrderMax>& scale)
      : class_count_(class_count), scale_(scale) {}

  // All weights of one n-gram.
  void add(std::span<const Weight> ngram) {
    classes_.clear();
    values_.clear();
    for (const Weight& w : ngram) {
      const int8_t value = quantised(w);
      if (value == 0) continue;
      classes_.push_back(w.cls);
      values_.push_back(value);
    }
    if (classes_.empty()) return;
    const uint16_t fingerprint = fingerprint_of(ngram.front().hash);
    append(&fingerprint, 2);
    if (2 * classes_.size() + 3 >= class_count_ + 7) {
      add_dense();
    } else {
      records_.push_back(static_cast<uint8_t>(classes_.size()));
      append(classes_.data(), classes_.size());
      append(values_.data(), values_.size());
    }
  }
  void end_bucket() { ends_.push_back(static_cast<uint32_t>(records_.size())); }

  const std::vector<uint32_t>& ends() const { return ends_; }
  const std::vector<uint8_t>& records() const { return records_; }
  const std::vector<int8_t>& dense() const { return dense_; }

 private:
  int8_t quantised(const Weight& w) const {
    const float scale = scale_[w.order - 1];
    return scale > 0 ? static_cast<int8_t>(std::lround(w.weight / scale)) : int8_t{0};
  }
  void add_dense() {
    records_.push_back(0);
    const auto row = static_cast<uint32_t>(dense_.size() / class_count_);
    append(&row, 4);
    dense_.resize(dense_.size() + class_count_);
    for (size_t i = 0; i < classes_.size(); ++i) dense_[row * class_count_ + classes_[i]] = values_[i];
  }
  void append(const void* data, size_t size) {
    const auto* from = static_cast<const uint8_t*>(data);
    records_.insert(records_.end(), from, from + size);
  }

  const size_t class_count_;
  const std::array<float, kOrderMax> scale_;
  std::vector<uint32_t> ends_;
  std::vector<uint8_t> records_;
  std::vector<int8_t> dense_;
  std::vector<uint8_t> classes_;
  std::vector<int8_t> values_;
};

size_t distinct_hashes(const std::vector<Weight>& weights) {
  size_t count = 0;
  for (size_t i = 0; i < weights.size(); ++i) count += i == 0 || weights[i].hash != weights[i - 1].hash;
  return count;
}

void append_family(const FamilyWeights& family, FamilyRecord* record, Image* image) {
  record->order_max = family.order_max;
  record->temperature = family.temperature;
  if (family.order_max == 0) return;
  record->scale = scales_of(family.weights);
  record->bucket_bits = static_cast<uint32_t>(std::bit_width(distinct_hashes(family.weights) / kNgramsPerBucket));
  TableWriter table(family.classes.size(), record->scale);
  size_t at = 0;
  for (uint64_t bucket = 0; bucket < uint64_t{1} << record->bucket_bits; ++bucket) {
    while (at < family.weights.size() && bucket_of(family.weights[at].hash, record->bucket_bits) == bucket) {
      size_t end = at + 1;
      while (end < family.weights.size() && family.weights[end].hash == family.weights[at].hash) ++end;
      table.add({&family.weights[at], end - at});
      at = end;
    }
    table.end_bucket();
  }
  record->buckets_at = image->align();
  image->append_all(table.ends());
  record->records_at = image->align();
  record->records_bytes = table.records().size();
  image->append_all(table.records());
  record->dense_at = image->align();
  record->dense_rows = static_cast<uint32_t>(table.dense().size() / family.classes.size());
  image->append_all(table.dense());
}

}  // namespace

size_t encoded_bytes(size_t ngrams, size_t weights) {
  constexpr size_t kPerNgram = 3, kPerBucket = 4;
  return 2 * weights + kPerNgram * ngrams + kPerBucket * (size_t{1} << std::bit_width(ngrams / kNgramsPerBucket));
}

std::vector<std::byte> encode_model(const std::vector<FamilyWeights>& families) {
  Header header;
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.version = kVersion;
  header.header_bytes = sizeof(Header);
  header.family_count = static_cast<uint32_t>(families.size());
  std::vector<FamilyRecord> records(families.size());
  Image image;
  image.append(&header, sizeof header);
  for (size_t i = 0; i < families.size(); ++i) {
    records[i].first_class = header.class_count;
    records[i].class_count = static_cast<uint32_t>(families[i].classes.size());
    std::memcpy(records[i].script, script_name(families[i].script).data(), 4);
    header.class_count += records[i].class_count;
    image.append_all(families[i].classes);
  }
  const size_t records_at = image.size();
  image.append_all(records);
  for (size_t i = 0; i < families.size(); ++i) append_family(families[i], &records[i], &image);
  image.write_at(records_at, records.data(), records.size() * sizeof(FamilyRecord));
  image.align();
  header.file_bytes = image.size();
  image.write_at(0, &header, sizeof header);
  seal_model(image.bytes());
  return std::move(image.bytes());
}

void seal_model(std::span<std::byte> bytes) {
  Header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  header.body_checksum = checksum(bytes.subspan(sizeof(Header)));
  header.header_checksum = checksum(std::as_bytes(std::span(&header, 1)).first(offsetof(Header, header_checksum)));
  std::memcpy(bytes.data(), &header, sizeof header);
}

}  // namespace dormouse::language
