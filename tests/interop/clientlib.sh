# Sourced behind bed_up by scripts with other people's clients, each of which is two functions:
#
#   NAME_key FILE COMMAND, NAME_password TEXT COMMAND    tty=yes: on a terminal
#
# openssh, dbclient and plink are this machine's, openssh13 and plink13 of the Debian 13 chroot
# (which chroot13_make builds). Their files, a key "id" that is let in and one "stranger" that
# is not, are in $folder, which is /mnt in the chroot.
. tests/chroot13.sh
folder=$work/client
mkdir -p "$folder/.ssh" "$folder/known"
cp "$SSH_KEY" "$folder/id"
cp "$KNOWN_HOSTS" "$folder/known_hosts"
ssh-keygen -q -t ed25519 -N '' -f "$folder/stranger"
printf '#!/bin/sh\necho "$PASSWORD"\n' >"$folder/askpass"
chmod 755 "$folder/askpass"
# dropbear takes a comment for a part of the key.
host_keys() { sed "s/^/$HOST /" "$ROOT"/etc/postern/ssh_host_*_key.pub | cut -d' ' -f1-3; }
host_keys >"$folder/.ssh/known_hosts"

openssh_options="-F none -o UserKnownHostsFile=F/known_hosts -o StrictHostKeyChecking=yes -o LogLevel=ERROR -o IdentitiesOnly=yes"
by_askpass="-o PubkeyAuthentication=no -o PreferredAuthentications=password -o NumberOfPasswordPrompts=1"

openssh_key() {
	local key=$1
	shift
	# shellcheck disable=SC2086
	client ssh ${openssh_options//F\//$folder/} -o BatchMode=yes -i "$folder/$key" ${tty:+-tt} "$SSH_USER@$HOST" "$@"
}
openssh_password() {
	local password=$1
	shift
	# shellcheck disable=SC2086
	PASSWORD=$password SSH_ASKPASS=$folder/askpass SSH_ASKPASS_REQUIRE=force \
	    client ssh ${openssh_options//F\//$folder/} $by_askpass ${tty:+-tt} "$SSH_USER@$HOST" "$@"
}

openssh13_key() {
	local key=$1
	shift
	# shellcheck disable=SC2086
	timeout "${LIMIT:-120}" bash -c '. tests/chroot13.sh; chroot13_run "$@"' - "$NETNS" "$folder" \
	    ssh ${openssh_options//F\///mnt/} -o BatchMode=yes -i "/mnt/$key" ${tty:+-tt} "$SSH_USER@$HOST" "$@"
}
openssh13_password() {
	local password=$1
	shift
	# shellcheck disable=SC2086
	PASSWORD=$password SSH_ASKPASS=/mnt/askpass SSH_ASKPASS_REQUIRE=force \
	    timeout "${LIMIT:-120}" bash -c '. tests/chroot13.sh; chroot13_run "$@"' - "$NETNS" "$folder" \
	    ssh ${openssh_options//F\///mnt/} $by_askpass ${tty:+-tt} "$SSH_USER@$HOST" "$@"
}

# Its files are its own: keys by dropbearconvert, known hosts in the home directory. For a
# terminal there it wants one here.
dbclient_run() {
	if [ -n "$tty" ]; then
		client script -qec "dbclient -t ${*@Q}" /dev/null
	else
		client dbclient "$@"
	fi
}
dbclient_key() {
	local key=$1
	shift
	[ -e "$folder/$key.db" ] || dropbearconvert openssh dropbear "$folder/$key" "$folder/$key.db" >/dev/null 2>&1
	HOME=$folder dbclient_run -i "$folder/$key.db" "$SSH_USER@$HOST" "$@"
}
dbclient_password() {
	local password=$1
	shift
	HOME=$folder DROPBEAR_PASSWORD=$password dbclient_run "$SSH_USER@$HOST" "$@"
}

plink_options() {
	local k
	echo "-ssh -batch -no-trivial-auth"
	for k in "$ROOT"/etc/postern/ssh_host_*_key.pub; do echo "-hostkey $(ssh-keygen -lf "$k" | awk '{ print $2 }')"; done
}
plink_key() {
	local key=$1
	shift
	[ -e "$folder/$key.ppk" ] || puttygen "$folder/$key" -o "$folder/$key.ppk"
	# shellcheck disable=SC2046
	HOME=$folder client plink $(plink_options) -i "$folder/$key.ppk" ${tty:+-t} "$SSH_USER@$HOST" "$@"
}
plink_password() {
	local password=$1
	shift
	printf '%s\n' "$password" >"$folder/password"
	# shellcheck disable=SC2046
	HOME=$folder client plink $(plink_options) -pwfile "$folder/password" ${tty:+-t} "$SSH_USER@$HOST" "$@"
}
plink13_key() {
	local key=$1
	shift
	[ -e "$folder/$key.ppk" ] || puttygen "$folder/$key" -o "$folder/$key.ppk"
	# shellcheck disable=SC2046
	HOME=/mnt timeout "${LIMIT:-120}" bash -c '. tests/chroot13.sh; chroot13_run "$@"' - "$NETNS" "$folder" \
	    plink $(plink_options) -i "/mnt/$key.ppk" ${tty:+-t} "$SSH_USER@$HOST" "$@"
}
