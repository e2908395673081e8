#!/bin/bash
# Every cipher with every MAC: a login, a command, bulk both ways with rekeys in
# it; changed bytes; and what is offered to whom.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roles.sh"
LIMIT=60
bed_up
client_bin=${BIN:-build/bin}/tests/script-client

aead="aes128-gcm@openssh.com aes256-gcm@openssh.com chacha20-poly1305@openssh.com"
ctr="aes128-ctr aes192-ctr aes256-ctr"
macs="hmac-sha2-256-etm@openssh.com hmac-sha2-512-etm@openssh.com hmac-sha2-256 hmac-sha2-512
    umac-64-etm@openssh.com umac-128-etm@openssh.com umac-64@openssh.com umac-128@openssh.com"
suites=()
for cipher in $aead; do suites+=("$cipher ${macs%% *} <implicit>"); done
for cipher in $ctr; do
	for mac in $macs; do
		case "$cipher $mac" in aes1[29]*umac*) continue ;; esac # matrix.sh has them
		suites+=("$cipher $mac $mac")
	done
done

head -c 4M /dev/urandom >"$work/data"
want=$(sha256sum <"$work/data")

# What ssh -v says of both directions.
agreed() { # cipher mac
	[ "$(grep -c "kex: .* cipher: $1 MAC: $2 " "$work/ssh.err")" -ge 2 ] || { tail -n 5 "$work/ssh.err"; return 1; }
}

bulk() { # cipher mac-offered mac-agreed
	client ssh "${ssh_opts[@]}" -v -c "$1" -m "$2" -o RekeyLimit=1M "$SSH_USER@$HOST" \
	    'tee >(sha256sum >&2)' <"$work/data" >"$work/back" 2>"$work/ssh.err" || return 1
	agreed "$1" "$3" || return 1
	[ "$(grep -c 'rekeying in progress\|SSH2_MSG_NEWKEYS received' "$work/ssh.err")" -ge 3 ] || { echo "no rekey"; return 1; }
	[ "$(sha256sum <"$work/back")" = "$want" ] || { echo "changed on its way down"; return 1; }
	grep -qF "$want" "$work/ssh.err" || { echo "changed on its way up"; return 1; }
}
for suite in "${suites[@]}"; do
	# shellcheck disable=SC2086
	check "4 MiB up and down with rekeys: $suite" bulk $suite
done

# ---- changed bytes: the same end, whatever was changed ---------------------------------
does() { # what step...
	local what=$1
	shift
	check "$what" client "$client_bin" "timeout 10" "connect $HOST $PORT" "$@"
}
tampered() { # cipher mac byte disconnect-code
	does "byte $3 changed: $1 $2" ident "offer ciphers $1" "offer macs $2" kex service "auth $SSH_USER $SSH_KEY" \
	    open "exec cat" "data good" "flip $3" "data hello" "junk 35100" "expect-close $4"
}
for suite in "${suites[@]}"; do
	read -r cipher mac agreed_mac <<<"$suite"
	for byte in 6 -1; do tampered "$cipher" "$mac" $byte 5; done
	case "$cipher $agreed_mac" in
	chacha20* | *hmac-sha2-256 | *hmac-sha2-512 | *umac-64@* | *umac-128@*) tampered "$cipher" "$mac" 1 5 ;;
	*) tampered "$cipher" "$mac" 1 2 ;; # in the clear: anybody sees that it is wrong
	esac
done

# ---- what is offered to whom ---------------------------------------------------------------
does "no MAC in common, and none needed" ident "offer ciphers aes256-gcm@openssh.com" "offer macs hmac-sha1" \
    kex service "auth $SSH_USER $SSH_KEY"
does "no MAC in common for counter mode" ident "offer ciphers aes256-ctr" "offer macs hmac-sha1" \
    kexinit-send "see 20" "expect-close 3"
does "ChaCha20 and nothing else without strict key exchange" "markers off" \
    ident "offer ciphers chacha20-poly1305@openssh.com" kexinit-send "see 20" "expect-close 3"
does "ChaCha20 first without strict key exchange" "markers off" \
    ident "offer ciphers chacha20-poly1305@openssh.com,aes256-ctr" kexinit kexdh newkeys service "auth $SSH_USER $SSH_KEY"
does "nor in a rekey" "markers off" ident kex service "auth $SSH_USER $SSH_KEY" \
    "offer ciphers chacha20-poly1305@openssh.com" kexinit-send "see 20" "expect-close 3"
does "ChaCha20 to a client that lets the server speak first" ident "offer ciphers chacha20-poly1305@openssh.com" \
    kexinit-recv kexinit-send "!kexdh-send"
does "another suite in each rekey" ident "offer ciphers aes128-ctr" kex service "auth $SSH_USER $SSH_KEY" \
    "offer ciphers chacha20-poly1305@openssh.com" rekey "offer ciphers aes256-gcm@openssh.com" rekey \
    "offer ciphers aes192-ctr" "offer macs hmac-sha2-512" rekey open "exec true" "wait-exit 0" wait-close

# ---- keys of every kind are found while they are in use, and not afterwards ----------------
scan=${BIN:-build/bin}/tests/memscan
# shellcheck disable=SC2046
forgotten() { "$scan" "$work/secrets" $(role_pids dp); }
keys_go() { # cipher mac
	script_client 30
	for step in "connect $HOST $PORT" ident "offer ciphers $1" "offer macs $2" kex service "auth $SSH_USER $SSH_KEY" \
	    open "exec cat" "data hello" rekey "data more" "expect-data more" "keys-to $work/secrets"; do
		say "$step" || return 1
	done
	status 1 forgotten || return 1
	say drop || return 1
	until_true 10 forgotten
}
check "keys are gone after the session: ChaCha20" keys_go chacha20-poly1305@openssh.com hmac-sha2-256
check "keys are gone after the session: HMAC-SHA-256" keys_go aes192-ctr hmac-sha2-256
check "keys are gone after the session: HMAC-SHA-512" keys_go aes256-ctr hmac-sha2-512-etm@openssh.com
check "logins go on" ssh_to true
finish
