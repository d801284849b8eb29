#!/bin/sh
# Packs what is older than a minute, drops what is older than an hour. Running it twice is running it once.
set -eu
[ -d var/logs ] || exit 0
old=$(find var/logs -name '*.log' -mmin +1 | wc -l)
find var/logs -name '*.log' -mmin +1 -exec gzip -f {} +
find var/logs -name '*.log.gz' -mmin +60 -delete
echo "packed $old files; var/logs takes $(du -sk var/logs | cut -f 1) KiB"
