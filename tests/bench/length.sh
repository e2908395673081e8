#!/bin/bash
# What a peer can tell from the time at which a connection ends: a changed length from
# anything else that was changed, where the length is encrypted. Prints its method.
# Root. `make bench`.
#
#   ROUNDS=1000 tests/bench/length.sh
set -u
cd "$(dirname "$0")/../.."
NAME=${NAME:-length}
. tests/interop/lib.sh
ROUNDS=${ROUNDS:-1000}
LIMIT=1800
bed_up --set 'LogLevel ERROR'

cat <<END
Method: connections of one scripted client on the same $(nproc) CPUs over a veth, in pairs whose order
is drawn anew, $ROUNDS for each line. A: a byte of the encrypted length is changed. B: one behind it.
The time is from the last byte that the server waits for, the same for both, to its DISCONNECT.
END
for suite in "aes128-ctr hmac-sha2-256" "aes256-ctr hmac-sha2-512" "chacha20-poly1305@openssh.com hmac-sha2-256"; do
	for payload in 100 20000; do
		echo "$suite, records of $payload bytes"
		# shellcheck disable=SC2086
		client "${BIN:-build/bin}/tests/record-time" "$HOST" "$PORT" $suite $payload "$ROUNDS" >"$work/times" || exit 1
		# Neighbours are compared with each other.
		awk '{ print int($1 / 50), $2, $3 }' "$work/times" | perl tests/bench/ranks.pl - |
		    sed 's/ names,/ blocks,/; s/requests/connections/; s/the names/the blocks/'
	done
done
