#!/bin/sh
# backup.sh DATABASE FOLDER: a consistent copy of a database that is in use, checked before it counts; the newest five
# stay. The copy is named after the due instant: an attempt that is repeated replaces its own copy and no other.
set -eu
database=$1 folder=$2 keep=5
mkdir -p "$folder"
copy="$folder/$(basename "$database" .db)-$ONEBEAT_SCHEDULED_AT.sqlite"
rm -f "$copy.partial"
sqlite3 "$database" ".timeout 5000" ".backup '$copy.partial'"
check=$(sqlite3 "$copy.partial" 'PRAGMA integrity_check')
if [ "$check" != ok ]; then
    echo "the copy is damaged: $check" >&2
    exit 1
fi
rm -f "$copy.partial-wal" "$copy.partial-shm"
mv "$copy.partial" "$copy"
ls -1 "$folder"/*.sqlite | sort -r | tail -n +$((keep + 1)) | while read -r old; do rm -f "$old"; done
echo "$(du -k "$copy" | cut -f 1) KiB in $copy; $(ls "$folder" | wc -l) copies kept"
