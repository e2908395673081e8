#!/bin/bash
# What a peer can tell from the time that a refused publickey request takes: an
# account that is there from one that is not, and one that is refused although its
# key is right (locked, expired, without a shell, root) from one that is not there.
# Prints its method. Root. `make bench`.
#
#   NAMES=40 REPEAT=1 KINDS="listed locked expired noshell root" tests/bench/unknown.sh
set -u
cd "$(dirname "$0")/../.."
NAME=${NAME:-unknown}
. tests/interop/lib.sh
NAMES=${NAMES:-40} REPEAT=${REPEAT:-1}
LIMIT=600
bed_up --set 'UsePAM no' --set 'PermitRootLogin no' --set 'LogLevel ERROR'
timer=${BIN:-build/bin}/tests/auth-time
ssh-keygen -q -t ed25519 -N '' -f "$work/other"

cp "$ROOT/etc/passwd" "$work/passwd"
cp "$ROOT/etc/shadow" "$work/shadow"
for i in $(seq "$NAMES"); do
	install -d -m 755 "$ROOT/home/name$i"
	install -d -m 700 "$ROOT/home/name$i/.ssh"
	install -m 600 "$SSH_KEY.pub" "$ROOT/home/name$i/.ssh/authorized_keys"
	chown -R $((66000 + i)):$((66000 + i)) "$ROOT/home/name$i"
done

# accounts KIND PARITY: the names of that parity have an account, the others none
accounts() {
	local i shell=/bin/bash password='*' expires=
	cp "$work/passwd" "$work/passwd.new"
	cp "$work/shadow" "$work/shadow.new"
	case $1 in
	locked) password='!x' ;;
	expired) expires=1 ;;
	noshell) shell=/nonexistent/shell ;;
	root) [ "$2" -eq 0 ] || sed -i 's/^root:/toor:/' "$work/passwd.new" ;;
	esac
	for i in $(seq "$NAMES"); do
		[ $((i % 2)) -eq "$2" ] && [ "$1" != root ] || continue
		echo "name$i:x:$((66000 + i)):$((66000 + i))::/home/name$i:$shell" >>"$work/passwd.new"
		echo "name$i:$password:19000:0:99999:7::$expires:" >>"$work/shadow.new"
	done
	cat "$work/passwd.new" >"$ROOT/etc/passwd"
	cat "$work/shadow.new" >"$ROOT/etc/shadow"
}

# measure KIND query|proof: in turns of short blocks, in an order that takes out what
# drifts. With many names both states are in every block; root has blocks of its own.
measure() {
	local half i key=$SSH_KEY names=root rounds=$((NAMES / 8)) repeat=$((4 * REPEAT))
	[ "$1" = listed ] && key=$work/other
	[ "$1" = root ] || names=$(seq -f name%g "$NAMES") rounds=1 repeat=$REPEAT
	: >"$work/times"
	for i in $(seq "$repeat"); do
		for half in 0 1 1 0 1 0 0 1; do
			accounts "$1" $half
			# shellcheck disable=SC2086
			client "$timer" "$HOST" "$PORT" "$key" "$2" $rounds $names >"$work/half" || return 1
			awk -v half=$half '{ n = $1; sub(/^name/, "", n); there = n == "root" ? half == 0 : n % 2 == half
			    print $1, there ? "B" : "A", $2 }' "$work/half" >>"$work/times"
		done
	done
	perl tests/bench/ranks.pl "$work/times"
}

cat <<END
Method: refused publickey requests of one scripted client on the same $(nproc) CPUs over a veth, 4 to a
connection, names in an order drawn anew in each round, $NAMES names. Every name is asked for with
its account there (B) and not there (A), in blocks of which each has half of the names in either state
(root: in one), in the order 01101001, and is compared with itself:
the server's delay differs from name to name by a secret. UsePAM no, so that all of it is judged before
the key is. listed: the key asked for is not one of the account's, whose key file holds another. The
others: the key is the account's, which is refused for being locked, expired, without a shell, or root.
END
for kind in ${KINDS:-listed locked expired noshell root}; do
	for what in query proof; do
		echo "$kind, $what"
		measure "$kind" $what || exit 1
	done
done
