#include "cld2.h"

// compact_lang_det.h uses FILE without including it.
#include <cstdio>

#include <cld2/internal/getonescriptspan.h>
#include <cld2/public/compact_lang_det.h>

#include <algorithm>
#include <iterator>

namespace dormouse::cld2 {
namespace {

struct Code {
  std::string_view cld2, iso;
};

// Sorted by CLD2's code. Where CLD2 names a macrolanguage, the individual code of what it was trained on, as the n-gram
// plugin answers it.
constexpr Code kCodes[] = {
    {"aa", "aar"},  {"ab", "abk"},  {"af", "afr"},  {"ak", "aka"},  {"am", "amh"},      {"ar", "arb"},  {"as", "asm"},
    {"ay", "ayr"},  {"az", "azj"},  {"ba", "bak"},  {"be", "bel"},  {"bg", "bul"},      {"bh", "bho"},  {"bi", "bis"},
    {"bn", "ben"},  {"bo", "bod"},  {"br", "bre"},  {"bs", "bos"},  {"ca", "cat"},      {"ceb", "ceb"}, {"chr", "chr"},
    {"co", "cos"},  {"crs", "crs"}, {"cs", "ces"},  {"cy", "cym"},  {"da", "dan"},      {"de", "deu"},  {"dv", "div"},
    {"dz", "dzo"},  {"ee", "ewe"},  {"el", "ell"},  {"en", "eng"},  {"eo", "epo"},      {"es", "spa"},  {"et", "est"},
    {"eu", "eus"},  {"fa", "pes"},  {"fi", "fin"},  {"fj", "fij"},  {"fo", "fao"},      {"fr", "fra"},  {"fy", "fry"},
    {"ga", "gle"},  {"gaa", "gaa"}, {"gd", "gla"},  {"gl", "glg"},  {"gn", "grn"},      {"gu", "guj"},  {"gv", "glv"},
    {"ha", "hau"},  {"haw", "haw"}, {"hi", "hin"},  {"hmn", "hmn"}, {"hr", "hrv"},      {"ht", "hat"},  {"hu", "hun"},
    {"hy", "hye"},  {"ia", "ina"},  {"id", "ind"},  {"ie", "ile"},  {"ig", "ibo"},      {"ik", "ipk"},  {"is", "isl"},
    {"it", "ita"},  {"iu", "iku"},  {"iw", "heb"},  {"ja", "jpn"},  {"jw", "jav"},      {"ka", "kat"},  {"kha", "kha"},
    {"kk", "kaz"},  {"kl", "kal"},  {"km", "khm"},  {"kn", "kan"},  {"ko", "kor"},      {"kri", "kri"}, {"ks", "kas"},
    {"ku", "kmr"},  {"ky", "kir"},  {"la", "lat"},  {"lb", "ltz"},  {"lg", "lug"},      {"lif", "lif"}, {"ln", "lin"},
    {"lo", "lao"},  {"loz", "loz"}, {"lt", "lit"},  {"lua", "lua"}, {"luo", "luo"},     {"lv", "lvs"},  {"mfe", "mfe"},
    {"mg", "plt"},  {"mi", "mri"},  {"mk", "mkd"},  {"ml", "mal"},  {"mn", "khk"},      {"mr", "mar"},  {"ms", "zsm"},
    {"mt", "mlt"},  {"my", "mya"},  {"na", "nau"},  {"ne", "npi"},  {"new", "new"},     {"nl", "nld"},  {"nn", "nno"},
    {"no", "nob"},  {"nr", "nbl"},  {"nso", "nso"}, {"ny", "nya"},  {"oc", "oci"},      {"om", "gaz"},  {"or", "ory"},
    {"os", "oss"},  {"pa", "pan"},  {"pam", "pam"}, {"pl", "pol"},  {"ps", "pbt"},      {"pt", "por"},  {"qu", "quy"},
    {"raj", "raj"}, {"rm", "roh"},  {"rn", "run"},  {"ro", "ron"},  {"ru", "rus"},      {"rw", "kin"},  {"sa", "san"},
    {"sco", "sco"}, {"sd", "snd"},  {"sg", "sag"},  {"si", "sin"},  {"sk", "slk"},      {"sl", "slv"},  {"sm", "smo"},
    {"sn", "sna"},  {"so", "som"},  {"sq", "als"},  {"sr", "srp"},  {"sr-ME", "cnr"},   {"ss", "ssw"},  {"st", "sot"},
    {"su", "sun"},  {"sv", "swe"},  {"sw", "swh"},  {"syr", "syr"}, {"ta", "tam"},      {"te", "tel"},  {"tg", "tgk"},
    {"th", "tha"},  {"ti", "tir"},  {"tk", "tuk"},  {"tl", "tgl"},  {"tn", "tsn"},      {"to", "ton"},  {"tr", "tur"},
    {"ts", "tso"},  {"tt", "tat"},  {"tum", "tum"}, {"tw", "twi"},  {"ug", "uig"},      {"uk", "ukr"},  {"ur", "urd"},
    {"uz", "uzn"},  {"ve", "ven"},  {"vi", "vie"},  {"vo", "vol"},  {"war", "war"},     {"wo", "wol"},  {"xh", "xho"},
    {"yi", "ydd"},  {"yo", "yor"},  {"za", "zha"},  {"zh", "zho"},  {"zh-Hant", "zho"}, {"zu", "zul"},
};

constexpr bool before(const Code& a, const Code& b) {
  return a.cld2 < b.cld2;
}
static_assert(std::is_sorted(std::begin(kCodes), std::end(kCodes), before));

// CLD2 tells no script; the first letter does, except where one language mixes or shares scripts.
std::string_view script_of(CLD2::Language language, std::string_view utf8) {
  if (language == CLD2::CHINESE) return "Hans";
  if (language == CLD2::CHINESE_T) return "Hant";
  if (language == CLD2::JAPANESE) return "Jpan";
  for (size_t i = 0; i + 4 <= utf8.size(); ++i) {  // the table reads up to four bytes
    if ((static_cast<unsigned char>(utf8[i]) & 0xC0) == 0x80) continue;
    const int script = CLD2::GetUTF8LetterScriptNum(utf8.data() + i);
    if (script > 0) return CLD2::ULScriptCode(static_cast<CLD2::ULScript>(script));
  }
  return "Zyyy";
}

}  // namespace

std::string_view iso_639_3(std::string_view cld2_code) {
  const Code* at = std::lower_bound(std::begin(kCodes), std::end(kCodes), Code{cld2_code, {}}, before);
  return at != std::end(kCodes) && at->cld2 == cld2_code ? at->iso : std::string_view();
}

Guesses detect(std::string_view utf8) {
  if (utf8.size() > kTextBytesMax) {
    utf8 = utf8.substr(0, kTextBytesMax);
    while (!utf8.empty() && (static_cast<unsigned char>(utf8.back()) & 0xC0) == 0x80) utf8.remove_suffix(1);
    if (!utf8.empty() && static_cast<unsigned char>(utf8.back()) >= 0xC0) utf8.remove_suffix(1);
  }
  CLD2::Language languages[3] = {CLD2::UNKNOWN_LANGUAGE, CLD2::UNKNOWN_LANGUAGE, CLD2::UNKNOWN_LANGUAGE};
  int percent[3] = {}, text_bytes = 0;
  double scores[3] = {};
  bool reliable = false;
  CLD2::ExtDetectLanguageSummary(utf8.data(), static_cast<int>(utf8.size()), true, nullptr, 0, languages, percent,
                                 scores, nullptr, &text_bytes, &reliable);
  Guesses guesses;
  for (int i = 0; i < 3; ++i) {
    const std::string_view code = iso_639_3(CLD2::LanguageCode(languages[i]));
    if (code.empty()) continue;
    guesses.guess[guesses.size++] = {code, script_of(languages[i], utf8), percent[i] / 100.0 * (reliable ? 1 : 0.5)};
  }
  return guesses;
}

}  // namespace dormouse::cld2
