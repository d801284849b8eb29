#!/bin/sh
# One run a country: $ONEBEAT_INPUT has it as the value of each. The first attempt for France fails, to show a retry.
set -eu
file=$(sed 's/.*"file": *"\([^"]*\)".*/\1/' "$ONEBEAT_INPUT")
country=$(sed 's/.*"value": *"\([^"]*\)".*/\1/' "$ONEBEAT_INPUT")
[ "$country" != FR ] || [ "$ONEBEAT_ATTEMPT" -gt 1 ] || { echo "the shop's till in France does not answer" >&2; exit 1; }
cents=$(awk -F, -v country="$country" '$2 == country {cents += $5} END {print cents}' "$file")
echo "{\"country\": \"$country\", \"cents\": $cents}" > "$ONEBEAT_OUTPUT"
cat "$ONEBEAT_OUTPUT"
