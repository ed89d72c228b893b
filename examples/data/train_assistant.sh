#!/usr/bin/env bash
# Makes the models of configs/assistant.yaml that are not there yet, from the data beside this file, and puts the passages into
# its indexes.
# Usage: train_assistant.sh DORMOUSE. The configuration is $DORMOUSE_CONFIG, or configs/assistant.yaml of this tree.
set -euo pipefail
data="$(dirname "${BASH_SOURCE[0]}")"
export DORMOUSE_CONFIG="${DORMOUSE_CONFIG:-$data/../../configs/assistant.yaml}"
"$1" train nlu.language --data "$data/language-id" --if-missing
"$1" train nlu.intent --data "$data/intents" --if-missing
"$1" train nlu.entities --data "$data/entities" --if-missing
"$1" train embed.lsa --data "$data/passages" --if-missing
# The same components with the pipelines that add to them, which the assistant does not offer; scripts that the environment
# names are meant for the assistant.
unset DORMOUSE_SCRIPTS__PIPELINES DORMOUSE_SCRIPTS__POLICIES
DORMOUSE_CONFIG="$data/../pipelines/search/config.yaml" "$data/load_passages.sh" "$1" "$data/passages/medquad.tsv.zst"
