#!/bin/sh
# Stands for a call to a system that is at times busy. The file is named after the run, so that the other side can
# tell a repeat from something new.
set -eu
if [ ! -e var/report.json ]; then
    echo "no report yet" >&2
    exit 1
fi
if [ "$ONEBEAT_ATTEMPT" -eq 1 ]; then
    echo "the other side is busy (attempt $ONEBEAT_ATTEMPT)" >&2
    exit 75
fi
mkdir -p var/outbox
cp var/report.json "var/outbox/report-$ONEBEAT_SCHEDULED_AT.json.partial"
mv "var/outbox/report-$ONEBEAT_SCHEDULED_AT.json.partial" "var/outbox/report-$ONEBEAT_SCHEDULED_AT.json"
find var/outbox -name 'report-*.json' -mmin +30 -delete
echo "handed over at attempt $ONEBEAT_ATTEMPT"
