#!/bin/sh
# $ONEBEAT_INPUT is one object: job → what it handed on.
set -eu
mkdir -p reports
day=$(echo "$ONEBEAT_SCHEDULED_AT" | cut -c1-10)
cp "$ONEBEAT_INPUT" "reports/$day.json"
cat "reports/$day.json"
