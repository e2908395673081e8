#!/bin/bash
# What a keystroke waits for while many connections exchange keys at once. Prints its
# method. Root. `make bench`.
#
#   COUNT=1000 SECONDS_EACH=10 tests/bench/rekeys.sh
set -u
cd "$(dirname "$0")/../.."
NAME=${NAME:-rekeys}
. tests/interop/lib.sh
COUNT=${COUNT:-1000} SECONDS_EACH=${SECONDS_EACH:-10}
LIMIT=900
ulimit -n "$(ulimit -H -n)"
bed_up --set 'LogLevel ERROR' --set "MaxConnections $((COUNT + 100))"
cat <<END
Method: a scripted client on the same $(nproc) CPUs over a veth writes a byte to a program that echoes,
and waits for it, again and again, for $SECONDS_EACH seconds; then again while $COUNT other connections, of one
process, are asked for new keys all at once (posternctl rekey all), again when they are done, and so on.
The exchanges, both sides of them, and the echo have the same CPUs.
END
# shellcheck disable=SC2086
client "${BIN:-build/bin}/tests/rekey-load" "$HOST" "$PORT" "$SSH_USER" "$SSH_KEY" "$COUNT" "$SECONDS_EACH" \
    $CTL rekey all >"$work/figures" || exit 1
awk '$1 == "exchanges" { printf "%s exchanges, %s a second\n", $2, $3; next }
    { printf "%-7s %7d echoes: median %d us, p99 %d us, the longest %d us\n", $1, $2, $3, $4, $5 }' "$work/figures"
