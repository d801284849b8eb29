#!/bin/sh
# One file a run, named after it: a second attempt writes the same file again. Renamed when complete, so that nobody
# ever sees half of one.
set -eu
mkdir -p var/logs
file="var/logs/memory-$ONEBEAT_SCHEDULED_AT.log"
cat /proc/loadavg /proc/meminfo /proc/vmstat > "$file.partial"
mv "$file.partial" "$file"
echo "wrote $file"
