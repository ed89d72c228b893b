// How often nlu-language and CLD2 name the right language, side by side, and how long they take.
//   language_accuracy MODEL FILE.tsv[.zst] ...
// Each file has a header with columns lang and text, and perhaps kind (words, pairs, sentences); without it the file's
// name is the kind, or that of the folder of a file named dev. Accuracy is averaged over languages, so a language with
// many rows counts no more than one with few.
#include <zstd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "cld2.h"
#include "detector.h"
#include "model.h"
#include "support/figures.h"

namespace {

using dormouse::language::Detector;
using dormouse::language::Model;
namespace bench = dormouse::bench;

struct Text {
  std::string kind, language, text;
};

// Test sets name macrolanguages where the detectors name what they were trained on.
std::string comparable(std::string_view code) {
  static const std::map<std::string_view, std::string_view> macro = {
      {"arb", "ara"}, {"azj", "aze"}, {"cmn", "zho"}, {"gaz", "orm"}, {"khk", "mon"}, {"lvs", "lav"},
      {"npi", "nep"}, {"ory", "ori"}, {"pbt", "pus"}, {"pes", "fas"}, {"plt", "mlg"}, {"swh", "swa"},
      {"uzn", "uzb"}, {"ydd", "yid"}, {"zsm", "msa"}, {"als", "sqi"},
  };
  const auto at = macro.find(code.substr(0, 3));
  return std::string(at == macro.end() ? code.substr(0, 3) : at->second);
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + " cannot be read");
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!path.ends_with(".zst")) return bytes;
  const auto size = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > (1u << 30)) {
    throw std::runtime_error(path + ": no archive, or one that does not tell its size");
  }
  std::string out(size, '\0');
  if (ZSTD_isError(ZSTD_decompress(out.data(), out.size(), bytes.data(), bytes.size()))) {
    throw std::runtime_error(path + ": the archive is damaged");
  }
  return out;
}

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(by, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

void read_texts(const std::string& path, std::vector<Text>* texts) {
  const std::string content = content_of(path);
  const std::vector<std::string_view> lines = split(content, '\n');
  const std::vector<std::string_view> header = split(lines.front(), '\t');
  const auto column = [&](std::string_view name) {
    return static_cast<size_t>(std::find(header.begin(), header.end(), name) - header.begin());
  };
  const size_t lang = column("lang"), text = column("text"), kind = column("kind");
  if (lang == header.size() || text == header.size()) throw std::runtime_error(path + ": needed columns lang and text");
  std::string name = std::filesystem::path(path).filename().string();
  name = name.substr(0, name.find('.'));
  if (name == "dev") name = std::filesystem::path(path).parent_path().filename().string();
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string_view> fields = split(lines[i], '\t');
    if (fields.size() < header.size()) continue;
    const std::string_view of_kind = kind < fields.size() ? fields[kind] : std::string_view(name);
    texts->push_back({std::string(of_kind), comparable(fields[lang]), std::string(fields[text])});
  }
}

int64_t cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

// One engine's answers to all texts.
struct Answers {
  std::vector<bool> right;
  std::vector<double> confidence;
  std::vector<int64_t> ns;
  std::set<std::string> languages;  // named rightly at least once
};

template <class Detect>
Answers ask(const std::vector<Text>& texts, Detect detect) {
  Answers answers;
  for (const Text& text : texts) {
    const int64_t before = cpu_ns();
    const auto [code, confidence] = detect(text.text);
    answers.ns.push_back(cpu_ns() - before);
    const bool right = comparable(code) == text.language;
    answers.right.push_back(right);
    answers.confidence.push_back(confidence);
    if (right) answers.languages.insert(text.language);
  }
  return answers;
}

// Per cent right, averaged over those languages of `kind` that are in `among`.
double accuracy(const std::vector<Text>& texts, const Answers& answers, const std::string& kind,
                const std::set<std::string>& among, size_t* languages) {
  std::map<std::string, std::pair<double, double>> counts;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].kind != kind || !among.count(texts[i].language)) continue;
    counts[texts[i].language].first += answers.right[i];
    ++counts[texts[i].language].second;
  }
  double sum = 0;
  for (const auto& [language, count] : counts) sum += count.first / count.second;
  *languages = counts.size();
  return counts.empty() ? 0 : 100 * sum / static_cast<double>(counts.size());
}

double microseconds(std::vector<int64_t> ns, double quantile) {
  if (ns.empty()) return 0;
  const auto at = ns.begin() + static_cast<ptrdiff_t>(quantile * static_cast<double>(ns.size() - 1));
  std::nth_element(ns.begin(), at, ns.end());
  return static_cast<double>(*at) / 1000;
}

std::string timing(const std::vector<Text>& texts, const Answers& answers, const std::string& kind) {
  std::vector<int64_t> ns;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].kind == kind) ns.push_back(answers.ns[i]);
  }
  char line[64];
  std::snprintf(line, sizeof line, "%5.1f / %5.1f", microseconds(ns, 0.5), microseconds(ns, 0.99));
  return line;
}

// How sure it is of itself and how often right: equal when the confidence is a probability.
void print_confidence(const std::vector<Text>& texts, const Answers& answers, const std::string& kind) {
  double sure = 0, right = 0, count = 0;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].kind != kind) continue;
    sure += answers.confidence[i];
    right += answers.right[i];
    ++count;
  }
  std::printf("  %-14s mean confidence %.3f, right %.3f\n", kind.c_str(), sure / count, right / count);
  bench::figure("language-confidence", kind, "mean confidence", sure / count, 2, {kind, "dev"});
  bench::figure("language-confidence", kind, "right", right / count, 2, {kind, "dev"});
}

void report(const std::vector<Text>& texts, const Answers& ngram, const Answers& cld2,
            const std::set<std::string>& known) {
  std::set<std::string> kinds, all;
  for (const Text& text : texts) {
    kinds.insert(text.kind);
    all.insert(text.language);
  }
  struct Group {
    const char *title, *table;
    const std::set<std::string>* languages;
  };
  const Group groups[] = {
      {"all languages of the file", "language", &all},
      {"languages the model knows", "language-known", &known},
      {"languages CLD2 names rightly at least once", "language-cld2", &cld2.languages},
  };
  for (const auto& [title, table, group] : groups) {
    std::printf("%s\n  %-14s %9s %8s %8s\n", title, "", "languages", "n-grams", "CLD2");
    for (const std::string& kind : kinds) {
      size_t languages = 0;
      const double ours = accuracy(texts, ngram, kind, *group, &languages);
      const double theirs = accuracy(texts, cld2, kind, *group, &languages);
      std::printf("  %-14s %9zu %8.2f %8.2f\n", kind.c_str(), languages, ours, theirs);
      const bench::Source source{kind, "dev"};
      bench::figure(table, kind, "languages", static_cast<double>(languages), 0, source);
      bench::figure(table, kind, "nlu-language", ours, 1, source);
      bench::figure(table, kind, "CLD2", theirs, 1, source);
    }
  }
  std::printf("microseconds of processor time, median / 99th of 100\n");
  for (const std::string& kind : kinds) {
    std::printf("  %-14s n-grams %s   CLD2 %s\n", kind.c_str(), timing(texts, ngram, kind).c_str(),
                timing(texts, cld2, kind).c_str());
  }
  std::printf("n-grams' confidence\n");
  for (const std::string& kind : kinds) print_confidence(texts, ngram, kind);
}

double load_milliseconds(const std::string& path) {
  double best = 1e9;
  for (int i = 0; i < 5; ++i) {
    const auto start = std::chrono::steady_clock::now();
    Model::open(path);
    best = std::min(best, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s MODEL FILE.tsv[.zst] ...\n", argv[0]);
    return 2;
  }
  try {
    std::printf("load, best of 5: %.2f ms\n", load_milliseconds(argv[1]));
    const Model model = Model::open(argv[1]);
    const Detector detector(model, {}, 0);
    std::set<std::string> known;
    for (const auto& c : model.classes()) known.insert(comparable(c.code_view()));
    std::vector<Text> texts;
    for (int i = 2; i < argc; ++i) read_texts(argv[i], &texts);
    const Answers ngram = ask(texts, [&](const std::string& text) {
      const auto best = detector.detect(text, 3).best;
      return std::pair(best.code, best.confidence);
    });
    const Answers cld2 = ask(texts, [](const std::string& text) {
      const auto guesses = dormouse::cld2::detect(text);
      return std::pair(guesses.guess[0].code, guesses.guess[0].confidence);
    });
    report(texts, ngram, cld2, known);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
