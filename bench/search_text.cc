// What a search over texts is worth, part by part: words (BM25), meanings (LSA), both joined by rank, and without
// repetition; on public questions with known answers, and how fast each part is.
//   search_text_bench DATA PASSAGES.tsv WORK      DATA: a folder with medquad-retrieval and xquad-r as published
// Development questions alone, titles left out ("text only") unless said. Nothing here asserts: figures are for
// README.md.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "documents.h"
#include "dormouse/plugin.hpp"
#include "model.h"
#include "nlu/lines.h"
#include "nlu/rows.h"
#include "rank.h"
#include "support/figures.h"
#include "trainer.h"

namespace {

using namespace dormouse;
using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

constexpr size_t kDepth = 100;  // of each list
const text_search::CheckCancelled kGoOn = [] {};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Set {
  std::string name;
  std::string data, measured;  // of its figures: where the texts are from, and what columns of a table begin with
  std::vector<text_search::Document> documents;
  std::vector<std::pair<std::string, std::string>> questions;  // id, text
  std::map<std::string, std::map<std::string, int>> right;     // question, document, grade
  std::string language = "english";
};

void read(const std::string& path, std::vector<nlu::Column> columns, const std::function<void(const nlu::Row&)>& row) {
  nlu::read_rows(path, columns, nlu::OtherColumns::ignored, row, [](uint64_t, uint64_t) {});
}

void read_right(const std::string& path, const std::function<std::string(const std::string&)>& id, Set* set) {
  nlu::Lines lines(path);
  while (const auto line = lines.next()) {
    std::vector<std::string> fields(1);
    for (const char c : *line) {
      if (c == '\t') {
        fields.emplace_back();
      } else {
        fields.back().push_back(c);
      }
    }
    const std::string document = id(fields.at(2));
    if (!document.empty()) set->right[fields[0]][document] = std::stoi(fields.at(3));
  }
}

Set medquad(const std::string& data, const std::string& passages, bool titles) {
  Set set;
  set.data = "medquad-retrieval";
  set.measured = titles ? "title and text" : "text";
  set.name = titles ? "MedQuAD, title and text" : "MedQuAD, text only";
  read(passages, {{"id"}, {"title", false}, {"text"}}, [&](const nlu::Row& row) {
    set.documents.push_back(
        {{true, 0, std::string(row[0])}, titles ? std::string(row[1]) : "", std::string(row[2]), ""});
  });
  read(data + "/medquad-retrieval/queries.dev.tsv", {{"qid"}, {"text"}},
       [&](const nlu::Row& row) { set.questions.emplace_back(row[0], row[1]); });
  read_right(
      data + "/medquad-retrieval/qrels.dev.tsv", [](const std::string& id) { return id; }, &set);
  return set;
}

// The 1,180 or so sentences of one language, or its 240 paragraphs.
Set xquad(const std::string& data, const std::string& language, const std::string& stems, bool paragraphs) {
  Set set;
  set.data = "xquad-r";
  set.measured = language + (paragraphs ? " paragraphs" : " sentences");
  set.name = "XQuAD-R " + language + (paragraphs ? ", paragraphs" : ", sentences");
  set.language = stems;
  read(data + (paragraphs ? "/xquad-r/paragraphs.tsv.zst" : "/xquad-r/candidates.tsv.zst"),
       {{paragraphs ? "para_id" : "cand_id"}, {"lang"}, {paragraphs ? "text" : "sentence"}}, [&](const nlu::Row& row) {
         if (row[1] == language) set.documents.push_back({{true, 0, std::string(row[0])}, "", std::string(row[2]), ""});
       });
  read(data + "/xquad-r/questions.dev.tsv", {{"qid"}, {"lang"}, {"question"}}, [&](const nlu::Row& row) {
    if (row[1] == language) set.questions.emplace_back(row[0], row[2]);
  });
  read_right(
      data + "/xquad-r/qrels.dev.tsv",
      [&](const std::string& id) {
        if (id.substr(0, 3) != language + "-") return std::string();
        return paragraphs ? id.substr(0, id.rfind('-')) : id;
      },
      &set);
  return set;
}

// Two letters of each word of five or more change places: what fingers do.
std::string mistyped(const std::string& text) {
  std::string out = text;
  size_t begin = 0;
  for (size_t i = 0; i <= out.size(); ++i) {
    if (i < out.size() && std::isalpha(static_cast<unsigned char>(out[i])) != 0) continue;
    if (i - begin >= 5) std::swap(out[begin + (i - begin) / 2], out[begin + (i - begin) / 2 + 1]);
    begin = i + 1;
  }
  return out;
}

using Ranking = std::vector<std::string>;

struct Scores {
  double ndcg = 0, mrr = 0, recall10 = 0, recall100 = 0;
};

Scores score(const Set& set, const std::vector<Ranking>& rankings) {
  Scores sum;
  for (size_t q = 0; q < set.questions.size(); ++q) {
    const auto& right = set.right.at(set.questions[q].first);
    std::vector<int> grades;
    for (const auto& [document, grade] : right) grades.push_back(grade);
    std::sort(grades.rbegin(), grades.rend());
    double ideal = 0, gain = 0, first = 0, in10 = 0, in100 = 0;
    for (size_t i = 0; i < std::min<size_t>(grades.size(), 10); ++i) ideal += grades[i] / std::log2(i + 2.0);
    for (size_t i = 0; i < std::min(rankings[q].size(), kDepth); ++i) {
      const auto at = right.find(rankings[q][i]);
      if (at == right.end()) continue;
      if (i < 10) gain += at->second / std::log2(i + 2.0);
      if (first == 0) first = 1.0 / static_cast<double>(i + 1);
      in10 += i < 10;
      in100 += 1;
    }
    sum.ndcg += gain / ideal;
    sum.mrr += first;
    sum.recall10 += in10 / static_cast<double>(grades.size());
    sum.recall100 += in100 / static_cast<double>(grades.size());
  }
  const auto n = static_cast<double>(set.questions.size());
  return {sum.ndcg / n, sum.mrr / n, sum.recall10 / n, sum.recall100 / n};
}

// MedQuAD has several right passages of two grades, XQuAD-R one for each question.
void print(const Set& set, const char* part, const Scores& s) {
  std::printf("  %-34s %7.4f %7.4f %7.4f %7.4f\n", part, s.ndcg, s.mrr, s.recall10, s.recall100);
  std::fflush(stdout);
  const bool graded = set.data == "medquad-retrieval";
  const bench::Source source{set.data, "dev"};
  const char* first = graded ? " nDCG@10" : " MRR";
  bench::figure("search", part, set.measured + first, graded ? s.ndcg : s.mrr, 3, source);
  bench::figure("search", part, set.measured + " recall@100", s.recall100, 3, source);
}

// One set with its indexes.
class Search {
 public:
  Search(const Set& set, const std::string& work) : set_(set) {
    fs::remove_all(work);
    fs::create_directories(work);
    text_search::DocumentsOptions options;
    options.tokens.language = set.language;
    const auto start = Clock::now();
    words_ = std::make_unique<text_search::Documents>(work, options, kGoOn);
    constexpr size_t kAtOnce = 500;
    for (size_t first = 0; first < set.documents.size(); first += kAtOnce) {
      const auto end = set.documents.begin() + static_cast<ptrdiff_t>(std::min(first + kAtOnce, set.documents.size()));
      words_->add("bench", {set.documents.begin() + static_cast<ptrdiff_t>(first), end}, kGoOn);
    }
    add_seconds_ = seconds_since(start);
    words_->save("bench", false, kGoOn);
    const text_search::Stats stats = words_->stats("bench");
    words_.reset();
    const auto opening = Clock::now();
    words_ = std::make_unique<text_search::Documents>(work, options, kGoOn);
    open_seconds_ = seconds_since(opening);
    std::printf("\n%s: %zu documents, %zu questions\n", set.name.c_str(), set.documents.size(), set.questions.size());
    std::printf("  words: %.0f documents/s added, opened in %.1f ms, %.1f MB in memory, snapshot %.1f MB, %zu terms\n",
                static_cast<double>(set.documents.size()) / add_seconds_, 1e3 * open_seconds_,
                static_cast<double>(stats.memory_bytes) / 1e6, static_cast<double>(stats.snapshot_bytes) / 1e6,
                stats.terms);
    train(work);
  }

  void report() {
    std::printf("  %-34s %7s %7s %7s %7s\n", "", "nDCG@10", "MRR@100", "R@10", "R@100");
    ask([](const std::string& text) { return text; });
    print(set_, "words (BM25)", score(set_, words_found_));
    print(set_, "meanings (LSA)", score(set_, meanings_found_));
    for (const double weight : {0.1, 0.3, 1.0}) {
      char name[64];
      std::snprintf(name, sizeof name, "joined, 1 : %.1f", weight);
      print(set_, name, score(set_, joined(10, weight)));
    }
    print(set_, "joined, 1 : 1, constant 60", score(set_, joined(60, 1)));
    const std::vector<Ranking> hybrid = joined(10, 0.3);
    for (const double lambda : {1.0, 0.9, 0.7, 0.5}) {
      const auto [rankings, similarity] = diverse(hybrid, lambda);
      char name[64];
      std::snprintf(name, sizeof name, "of 1 : 0.3, lambda %.1f", lambda);
      print(set_, name, score(set_, rankings));
      bench::figure("search", name, set_.measured + " similarity", similarity, 2, {set_.data, "dev"});
    }
  }

  // How the words are read is what matters most.
  void report_tokens(const std::string& work) {
    const std::pair<const char*, text_search::TokenOptions> ways[] = {
        {"neither stems nor stopwords", {"none", false}},
        {"stems", {set_.language, false}},
    };
    for (const auto& [name, tokens] : ways) {
      fs::remove_all(work + "/tokens");
      fs::create_directories(work + "/tokens");
      text_search::DocumentsOptions options;
      options.tokens = tokens;
      text_search::Documents documents(work + "/tokens", options, kGoOn);
      documents.add("bench", set_.documents, kGoOn);
      std::vector<Ranking> rankings;
      for (const auto& [id, text] : set_.questions) rankings.push_back(found(documents, text));
      print(set_, name, score(set_, rankings));
    }
  }

  void report_mistyped() {
    ask(mistyped);
    print(set_, "mistyped: words", score(set_, words_found_));
    print(set_, "mistyped: meanings", score(set_, meanings_found_));
    print(set_, "mistyped: joined, 1 : 0.3", score(set_, joined(10, 0.3)));
    print(set_, "mistyped: joined, 1 : 1", score(set_, joined(10, 1)));
  }

 private:
  void train(const std::string& work) {
    std::FILE* rows = std::fopen((work + "/rows.tsv").c_str(), "w");
    std::fputs("text\ttitle\n", rows);
    for (const text_search::Document& document : set_.documents)
      std::fprintf(rows, "%s\t%s\n", document.text.c_str(), document.title.c_str());
    std::fclose(rows);
    lsa::TrainOptions options;
    options.dev_share = 0;
    const lsa::TrainReport report =
        lsa::train({work + "/rows.tsv"}, work + "/model", options, [](double, const char*) {});
    const auto opening = Clock::now();
    model_ = std::make_unique<lsa::Model>(lsa::Model::open(work + "/model"));
    const double opened = seconds_since(opening);
    lsa::Scratch scratch;
    const size_t n = model_->dimension();
    vectors_.resize(set_.documents.size() * n);
    const auto start = Clock::now();
    for (size_t i = 0; i < set_.documents.size(); ++i) {
      places_[set_.documents[i].id.text] = i;
      model_->embed({set_.documents[i].text, set_.documents[i].title}, &scratch, &vectors_[i * n]);
    }
    std::printf("  meanings: learnt in %.1f s, %.1f MB, opened in %.1f ms, %.0f documents/s embedded\n", report.seconds,
                static_cast<double>(report.model_bytes) / 1e6, 1e3 * opened,
                static_cast<double>(set_.documents.size()) / seconds_since(start));
  }

  void ask(const std::function<std::string(const std::string&)>& as_typed) {
    words_found_.clear();
    meanings_found_.clear();
    std::vector<std::string> texts;
    for (const auto& [id, text] : set_.questions) texts.push_back(as_typed(text));
    auto start = Clock::now();
    for (const std::string& text : texts) words_found_.push_back(found(*words_, text));
    const double of_words = seconds_since(start);
    lsa::Scratch scratch;
    const size_t n = model_->dimension();
    std::vector<std::vector<float>> questions(texts.size(), std::vector<float>(n));
    start = Clock::now();
    for (size_t i = 0; i < texts.size(); ++i) model_->embed({texts[i]}, &scratch, questions[i].data());
    const double of_embedding = seconds_since(start);
    std::printf("  a question: words %.0f us, its vector %.1f us\n", 1e6 * of_words / static_cast<double>(texts.size()),
                1e6 * of_embedding / static_cast<double>(texts.size()));
    for (const std::vector<float>& vector : questions) meanings_found_.push_back(nearest(vector));
  }

  static Ranking found(text_search::Documents& documents, const std::string& text) {
    text_search::Question question;
    question.text = text;
    question.k = kDepth;
    question.with_text = false;
    Ranking ids;
    for (const text_search::Hit& hit : documents.search("bench", question, kGoOn)) ids.push_back(hit.document.id.text);
    return ids;
  }

  // Every document looked at; search-faiss is measured elsewhere.
  Ranking nearest(const std::vector<float>& vector) const {
    std::vector<std::pair<float, size_t>> all;
    for (size_t i = 0; i < set_.documents.size(); ++i) {
      float product = 0;
      for (size_t k = 0; k < vector.size(); ++k) product += vector[k] * vectors_[i * vector.size() + k];
      all.emplace_back(-product, i);
    }
    const size_t kept = std::min(kDepth, all.size());
    std::partial_sort(all.begin(), all.begin() + static_cast<ptrdiff_t>(kept), all.end());
    Ranking found;
    for (size_t i = 0; i < kept; ++i) found.push_back(set_.documents[all[i].second].id.text);
    return found;
  }

  std::vector<Ranking> joined(double constant, double weight) {
    std::vector<Ranking> out;
    scores_.clear();
    for (size_t q = 0; q < set_.questions.size(); ++q) {
      const std::vector<rank::RankedList> lists = {{words_found_[q], 1}, {meanings_found_[q], weight}};
      Ranking found;
      std::vector<double> scores;
      for (const rank::Fused& fused : rank::fuse(lists, constant, kDepth)) {
        found.push_back(lists[fused.list].keys[fused.position]);
        scores.push_back(fused.score);
      }
      out.push_back(std::move(found));
      scores_.push_back(std::move(scores));
    }
    return out;
  }

  // Ten of the twenty best, chosen by relevance and difference; and how similar two neighbouring of them are.
  std::pair<std::vector<Ranking>, double> diverse(const std::vector<Ranking>& rankings, double lambda) const {
    const size_t n = model_->dimension();
    std::vector<Ranking> out;
    double similarity = 0, pairs = 0;
    for (size_t q = 0; q < rankings.size(); ++q) {
      const size_t few = std::min<size_t>(20, rankings[q].size());
      std::vector<float> vectors;
      for (size_t i = 0; i < few; ++i) {
        const float* from = &vectors_[places_.at(rankings[q][i]) * n];
        vectors.insert(vectors.end(), from, from + n);
      }
      const std::vector<double> relevance(scores_[q].begin(), scores_[q].begin() + static_cast<ptrdiff_t>(few));
      const std::vector<size_t> chosen = rank::diversify(relevance, vectors.data(), n, lambda, 10);
      Ranking found;
      for (size_t i = 0; i < chosen.size(); ++i) {
        found.push_back(rankings[q][chosen[i]]);
        for (size_t other = 0; other < i; ++other, ++pairs) {
          for (size_t k = 0; k < n; ++k)
            similarity +=
                static_cast<double>(vectors[chosen[i] * n + k]) * static_cast<double>(vectors[chosen[other] * n + k]);
        }
      }
      out.push_back(std::move(found));
    }
    return {out, pairs > 0 ? similarity / pairs : 0};
  }

  const Set& set_;
  std::unique_ptr<text_search::Documents> words_;
  std::unique_ptr<lsa::Model> model_;
  std::vector<float> vectors_;
  std::map<std::string, size_t> places_;
  double add_seconds_ = 0, open_seconds_ = 0;
  std::vector<Ranking> words_found_, meanings_found_;
  std::vector<std::vector<double>> scores_;
};

void measure(const Set& set, const std::string& work, bool with_typos) {
  Search search(set, work);
  search.report();
  if (with_typos) {
    search.report_tokens(work);
    search.report_mistyped();
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: search_text_bench DATA PASSAGES.tsv[.zst] WORK\n");
    return 2;
  }
  const std::string data = argv[1], passages = argv[2], work = std::string(argv[3]) + "/search_text";
  try {
    const search::StoreLibrary library;
    if (fs::exists(data + "/medquad-retrieval")) {
      measure(medquad(data, passages, false), work, true);
      measure(medquad(data, passages, true), work, false);
    } else {
      std::printf("medquad-retrieval is not there\n");
    }
    if (fs::exists(data + "/xquad-r")) {
      measure(xquad(data, "en", "english", false), work, true);
      measure(xquad(data, "en", "english", true), work, false);
      measure(xquad(data, "de", "german", false), work, false);
      measure(xquad(data, "zh", "none", false), work, false);
      measure(xquad(data, "th", "none", false), work, false);
    } else {
      std::printf("xquad-r is not there\n");
    }
    fs::remove_all(work);
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "search_text_bench: %s\n", e.what());
    return 1;
  }
}
