#!/bin/bash
# Debian's OpenSSH client: every key exchange method with every host key algorithm,
# every kind of user key, rekeys under each method, and what must not be agreed on.
. "$(dirname "$0")/lib.sh"
bed_up

kexes="sntrup761x25519-sha512 sntrup761x25519-sha512@openssh.com curve25519-sha256 curve25519-sha256@libssh.org
    ecdh-sha2-nistp256 ecdh-sha2-nistp384 ecdh-sha2-nistp521"
host_algorithms="ssh-ed25519 ecdsa-sha2-nistp256 rsa-sha2-512 rsa-sha2-256"
keys_file=$ROOT/home/$SSH_USER/.ssh/authorized_keys

# What the client says of an exchange: "debug1: kex: algorithm: NAME" and so on.
agreed() { # kex host-key-algorithm
	local out
	out=$(client ssh -v "${ssh_opts[@]}" -o LogLevel=DEBUG1 -o "KexAlgorithms=$1" -o "HostKeyAlgorithms=$2" \
	    "$SSH_USER@$HOST" echo "in with" 2>&1 </dev/null) || { echo "$out"; return 1; }
	grep -q "kex: algorithm: $1" <<<"$out" && grep -q "kex: host key algorithm: $2" <<<"$out" &&
	    grep -q "^in with" <<<"$out"
}
for h in $host_algorithms; do
	each() { for k in $kexes; do agreed "$k" "$h" || { echo "$k with $h"; return 1; }; done; }
	check "logs in with each method, host key by $h" each
done

# ---- user keys ----

user_key() { # type bits name
	ssh-keygen -q -t "$1" -b "$2" -N '' -C "$3" -f "$work/$3"
	cat "$work/$3.pub" >>"$keys_file"
}
with_key() { # key-file algorithm
	client ssh "${ssh_opts[@]/$SSH_KEY/$work/$1}" -o "PubkeyAcceptedAlgorithms=$2" "$SSH_USER@$HOST" echo in </dev/null
}
accepted() { # key-file algorithm type-in-log
	local fingerprint
	is in with_key "$1" "$2" || return 1
	fingerprint=$(ssh-keygen -lf "$work/$1.pub" | cut -d' ' -f2)
	until_true 5 grep -qF "Accepted publickey for $SSH_USER from 10.77.0.2 port" "$LOG" &&
	    until_true 5 grep -qF "ssh2: $3 $fingerprint" "$LOG"
}
for bits in 256 384 521; do
	user_key ecdsa $bits ecdsa$bits
	check "user key: ECDSA P-$bits" accepted ecdsa$bits ecdsa-sha2-nistp$bits ECDSA
done
user_key rsa 2048 rsa2048
user_key rsa 4096 rsa4096
for hash in 512 256; do
	check "user key: RSA of 2048 bits, rsa-sha2-$hash" accepted rsa2048 rsa-sha2-$hash RSA
	check "user key: RSA of 4096 bits, rsa-sha2-$hash" accepted rsa4096 rsa-sha2-$hash RSA
done
user_key rsa 1024 rsa1024
small() { status 255 with_key rsa1024 rsa-sha2-512; }
check "an RSA key below RequiredRSASize is refused" small
# The client takes the algorithm from server-sig-algs, which never has ssh-rsa.
sha1() { status 255 with_key rsa2048 ssh-rsa; }
check "no signature with SHA-1" sha1
told() {
	client ssh -v "${ssh_opts[@]}" -o LogLevel=DEBUG1 "$SSH_USER@$HOST" true 2>&1 </dev/null |
	    grep -q 'server-sig-algs=<ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256>'
}
check "server-sig-algs names what is accepted" told
# A key of the same type, not listed: its signature is good, the answer is no.
stranger() {
	ssh-keygen -q -t ecdsa -b 256 -N '' -f "$work/stranger"
	status 255 with_key stranger ecdsa-sha2-nistp256
}
check "an ECDSA key that is not authorised is refused" stranger

# ---- rekeys ----

rekeys() { $CTL --json status | grep -o '"rekeys": *[0-9]*' | grep -o '[0-9]*$'; }
head -c 4194304 /dev/urandom >"$work/data"
sum=$(sha256sum <"$work/data")
under() { # kex
	local before got
	before=$(rekeys)
	got=$(client ssh "${ssh_opts[@]}" -o "KexAlgorithms=$1" -o RekeyLimit=512K "$SSH_USER@$HOST" cat <"$work/data" |
	    sha256sum) || return 1
	[ "$got" = "$sum" ] || { echo "other data came back"; return 1; }
	[ $(($(rekeys) - before)) -ge 8 ] || { echo "$(rekeys) after $before"; return 1; }
}
for k in $kexes; do check "4 MiB both ways, a rekey every 512 KiB: $k" under "$k"; done

# ---- no match ----

no_match() { # words-of-the-client option...
	local words=$1 out
	shift
	out=$(client ssh -o LogLevel=INFO "${ssh_opts[@]}" "$@" "$SSH_USER@$HOST" true 2>&1 </dev/null | tr -d '\r')
	grep -q "$words" <<<"$out" || { echo "$out"; return 1; }
}
check "a client that takes ssh-rsa alone is told what there is" no_match \
    'no matching host key type found. Their offer: ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256$' \
    -o HostKeyAlgorithms=ssh-rsa
sha1_host() { until_true 5 grep -q 'Unable to negotiate with 10.77.0.2 port [0-9]*: no matching host key type found. Their offer: ssh-rsa \[preauth\]$' "$LOG"; }
check "and so is the log, in sshd's words" sha1_host
check "a client without a common method is told what there is" no_match \
    'no matching key exchange method found. Their offer: mlkem768x25519-sha256,' -o KexAlgorithms=diffie-hellman-group14-sha256

check "no process of the service ended in all this" bash -c "! grep -q -i 'killed\|exited\|restart' '$POSTERND_LOG' '$LOG'"

# ---- the operator's lists ----

cp "$CONF" "$work/conf"
reload() { cat "$work/conf" >"$CONF" && printf '%s\n' "$@" >>"$CONF" && $CTL reload >/dev/null; }
lists() {
	reload 'KexAlgorithms ecdh-sha2-nistp384,curve25519-sha256' 'HostKeyAlgorithms -rsa*' \
	    'PubkeyAcceptedAlgorithms ^rsa-sha2-256' 'RequiredRSASize 3072' || return 1
	until_true 5 no_match 'Their offer: ecdh-sha2-nistp384,curve25519-sha256,ext-info-s' \
	    -o KexAlgorithms=ecdh-sha2-nistp521 || return 1
	no_match 'Their offer: ssh-ed25519,ecdsa-sha2-nistp256$' -o HostKeyAlgorithms=rsa-sha2-512 || return 1
	agreed ecdh-sha2-nistp384 ecdsa-sha2-nistp256 || return 1
	is in with_key rsa4096 rsa-sha2-256 && status 255 with_key rsa2048 rsa-sha2-256
}
check "KexAlgorithms, HostKeyAlgorithms, PubkeyAcceptedAlgorithms, RequiredRSASize after a reload" lists
check "reload of the old one" reload

# ---- prime fields: on request, and groups of the server's choice with a file of them ----

fields="diffie-hellman-group14-sha256 diffie-hellman-group16-sha512 diffie-hellman-group18-sha512"
gex=diffie-hellman-group-exchange-sha256
moduli=$ROOT/etc/postern/moduli
moduli_of() { { grep '^#' tests/interop/moduli; for b in "$@"; do grep " $((b - 1)) 2 " tests/interop/moduli; done; } >"$moduli"; }
with_fields() { # bits of the groups in the file
	moduli_of "$@"
	reload "KexAlgorithms +diffie-hellman-*" 'ModuliFile /etc/postern/moduli'
}
check "no group exchange without a moduli file" no_match \
    'no matching key exchange method found. Their offer: mlkem768x25519-sha256,' -o KexAlgorithms=$gex
check "fixed groups and a moduli file, by a reload" with_fields 2048 3072 4096 6144 8192
for k in $fields; do
	check "logs in with $k" agreed "$k" ssh-ed25519
	check "4 MiB both ways, a rekey every 512 KiB: $k" under "$k"
done
# The client asks for 3072 or 8192 bits by its cipher, and takes 2048 at least.
grouped() { # bits cipher
	local out
	out=$(client ssh -vv "${ssh_opts[@]}" -o KexAlgorithms=$gex -o "Ciphers=$2" \
	    "$SSH_USER@$HOST" "echo in with" 2>&1 </dev/null | tr -d '\r') || { echo "$out"; return 1; }
	grep -q "bits set: [0-9]*/$1\$" <<<"$out" && grep -q "^in with" <<<"$out" || { echo "$out"; return 1; }
}
check "group exchange: 3072 bits, as aes128-gcm asks for" grouped 3072 aes128-gcm@openssh.com
check "group exchange: 8192 bits, as aes256-gcm asks for" grouped 8192 aes256-gcm@openssh.com
check "4 MiB both ways, a rekey every 512 KiB: $gex" under $gex
check "a file with other groups" with_fields 2048 4096
check "group exchange: 4096 bits, the smallest that is enough" grouped 4096 aes128-gcm@openssh.com
check "a file with small groups" with_fields 2048
check "group exchange: 2048 bits, the largest that there is" grouped 2048 aes256-gcm@openssh.com
check "the log tells what was read" until_true 5 grep -q 'ModuliFile /etc/postern/moduli: 1 groups' "$LOG"

# Clients whose method is the server's to choose.
hostkey=$ROOT/etc/postern/ssh_host_ed25519_key.pub
mkdir -p "$work/.ssh"
echo "$HOST $(cut -d' ' -f1,2 "$hostkey")" >"$work/.ssh/known_hosts"
dropbearconvert openssh dropbear "$SSH_KEY" "$work/id.db" >/dev/null 2>&1
puttygen "$SSH_KEY" -o "$work/id.ppk"
only() { reload "KexAlgorithms $1" 'ModuliFile /etc/postern/moduli'; }
dropbear_in() { HOME=$work client dbclient -i "$work/id.db" "$SSH_USER@$HOST" echo in 2>"$work/err" </dev/null; }
plink_in() {
	HOME=$work client plink -ssh -batch -no-trivial-auth -hostkey "$(ssh-keygen -lf "$hostkey" | awk '{ print $2 }')" \
	    -i "$work/id.ppk" "$SSH_USER@$HOST" echo in 2>"$work/err" </dev/null
}
others() {
	moduli_of 2048 4096
	only diffie-hellman-group14-sha256 && is in dropbear_in || { cat "$work/err"; return 1; }
	for k in $fields $gex; do
		only "$k" && is in plink_in || { echo "$k"; cat "$work/err"; return 1; }
	done
}
check "dropbear with group 14, PuTTY with each group and group exchange" others
gone() {
	rm "$moduli" && reload 'ModuliFile /etc/postern/moduli' &&
	    until_true 5 grep -q 'ModuliFile /etc/postern/moduli: No such file' "$LOG" &&
	    no_match 'no matching key exchange method found' -o KexAlgorithms=$gex
}
check "a file that is gone is told, and group exchange with it" gone
finish
