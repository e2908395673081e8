#!/bin/bash
# What a peer can tell from the time that a wrong password takes: an account that is
# there from one that is not. Prints its method. Root. `make bench`.
#
#   NAMES=8 REPEAT=1 tests/bench/strangers.sh
set -u
cd "$(dirname "$0")/../.."
NAME=${NAME:-strangers}
. tests/interop/lib.sh
NAMES=${NAMES:-8} REPEAT=${REPEAT:-1}
LIMIT=600
bed_up --set 'LogLevel ERROR'
timer=${BIN:-build/bin}/tests/auth-time
# PAM's own delay would hide it all: here the server's has to.
sed -i 's/@include common-auth/auth required pam_unix.so nodelay/' "$ROOT/etc/pam.d/postern"
cp "$ROOT/etc/passwd" "$work/passwd"
cp "$ROOT/etc/shadow" "$work/shadow"
hash=$(awk -F: '$1 == "tester" { print $2 }' "$work/shadow")

# accounts PARITY: the names of that parity have an account, the others none
accounts() {
	local i
	cp "$work/passwd" "$work/passwd.new"
	cp "$work/shadow" "$work/shadow.new"
	for i in $(seq "$NAMES"); do
		[ $((i % 2)) -eq "$1" ] || continue
		echo "name$i:x:$((66000 + i)):$((66000 + i))::/:/bin/bash" >>"$work/passwd.new"
		echo "name$i:$hash:19000:0:99999:7:::" >>"$work/shadow.new"
	done
	cat "$work/passwd.new" >"$ROOT/etc/passwd"
	cat "$work/shadow.new" >"$ROOT/etc/shadow"
}

cat <<END
Method: wrong passwords of one scripted client on the same $(nproc) CPUs over a veth, 4 to a
connection, names in an order drawn anew in each round, $NAMES names. Every name is asked for with its
account there (B: PAM hashes what was typed) and not there (A: it does not), in blocks of which each
has half of the names in either state, in the order 0110, and is compared with itself: the server's
delay differs from name to name by a secret. PAM is pam_unix alone, without its own delay of about
two seconds, which hides more than this.
END
for what in password kbdint; do
	: >"$work/times"
	for _ in $(seq "$REPEAT"); do
		for half in 0 1 1 0; do
			accounts $half
			# shellcheck disable=SC2046
			client "$timer" "$HOST" "$PORT" wrong $what 1 $(seq -f name%g "$NAMES") >"$work/half" || exit 1
			awk -v half=$half '{ n = $1; sub(/^name/, "", n); print $1, n % 2 == half ? "B" : "A", $2 }' \
			    "$work/half" >>"$work/times"
		done
	done
	echo "$what"
	perl tests/bench/ranks.pl "$work/times"
done
