#!/usr/bin/env python3
"""Makes examples/data/language-id/language-id.tsv.zst from the files of its two sources.

  prepare_data.py SIB200_TRAIN.tsv NTREX128.tsv > language-id.tsv && zstd -19 --long=27 language-id.tsv

SIB200_TRAIN.tsv has the columns lang, id, topic, text; NTREX128.tsv has lang, line, text. What is changed, and why, stands in
the README beside the result.
"""
import collections
import sys

# NTREX's codes that are not the language part of a SIB-200 code.
NTREX_CODES = {
    "arb": "arb_Arab", "aze-Latn": "azj_Latn", "ckb-Arab": "ckb_Arab", "div": "div_Thaa",
    "eng-GB": "eng_Latn", "eng-IN": "eng_Latn", "eng-US": "eng_Latn", "fas": "pes_Arab", "fil": "tgl_Latn",
    "fra-CA": "fra_Latn", "fuc": "fuc_Latn", "gsw-BE": "gsw_Latn", "gsw-ZH": "gsw_Latn", "hmn": "hmn_Latn",
    "lav": "lvs_Latn", "mey": "mey_Arab", "mlg": "plt_Latn", "mon": "khk_Cyrl", "msa": "zsm_Latn",
    "nde": "nde_Latn", "nep": "npi_Deva", "nso": "sot_Latn", "orm": "gaz_Latn", "por-BR": "por_Latn",
    "pus": "pbt_Arab", "shi": "shi_Arab", "sna-Latn": "sna_Latn", "snd-Arab": "snd_Arab",
    "spa-MX": "spa_Latn", "sqi": "als_Latn", "srp-Cyrl": "srp_Cyrl", "srp-Latn": "srp_Latn",
    "swa": "swh_Latn", "tah": "tah_Latn", "tgk-Cyrl": "tgk_Cyrl", "ton": "ton_Latn", "uzb": "uzn_Latn",
    "ven": "ven_Latn", "yue": "yue_Hant", "zho-CN": "zho_Hans", "zho-TW": "zho_Hant",
}

# Weight 1: state languages, and languages of ten million speakers that are regularly written. An entry without a
# script stands for all scripts of the language that are not named below.
COMMON = """
afr als amh arb_Arab asm azj bel ben bod bos bul cat ces ckb cym dan deu dzo ell eng epo est eus fin fra gaz
gle glg guj hat hau heb hin hrv hun hye ibo ind isl ita jav jpn kan kat kaz khk khm kin kir kmr kor lao lit
ltz lug lvs mal mar mkd mlt mri mya nld nno nob npi nso nya ory pan pbt pes plt pol por ron run rus sin slk
slv smo sna snd som sot spa srp ssw sun swe swh tam tat tel tgk tgl tha tir tsn tso tuk tur ukr urd uzn ven
vie wol xho yor zho zsm zul div lin
""".split()

# Weight 0.0025: written mostly as a larger neighbour is, or seldom written in this script.
RARE = """
ace_Arab bjn_Arab min_Arab knc_Arab kas_Arab kas_Deva taq_Latn taq_Tfng arb_Latn acm acq aeb ajp apc ars ary
arz mey shi prs azb awa hne mag dik nus bug bjn_Latn ltg szl lmo lij vec cjk kam kmb umb kbp knc_Latn fuv fuc
dyu kac mni nde nqo
""".split()

# All others: regularly written, by fewer people.
WEIGHTS = {"common": "1", "other": "0.05", "rare": "0.0025"}


def weight_of(label):
    code = label[:3]
    if label in COMMON or (code in COMMON and label not in RARE):
        return WEIGHTS["common"]
    return WEIGHTS["rare" if label in RARE or code in RARE else "other"]


def read_rows(path):
    with open(path, encoding="utf-8", newline="\n") as lines:
        header = next(lines).rstrip("\n").split("\t")
        for line in lines:
            yield dict(zip(header, line.rstrip("\n").split("\t")))


def collect(sib_path, ntrex_path):
    rows = collections.defaultdict(list)
    for row in read_rows(sib_path):
        if row["lang"] != "yue_Hant":  # written Chinese, no Cantonese
            rows[row["lang"]].append(("s", int(row["id"]), row["text"]))
    labels = {label[:3]: label for label in sorted(rows)}
    for row in read_rows(ntrex_path):
        label = NTREX_CODES.get(row["lang"]) or labels[row["lang"]]
        rows[label].append(("n", int(row["line"]), row["text"]))
    return rows


def main():
    rows = collect(sys.argv[1], sys.argv[2])
    out = open(sys.stdout.fileno(), "w", encoding="utf-8", newline="\n", closefd=False)
    out.write("lang\tid\tweight\ttext\n")
    for label in sorted(rows):
        seen = set()
        for source, number, text in sorted(rows[label], key=lambda r: (r[0] != "s", r[1])):
            text = " ".join(text.split())
            if text and text not in seen:
                seen.add(text)
                out.write(f"{label}\t{source}{number}\t{weight_of(label)}\t{text}\n")


if __name__ == "__main__":
    main()
