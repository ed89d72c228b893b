# Texts and intents of a BIO file ("# intent = NAME", "token<TAB>tag" lines, an empty line after each text) as rows of
# text, intent and split for nlu-intent:
#   awk -v split_name=train -f bench/bio_to_tsv.awk FILE.bio > rows.tsv
# split_name: of all rows; "tenth": every tenth text is `val`, the same in files that are translations of each other.
function end_of_text() {
  if (text != "" && intent != "") {
    split_of_row = split_name != "tenth" ? split_name : count % 10 == 9 ? "val" : "train"
    print text "\t" intent "\t" split_of_row
    ++count
  }
  text = ""
  intent = ""
}
BEGIN { FS = "\t"; print "text\tintent\tsplit" }
FNR == 1 { end_of_text(); count = 0 }
/^# intent/ { sub(/^# intent *[=:] */, ""); intent = $0; next }
/^#/ && NF == 1 { next }
/^[ \t\r]*$/ { end_of_text(); next }
{ text = text == "" ? $1 : text " " $1 }
END { end_of_text() }
