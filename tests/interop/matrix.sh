#!/bin/bash
# Every algorithm that the service has, alone, with every client that may have it too: the
# newer OpenSSH, dropbear, PuTTY old and new, all at once. A client logs in and has its bytes
# back, or the log says that it has nothing in common. Then RekeyLimit 16K under each cipher.
#
#   FORM=full    64 MiB under each cipher, Debian 12's OpenSSH among the clients of the rest
. "$(dirname "$0")/lib.sh"
LIMIT=60
bed_up --set "GateProcesses 1"
. "$(dirname "$0")/clientlib.sh"
chroot13_make || { check "a Debian 13 chroot" false; finish; }
client_bin=${BIN:-build/bin}/tests/script-client
full=
[ "${FORM:-short}" = full ] && full=openssh
tty=

# A host key of every type that there is.
cp "$CONF" "$work/conf"
for bits in 384 521; do
	ssh-keygen -q -t ecdsa -b $bits -N '' -f "$ROOT/etc/postern/ssh_host_ecdsa${bits}_key"
	echo "HostKey /etc/postern/ssh_host_ecdsa${bits}_key" >>"$work/conf"
done
host_keys | tee "$folder/known_hosts" >"$folder/.ssh/known_hosts"
head -c 256K /dev/urandom >"$work/bytes"
want=$(sha256sum <"$work/bytes")
reload() { cat "$work/conf" >"$CONF" && printf '%s\n' "$@" >>"$CONF" && $CTL reload >/dev/null; }

# served KEYWORD: all that it may name, from what the service says of a list of everything.
served() {
	cp "$CONF" "$work/all"
	echo "$1 +*" >>"$work/all"
	"${BIN:-build/bin}/posternd" -T -f "$work/all" 2>/dev/null | sed -n "s/^${1,,} //p" | tr ',' ' '
}

# ---- the server has one algorithm of a kind ------------------------------------------------
declare -A steps=([KexAlgorithms]=kex [HostKeyAlgorithms]=host-keys [Ciphers]=ciphers [MACs]=macs)
# Gate knows the new list when it refuses another algorithm.
in_effect() { # keyword algorithm
	client "$client_bin" "timeout 30" "connect $HOST $PORT" ident "offer ${steps[$1]} $(another "$1" "$2")" \
	    ${3:+"offer ciphers aes256-ctr"} kexinit-send "see 20" "expect-close 3"
}
another() { # keyword algorithm: one that is not it
	local a
	for a in ${all[$1]}; do [ "$a" != "$2" ] && echo "$a" && return; done
}
declare -A all has
one() { # client: its bytes come back
	[ "$("${1}_key" id cat <"$work/bytes" 2>>"$work/said.$1" | sha256sum)" = "$want" ]
}
try() { # keyword algorithm ctr client...: who has it, into has[]
	local c pids=() i=0 kind=$1 name=$2 ctr=$3
	shift 3
	reload "$kind $name" ${ctr:+"Ciphers aes256-ctr"} || return 1
	until_true 30 in_effect "$kind" "$name" $ctr || { echo "$kind $name does not come into effect"; return 1; }
	for c in "$@"; do
		one "$c" &
		pids+=($!)
	done
	for c in "$@"; do
		wait "${pids[i]}" && has[$c]+=" $name"
		i=$((i + 1))
	done
}
sweep() { # keyword ctr client...
	local a kind=$1 ctr=$2
	shift 2
	for a in ${all[$kind]}; do try "$kind" "$a" "$ctr" "$@" || return 1; done
}
knows() { # client algorithm...: all of them were agreed on, one by one
	local c=$1 a bad=0
	shift
	for a in "$@"; do
		case " ${has[$c]:-} " in *" $a "*) ;; *) echo "$c: not with $a"; bad=1 ;; esac
	done
	[ $bad -eq 0 ] || tail -n 5 "$work/said.$c"
	return $bad
}
for k in KexAlgorithms HostKeyAlgorithms Ciphers MACs; do all[$k]=$(served "$k"); done
all[HostKeyAlgorithms]=$(tr ' ' '\n' <<<"${all[HostKeyAlgorithms]}" | grep -v cert | tr '\n' ' ')
clients=($full openssh13 dbclient plink plink13)
reload
# In one shell, for what they find.
sweep_all() {
	sweep KexAlgorithms "" "${clients[@]}" && sweep HostKeyAlgorithms "" "${clients[@]}" &&
	    sweep Ciphers "" "${clients[@]}" && sweep MACs ctr "${clients[@]}"
}
check "every algorithm alone, ${#clients[@]} clients" sweep_all

curves="curve25519-sha256 curve25519-sha256@libssh.org ecdh-sha2-nistp256 ecdh-sha2-nistp384 ecdh-sha2-nistp521"
fields="diffie-hellman-group14-sha256 diffie-hellman-group16-sha512 diffie-hellman-group18-sha512"
ctr="aes128-ctr aes192-ctr aes256-ctr"
gcm="aes128-gcm@openssh.com aes256-gcm@openssh.com"
sha2="hmac-sha2-256 hmac-sha2-512 hmac-sha2-256-etm@openssh.com hmac-sha2-512-etm@openssh.com"
umac="umac-64@openssh.com umac-128@openssh.com umac-64-etm@openssh.com umac-128-etm@openssh.com"
ecdsa="ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521"
# shellcheck disable=SC2086
{
	[ -z "$full" ] || check "OpenSSH 9.2: key exchange, host keys, ciphers, MACs" knows openssh $curves $fields \
	    sntrup761x25519-sha512 ssh-ed25519 $ecdsa rsa-sha2-512 rsa-sha2-256 $ctr $gcm chacha20-poly1305@openssh.com $sha2 $umac
	check "OpenSSH 10.0: key exchange" knows openssh13 $curves $fields mlkem768x25519-sha256 sntrup761x25519-sha512 \
	    sntrup761x25519-sha512@openssh.com
	check "OpenSSH 10.0: host keys, ciphers, MACs" knows openssh13 ssh-ed25519 $ecdsa rsa-sha2-512 rsa-sha2-256 \
	    $ctr $gcm chacha20-poly1305@openssh.com $sha2 $umac
	check "dropbear: key exchange" knows dbclient $curves diffie-hellman-group14-sha256
	check "dropbear: host keys, ciphers, MACs" knows dbclient ssh-ed25519 $ecdsa rsa-sha2-256 aes128-ctr aes256-ctr hmac-sha2-256
	check "PuTTY of Debian 12: key exchange" knows plink $curves $fields sntrup761x25519-sha512@openssh.com
	check "PuTTY of Debian 12: host keys, ciphers, MACs" knows plink ssh-ed25519 $ecdsa rsa-sha2-512 rsa-sha2-256 \
	    $ctr $gcm chacha20-poly1305@openssh.com hmac-sha2-256 hmac-sha2-256-etm@openssh.com
	check "PuTTY of Debian 13: key exchange" knows plink13 $curves $fields sntrup761x25519-sha512@openssh.com \
	    mlkem768x25519-sha256 mlkem768nistp256-sha256 mlkem1024nistp384-sha384
	check "PuTTY of Debian 13: host keys, ciphers, MACs" knows plink13 ssh-ed25519 $ecdsa rsa-sha2-512 rsa-sha2-256 \
	    $ctr $gcm chacha20-poly1305@openssh.com $sha2
}
for c in "${clients[@]}"; do echo "$c:${has[$c]:-}"; done

# ---- RekeyLimit 16K, both ways, per cipher -------------------------------------------------
reload
kib=1024
[ -n "$full" ] && kib=65536
head -c ${kib}K /dev/urandom >"$work/bulk"
sum=$(sha256sum <"$work/bulk")
rekeys() { $CTL --json status | grep -o '"rekeys": *[0-9]*' | grep -o '[0-9]*$'; }
under() { # cipher
	LIMIT=550 client ssh "${ssh_opts[@]}" -c "$1" -o KexAlgorithms=curve25519-sha256 -o RekeyLimit=16K "$SSH_USER@$HOST" cat <"$work/bulk" 2>"$work/err.$1" | sha256sum
}
under_limit() {
	local c pids=() before bad=0
	before=$(rekeys)
	for c in ${all[Ciphers]}; do
		under "$c" >"$work/sum.$c" &
		pids+=($!)
	done
	wait "${pids[@]}"
	for c in ${all[Ciphers]}; do
		[ "$(cat "$work/sum.$c")" = "$sum" ] || { echo "$c: other bytes"; tail -n 3 "$work/err.$c"; bad=1; }
	done
	echo "$(($(rekeys) - before)) rekeys"
	[ $(($(rekeys) - before)) -ge $((kib / 16 * $(wc -w <<<"${all[Ciphers]}") / 2)) ] || bad=1
	return $bad
}
check "$kib KiB both ways under each cipher, RekeyLimit 16K" under_limit
finish
