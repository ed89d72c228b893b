#include "support/live/tiny_language.h"

#include <sstream>

#include "support/live/tiny_model.h"

namespace dormouse {
namespace {

// Columns as the training asks for; 30 rows a language come from recombining their halves.
constexpr const char* kEnglish[] = {"the museum opens at nine",   "which train goes to the harbour",
                                    "my sister likes the sea",    "we would like to book a table",
                                    "there is snow on the hills", "what is the weather like today"};
constexpr const char* kGerman[] = {"das Museum öffnet um neun",    "welcher Zug fährt zum Hafen",
                                   "meine Schwester mag das Meer", "wir möchten einen Tisch bestellen",
                                   "auf den Bergen liegt Schnee",  "wie wird heute das Wetter"};
constexpr const char* kSpanish[] = {"el museo abre a las nueve",    "qué tren va al puerto",
                                    "a mi hermana le gusta el mar", "queremos reservar una mesa",
                                    "hay nieve en las montañas",    "qué tiempo hace hoy"};

template <size_t N>
void write_rows(std::ostream& file, const char* code, const char* const (&sentences)[N]) {
  for (const char* first : sentences)
    for (const char* second : sentences)
      if (first != second) file << code << "\t" << first << ", " << second << "\n";
}

}  // namespace

void train_tiny_language(LiveRegistry& host, const Component& component) {
  std::ostringstream rows;
  rows << "lang\ttext\n";
  write_rows(rows, "eng", kEnglish);
  write_rows(rows, "deu", kGerman);
  write_rows(rows, "spa", kSpanish);
  train_tiny_model(host, component, rows.str());
}

}  // namespace dormouse
