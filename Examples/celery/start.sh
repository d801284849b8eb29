#!/bin/sh
# start.sh: a Redis, a worker of two processes and two nodes, until Ctrl-C. PYTHON is one that has celery[redis].
set -eu
cd "$(dirname "$0")"
python=${PYTHON:-python3}
onebeat=${ONEBEAT:-onebeat}
port=${PORT:-6399}
export SHOP_REDIS="redis://127.0.0.1:$port"

trap 'trap - INT TERM EXIT; kill $(jobs -p) 2>/dev/null; wait' INT TERM EXIT
redis-server --bind 127.0.0.1 --port "$port" --save "" --appendonly no --daemonize no >redis.log &
"$python" -m celery -A shop worker -c 2 -l WARNING &
"$onebeat" up --node a --listen 127.0.0.1:8420 &
"$onebeat" up --node b --listen 127.0.0.1:8421 &
echo "look at http://127.0.0.1:8420/; kill -9 a node, and see that nothing is lost or doubled: onebeat runs stock"
wait
