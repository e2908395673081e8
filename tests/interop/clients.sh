#!/bin/bash
# Other people's clients: OpenSSH of Debian 12 and 13, dropbear, PuTTY. Each logs in by
# key and by password, runs commands, has a terminal, moves bytes both ways.
#
#   CLIENTS="openssh plink"     only these
#   MIB=4                       bulk of so much
#   BED_OPTIONS="--nic tap"     a testbed of this kind
. "$(dirname "$0")/lib.sh"
bed_up
. "$(dirname "$0")/clientlib.sh"
mib=${MIB:-64}
# NAME_files FOLDER: a batch of sftp from stdin, the client's files being in FOLDER as it
# sees it. dropbear has no sftp: it is the ssh of OpenSSH's.
openssh_files() {
	# shellcheck disable=SC2086
	client sftp ${openssh_options//F\//$folder/} -o BatchMode=yes -i "$folder/id" -b - "$SSH_USER@$HOST"
}
openssh13_files() {
	# shellcheck disable=SC2086
	timeout "${LIMIT:-120}" bash -c '. tests/chroot13.sh; chroot13_run "$@"' - "$NETNS" "$folder" \
	    sftp ${openssh_options//F\///mnt/} -o BatchMode=yes -i /mnt/id -b - "$SSH_USER@$HOST"
}
dbclient_files() {
	printf '#!/bin/sh\nexec dbclient -i %s/id.db -s %s@%s sftp 2>/dev/null\n' "$folder" "$SSH_USER" "$HOST" >"$folder/dbclient"
	chmod 755 "$folder/dbclient"
	HOME=$folder client sftp -F none -S "$folder/dbclient" -b - "$SSH_USER@$HOST"
}
plink_files() {
	cat >"$folder/batch"
	# shellcheck disable=SC2046
	HOME=$folder client psftp $(plink_options | sed 's/-ssh //') -i "$folder/id.ppk" -b "$folder/batch" "$SSH_USER@$HOST"
}

# ---- what each does ----
on_tty() { tty=yes; "$@"; local got=$?; tty=; return $got; }
terminal() { on_tty "$@" 'tty; stty size' </dev/null | grep -aq '/dev/pts/[0-9]'; }
errors() { "$@" 'echo out; echo err >&2' 2>"$work/err" >"$work/out" </dev/null && grep -q '^out' "$work/out" && grep -q '^err' "$work/err"; }
head -c $((mib * 1048576)) /dev/urandom >"$work/bulk"
sum=$(sha256sum <"$work/bulk")
cp "$work/bulk" "$ROOT/home/$SSH_USER/bulk"
up() { [ "$("$@" sha256sum <"$work/bulk")" = "$sum" ]; }
down() { [ "$("$@" 'cat bulk' </dev/null | sha256sum)" = "$sum" ]; }
files() { # NAME: a file there and back
	local at=$folder
	[ "$1" = openssh13 ] && at=/mnt
	rm -f "$folder/back"
	cp "$work/bulk" "$folder/file"
	printf '%s\n' "put $at/file files/$1" "get files/$1 $at/back" "rm files/$1" | "$1_files" || return 1
	cmp "$folder/file" "$folder/back" && [ ! -e "$ROOT/home/$SSH_USER/files/$1" ]
}
# What OpenSSH takes when nobody tells it, and a rekey in the middle of every method that
# only the newer one has.
agrees_on() {
	local openssh_options="-o LogLevel=DEBUG1 $openssh_options"
	grep -q "kex: algorithm: $2" <<<"$("$1" id true 2>&1 </dev/null)"
}
rekeys_by() {
	local openssh_options="-o KexAlgorithms=$2 -o RekeyLimit=512K $openssh_options"
	[ "$(head -c 2M "$work/bulk" | "$1" id sha256sum)" = "$(head -c 2M "$work/bulk" | sha256sum)" ]
}

# By what comes back: not every client says with its status that it was refused; nor does
# every one give up.
refused() { [ -z "$(LIMIT=3 "$@" echo in </dev/null)" ]; }
version() {
	case $1 in
	openssh13) chroot "$chroot13" ssh -V ;;
	openssh) ssh -V ;;
	dbclient) dbclient -V ;;
	plink) plink -V | head -n 1 ;;
	esac 2>&1
}

for c in ${CLIENTS:-openssh openssh13 dbclient plink}; do
	if [ "$c" = openssh13 ] && ! chroot13_make; then
		check "a Debian 13 chroot" false
		continue
	fi
	tty=
	echo "$c: $(version "$c")"
	check "$c, key: a command" is hello "${c}_key" id echo hello </dev/null
	case $c in
	openssh) check "$c: a post-quantum key exchange by itself" agrees_on "${c}_key" sntrup761x25519-sha512 ;;
	openssh13)
		check "$c: a post-quantum key exchange by itself" agrees_on "${c}_key" mlkem768x25519-sha256
		for k in mlkem768x25519-sha256 sntrup761x25519-sha512; do
			check "$c: 2 MiB, a rekey every 512 KiB: $k" rekeys_by "${c}_key" "$k"
		done
		;;
	esac
	check "$c, key: exit status" status 42 "${c}_key" id 'exit 42' </dev/null
	check "$c, key: errors apart" errors "${c}_key" id
	check "$c, key: a terminal" terminal "${c}_key" id
	check "$c, key: $mib MiB up" up "${c}_key" id
	check "$c, key: $mib MiB down" down "${c}_key" id
	check "$c, key: $mib MiB by SFTP and back" files "$c"
	check "$c: another key is refused" refused "${c}_key" stranger
	check "$c, password: a command" is hello "${c}_password" "$SSH_PASSWORD" echo hello </dev/null
	check "$c, password: exit status" status 7 "${c}_password" "$SSH_PASSWORD" 'exit 7' </dev/null
	check "$c, password: a terminal" terminal "${c}_password" "$SSH_PASSWORD"
	check "$c: a wrong password is refused" refused "${c}_password" wrong
done
finish
