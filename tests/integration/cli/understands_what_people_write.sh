#!/usr/bin/env bash
# The assistant on real sentences: language, intent beside entities, cold parts loading side by side.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
: "${BUILD:?}"
unset DORMOUSE_HOST__STATE_DIR
export XDG_STATE_HOME="$BUILD/demo-state" DORMOUSE_CONFIG="$SOURCE/configs/assistant.yaml" DORMOUSE_PLUGINS__PATH="$PLUGINS"
"$SOURCE/examples/data/train_assistant.sh" "$DORMOUSE"
start_host "$DORMOUSE_CONFIG"

# answer TEXT: keeps the answer in $SCRATCH/answer and its header in $SCRATCH/header.
answer() {
  ask -D "$SCRATCH/header" "$DATA/v1/pipelines/assistant" -d "$(jq -cn --arg text "$1" '{text: $text}')" > "$SCRATCH/answer"
}
field() { jq -cr "$1" "$SCRATCH/answer"; }
# entity TEXT...: "type text value" of each entity found.
entities() { field '.entities[] | "\(.type)=\(.text)=\(.value)"'; }

same "$("$DORMOUSE" ctl components --json | jq -c '[.. | .state? // empty] | unique')" '["absent"]'
answer 'what attractions are in Cairo?'
same "$(field '[.language.code, .intent.name, .intent.out_of_scope]')" '["eng","travel_suggestion",false]'
same "$(field '.entities[0] | [.type, .text, .start, .end]')" '["city","Cairo",24,29]'
# Whoever loads is told apart, and what is needed later began at the start: nobody waits for the sum.
grep -qi '^server-timing:.*language-cold;dur=' "$SCRATCH/header" || fail "$(cat "$SCRATCH/header")"
for component in nlu.language nlu.intent nlu.entities; do same "$(state_of "$component")" ready; done
expect 0 "$DORMOUSE" ctl events --after 0 --count 8
same "$(grep -c 'component.loading nlu' "$SCRATCH/out")" 3
says out 'cause=prefetch'

answer 'book a table for 4 people at an italian restaurant in Boston on 2026-12-03'
same "$(field .intent.name)" restaurant_reservation
entities > "$SCRATCH/out"
says out 'party_size_number=4=4' 'cuisine=italian=' 'city=Boston=' '=2026-12-03=2026-12-03'
! grep -qi '^server-timing:.*cold' "$SCRATCH/header" || fail "a warm request says that it was cold"

# What was understood before is known, and needs no model.
for component in nlu.language nlu.intent nlu.entities; do expect 0 "$DORMOUSE" ctl unload "$component" --wait 10s; done
answer 'book a table for 4 people at an italian restaurant in Boston on 2026-12-03'
same "$(field .intent.name)" restaurant_reservation
for stage in language intent entities; do
  grep -qi "^server-timing:.*$stage;dur=[0-9.]*;desc=\"cache hit in cache.memory\"" "$SCRATCH/header" || fail "$(cat "$SCRATCH/header")"
  same "$(state_of nlu.$stage)" unloaded
done

answer 'wake me up in 20 minutes'
same "$(field .intent.name)" timer
entities > "$SCRATCH/out"
says out '=in 20 minutes=PT20M'

answer 'Où se trouve la gare 日本 🚆 de Lyon ?'
same "$(field .language.code)" fra
same "$(field '.intent.out_of_scope')" true

answer ''
same "$(field '[.language.code, .entities]')" '["und",[]]'
# A megabyte of one letter, and of letters beyond the basic plane: bounded, and answered.
for letter in aaaa 𝒶; do
  # shellcheck disable=SC2046  # a word for each repetition
  { printf '{"text":"' && printf "$letter%.0s" $(seq 250000) && printf '"}'; } > "$SCRATCH/body"
  ask "$DATA/v1/pipelines/assistant" -d "@$SCRATCH/body" > "$SCRATCH/answer"
  same "$(field '.intent | has("name")')" true
  same "$(field '[.entities[] | select(.start < 0 or .end > 1000000 or .start >= .end)]')" '[]'
done
stop_host
same "$HOST_EXIT" 0

# The detected language says how numbers and dates are written: the same signs are another value. In a state folder with
# the model of the language alone, since learned slots come before the exact readings.
mkdir -p "$SCRATCH/state/models"
chmod -R 0700 "$SCRATCH/state"
cp -a "$XDG_STATE_HOME/dormouse/models/nlu.language" "$SCRATCH/state/models"
export DORMOUSE_HOST__STATE_DIR="$SCRATCH/state"
start_host "$DORMOUSE_CONFIG"
for component in nlu.language nlu.entities; do expect 0 "$DORMOUSE" ctl load "$component" --wait 30s; done
reads() {
  answer "$1"
  same "$(field .language.code)" "$2"
  same "$(field '[.entities[] | [.text, .value]]')" "$3"
}
reads 'Das Paket wiegt 1.500 kg und kostet 2.500 €' deu '[["1.500",1500],["2.500 €",{"amount":2500,"currency":"EUR"}]]'
reads 'The parcel weighs 1.500 kg and costs 2.500 €' eng '[["1.500",1.5],["2.500 €",{"amount":2.5,"currency":"EUR"}]]'
reads 'Wie wird das Wetter am 03/04/2026 in Hamburg?' deu '[["03/04/2026","2026-04-03"]]'
# English is written in countries with the day first and with the month first: no value is better than a wrong one.
reads 'What will the weather be on 03/04/2026 in Hamburg?' eng '[["03/04/2026",null]]'
stop_host
same "$HOST_EXIT" 0
