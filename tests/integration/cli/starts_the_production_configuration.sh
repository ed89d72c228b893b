#!/usr/bin/env bash
# configs/production.yaml with its paths changed: a dry run accepts it, it starts with the shipped scripts, is ready, serves,
# and can be reloaded. Its unit has the sections and keys that docs/service.md relies on, and names these files.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"

# ---- the configuration ----
mkdir "$SCRATCH/dormouse"
sed "s|/opt/dormouse/plugins|$PLUGINS|; s|/opt/dormouse/scripts|$SOURCE/scripts|" "$SOURCE/configs/production.yaml" \
  > "$SCRATCH/dormouse/production.yaml"
production="$SCRATCH/dormouse/production.yaml"
export DORMOUSE_HOST__STOP_DELAY=0s
# A language model of two languages, for the component that the host waits for.
printf '%s\t%s\t1\t%s\n' lang id text \
  deu_Latn 1 'wie ist das wetter in berlin' eng_Latn 2 'what is the weather in london' \
  deu_Latn 3 'ich möchte ein zimmer buchen' eng_Latn 4 'i would like to book a room' \
  deu_Latn 5 'das ist ein schöner tag und wir gehen' eng_Latn 6 'this is a lovely day and we walk' \
  deu_Latn 7 'der zug nach hamburg fährt um acht' eng_Latn 8 'the train to leeds leaves at eight' |
  sed '1s/1/weight/' > "$SCRATCH/languages.tsv"
expect 0 "$DORMOUSE" train nlu.language --data "$SCRATCH/languages.tsv" --config "$production"
expect 0 "$DORMOUSE" run --dry-run --config "$production"
start_host "$production"
until_state nlu.language ready
for _ in $(seq 200); do
  [ "$(ask -o "$SCRATCH/out" -w '%{http_code}' "$DATA/readyz")" = 200 ] && break
  sleep 0.1
done
says out '"ready"'
same "$(ask -H 'Host: api.example.org' "$DATA/v1/pipelines/assistant" -d '{"text":"wie ist das wetter in berlin?"}' |
  jq -r .language.code)" deu
expect 0 "$DORMOUSE" ctl reload --config "$production"
stop_host
same "$HOST_EXIT" 0
# Its log is JSON, each line.
jq -es 'all(.at and .level and .kind)' "$SCRATCH/host.err" > /dev/null || fail "a line of the log is not JSON"

# ---- the unit ----
unit="$SOURCE/configs/dormouse.service"
# value SECTION KEY: the last one, as systemd reads it; comments begin a line.
value() {
  awk -v section="[$1]" -v key="$2" '
    /^[#;]/ || /^[[:space:]]*$/ { next }
    /^\[.*\]$/ { at = $0; next }
    !/^[A-Za-z]+=/ { print "not understood: " $0 > "/dev/stderr"; exit 1 }
    at == section && index($0, key "=") == 1 { found = substr($0, length(key) + 2) }
    END { print found }' "$unit"
}
same "$(grep -E '^\[' "$unit" | paste -sd' ')" '[Unit] [Service] [Install]'
same "$(value Service Type)" notify
same "$(value Service ExecStart)" '/opt/dormouse/bin/dormouse run --config /opt/dormouse/production.yaml'
same "$(value Service ExecReload)" '/opt/dormouse/bin/dormouse ctl reload --config /opt/dormouse/production.yaml'
same "$(value Service Restart)" on-failure
same "$(value Service StateDirectory) $(value Service StateDirectoryMode)" 'dormouse 0700'
same "$(value Install WantedBy)" multi-user.target
for key in 'Unit After' 'Service LimitNOFILE' 'Service NoNewPrivileges' 'Service ProtectSystem'; do
  # shellcheck disable=SC2086  # two words
  [ -n "$(value $key)" ] || fail "the unit has no $key"
done
# What plugins cannot live with.
for key in MemoryDenyWriteExecute NoExecPaths ReadOnlyPaths; do
  same "$(value Service "$key")" ''
done
# systemd's own look at it, where there is one: it wants the program to exist.
if command -v systemd-analyze > /dev/null; then
  mkdir -p "$SCRATCH/dormouse/bin"
  ln -s "$DORMOUSE" "$SCRATCH/dormouse/bin/dormouse"
  sed "s|/opt/dormouse|$SCRATCH/dormouse|g" "$unit" > "$SCRATCH/dormouse.service"
  expect 0 systemd-analyze verify --man=no --recursive-errors=no "$SCRATCH/dormouse.service"
  says_not err 'Unknown key' 'Failed to parse'
fi
