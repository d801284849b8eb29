#!/bin/sh
set -eu
file=$(sed 's/.*"file": "\([^"]*\)".*/\1/' "$ONEBEAT_INPUT")
best=$(awk -F, '{pieces[$3] += $4} END {for (p in pieces) print pieces[p], p}' "$file" | sort -rn | head -n1)
echo "{\"pieces\": ${best% *}, \"product\": \"${best#* }\"}" > "$ONEBEAT_OUTPUT"
cat "$ONEBEAT_OUTPUT"
