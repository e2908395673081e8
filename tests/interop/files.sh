#!/bin/bash
# Files with stock clients: sftp with every command of its manual, scp both ways it
# can, psftp and pscp; many requests, many channels, limits, and what is left behind.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roles.sh"
bed_up --set 'Subsystem look internal-sftp -R -l INFO' --set 'Subsystem private internal-sftp -u 077 -d %d/files'
# What the client sees as /home/... is here.
server=$ROOT/home/$SSH_USER
dir=$SFTP_DIR
local=$work/local
mkdir -p "$local"

# sftp_to [options] : commands from stdin; ends with the first that fails.
sftp_to() { (cd "$local" && client sftp "${ssh_opts[@]}" "$@" -b - "$SSH_USER@$HOST"); }
as_user() { setpriv --reuid 64301 --regid 64301 --clear-groups "$@"; }
sum() { sha256sum <"$1" | cut -d' ' -f1; }
same() { [ "$(sum "$1")" = "$(sum "$2")" ] || { echo "$1 and $2 differ"; return 1; }; }
meta() { stat -c '%a %Y' "$@"; }

# ---- sftp: every command of its manual --------------------------------------------

make_tree() { # DIR
	mkdir -p "$1/sub/deeper" "$1/empty"
	echo one >"$1/one"
	echo two >"$1/sub/two"
	head -c 300000 /dev/urandom >"$1/sub/deeper/three"
	ln -s one "$1/link"
	chmod 640 "$1/one"
	chmod 750 "$1/sub"
	touch -d '2001-02-03 04:05:06' "$1/one" "$1/sub/two"
}
looking() {
	echo text >"$server/files/text"
	touch -d '2001-02-03 04:05:06' "$server/files/text"
	chown 64301:64301 "$server/files/text"
	sftp_to >"$work/out" <<-END || return 1
		version
		pwd
		cd files
		pwd
		ls
		ls -1
		ls -la
		ls -ln
		ls -lh
		ls -lrSt
		ls -f
		ls te*
		df
		df -h
		df -hi
		help
		?
		lpwd
		lls
		lumask 022
		progress
		!true
	END
	cat "$work/out"
	grep -q '^SFTP protocol version 3$' "$work/out" &&
	    grep -q "^Remote working directory: /home/$SSH_USER\$" "$work/out" &&
	    grep -q "^Remote working directory: $dir\$" "$work/out" &&
	    grep -Eq "^-rw-r--r-- +. $SSH_USER +$SSH_USER +5 Feb +3 +2001 text\$" "$work/out" &&
	    grep -Eq '^ *[0-9.]+GB .* [0-9]+%$' "$work/out"
}
changing() {
	sftp_to >"$work/out" <<-END || return 1
		mkdir files/d
		cd files/d
		!echo hello >hello
		put hello
		put hello again
		chmod 600 again
		chown 64301 again
		chgrp 64301 again
		rename again renamed
		cp renamed copied
		copy renamed twice
		ln renamed hard
		ln -s renamed soft
		symlink nowhere dangling
		rm twice
		mkdir e
		rmdir e
		lmkdir down
		lcd down
		get renamed
		lchdir ..
		-rm nothing
		-rmdir nothing
	END
	cd "$server/files/d" || return 1
	is "copied dangling hard hello renamed soft" sh -c 'echo *' && is renamed readlink soft && is nowhere readlink dangling &&
	    is 600 stat -c %a renamed && is 2 stat -c %h hard && is hello cat copied && cd "$OLDPWD" && is hello cat "$local/down/renamed"
}
no_overwrite() { # version 3's own rename does not; sftp uses posix-rename where it can
	echo a >"$server/files/a"
	echo b >"$server/files/b"
	chown 64301:64301 "$server/files/a" "$server/files/b"
	! sftp_to <<<"rename -l files/a files/b" && is b cat "$server/files/b" &&
	    sftp_to <<<"rename files/a files/b" && is a cat "$server/files/b"
}
whole_trees() {
	make_tree "$local/tree"
	sftp_to <<-END || return 1
		put -R -p tree files/up
		get -R -p files/up back
		put -p -f tree/one files/flushed
		get -p -f files/flushed one.back
	END
	diff -r -x link "$local/tree" "$server/files/up" && diff -r -x link "$local/tree" "$local/back" &&
	    is "$(meta "$local/tree/one" "$local/tree/sub/two")" meta "$server/files/up/one" "$server/files/up/sub/two" &&
	    is "$(meta "$local/tree/one" "$local/tree/sub/two")" meta "$local/back/one" "$local/back/sub/two" &&
	    is 750 stat -c %a "$server/files/up/sub" && is "$(meta "$local/tree/one")" meta "$local/one.back"
}
resumed() { # half of it is there
	head -c 3000000 /dev/urandom >"$local/half.whole"
	head -c 1234567 "$local/half.whole" >"$local/half"
	as_user cp "$local/half" "$server/files/half" 2>/dev/null || install -o 64301 -g 64301 "$local/half" "$server/files/half"
	cp "$local/half.whole" "$local/up"
	sftp_to <<<"reput up files/half" || return 1
	same "$local/half.whole" "$server/files/half" || return 1
	sftp_to <<<"reget files/half half" || return 1
	same "$local/half.whole" "$local/half" || return 1
	head -c 1234567 "$local/half.whole" >"$local/half"
	sftp_to <<<"get -a files/half half" && same "$local/half.whole" "$local/half"
}
many_names() { # in several replies
	as_user mkdir "$server/files/many" && (cd "$server/files/many" && seq 1 2000 | xargs touch) || return 1
	[ "$(sftp_to <<<"ls -1 files/many" | grep -c '^files/many/[0-9]*$')" = 2000 ]
}

check "sftp: looking around" looking
check "sftp: making, linking, copying, removing" changing
check "sftp: rename over a file only when asked so" no_overwrite
check "sftp: whole trees with their times and modes" whole_trees
check "sftp: reput, reget, get -a" resumed
check "sftp: a directory of 2000" many_names

# ---- content ----------------------------------------------------------------------

head -c 67108864 /dev/urandom >"$local/big"
head -c 16777216 "$local/big" >"$local/mid"
round_trip() { # sftp options...
	sftp_to "$@" >/dev/null <<-END || return 1
		put big files/big
		get files/big big.back
	END
	same "$local/big" "$server/files/big" && same "$local/big" "$local/big.back"
}
check "64 MiB both ways" round_trip
check "64 MiB both ways, 512 requests of 32 KiB in flight" round_trip -R 512 -B 32768
check "64 MiB both ways, the largest requests that fit" round_trip -R 4 -B 261120
eight() {
	local i pids=() bad=0 ctl=$work/ctl
	client ssh "${ssh_opts[@]}" -o ControlMaster=yes -o ControlPath="$ctl" -fN "$SSH_USER@$HOST" || return 1
	head -c 8388608 "$local/big" >"$local/eight"
	install -o 64301 -g 64301 "$local/eight" "$server/files/shared"
	for i in $(seq 1 8); do
		printf '%s\n' "put eight files/eight.$i" "get files/shared eight.$i.back" "ls -l files" |
		    (cd "$local" && client sftp -o ControlPath="$ctl" -b - x) >/dev/null 2>"$work/eight.$i" &
		pids+=($!)
	done
	# The login's other channels go on meanwhile.
	for i in 1 2 3 4 5; do [ "$(client ssh -o ControlPath="$ctl" x echo $i)" = $i ] || bad=1; done
	for i in "${pids[@]}"; do wait "$i" || bad=1; done
	client ssh -o ControlPath="$ctl" -O exit x 2>/dev/null
	for i in $(seq 1 8); do
		same "$local/eight" "$server/files/eight.$i" && same "$local/eight" "$local/eight.$i.back" || bad=1
		rm -f "$local/eight.$i.back" "$server/files/eight.$i"
	done
	[ $bad -eq 0 ]
}
check "8 sessions on one connection, one file read by all" eight

# ---- scp --------------------------------------------------------------------------

scp_to() { (cd "$local" && client scp "${ssh_opts[@]}" "$@"); }
scp_trees() { # -s or -O
	rm -rf "$local/back.scp" "$server/files/scp"
	scp_to "$1" -q -r -p tree "$SSH_USER@$HOST:files/scp" && scp_to "$1" -q -r -p "$SSH_USER@$HOST:files/scp" back.scp &&
	    diff -r "$local/tree" "$server/files/scp" && diff -r "$local/tree" "$local/back.scp" &&
	    is "$(meta "$local/tree/one" "$local/tree/sub/two")" meta "$server/files/scp/one" "$server/files/scp/sub/two" &&
	    is "$(meta "$local/tree/one" "$local/tree/sub/two")" meta "$local/back.scp/one" "$local/back.scp/sub/two"
}
scp_missing() { ! scp_to "$1" -q "$SSH_USER@$HOST:files/not.there" . 2>"$work/err" && grep -q 'No such file' "$work/err"; }
scp_home() { echo tilde >"$local/tilde" && scp_to -s -q tilde "$SSH_USER@$HOST:~/files/tilde" && is tilde cat "$server/files/tilde"; }
check "scp over sftp: trees both ways with -p" scp_trees -s
check "scp over sftp: a file that is not there" scp_missing -s
check "scp over sftp: a name with ~" scp_home
check "scp -O: trees both ways with -p" scp_trees -O
check "scp -O: a file that is not there" scp_missing -O

# ---- PuTTY ------------------------------------------------------------------------

puttygen "$SSH_KEY" -q -O private -o "$work/key.ppk" 2>/dev/null
fingerprint=$(ssh-keygen -lf <(cut -d' ' -f2- "$KNOWN_HOSTS" | grep ed25519) | cut -d' ' -f2)
putty() { (cd "$local" && HOME=$work client "$1" -batch -i "$work/key.ppk" -hostkey "$fingerprint" "${@:2}"); }
psftp_all() {
	cat >"$work/psftp" <<-END
		pwd
		cd files
		mkdir putty
		cd putty
		put mid
		ls
		chmod 600 mid
		mv mid moved
		get moved mid.putty
		reget moved mid.putty
		put -r tree
		get -r tree tree.putty
		rm moved
		open nowhere
	END
	sed -i '$d' "$work/psftp"
	rm -rf "$local/tree.putty"
	putty psftp -b "$work/psftp" "$SSH_USER@$HOST" >"$work/out" 2>&1 || { tail "$work/out"; return 1; }
	same "$local/mid" "$local/mid.putty" && diff -r "$local/tree/sub" "$local/tree.putty/sub" &&
	    grep -q 'rwx.* tree$\|rw-.* mid$' "$work/out" && [ ! -e "$server/files/putty/moved" ]
}
pscp_both() { # -sftp or -scp
	rm -f "$local/mid.pscp"
	putty pscp -q "$1" -p mid "$SSH_USER@$HOST:files/mid.pscp" && putty pscp -q "$1" "$SSH_USER@$HOST:files/mid.pscp" mid.pscp &&
	    same "$local/mid" "$local/mid.pscp"
}
check "psftp: there and back, trees too" psftp_all
check "pscp over sftp" pscp_both -sftp
check "pscp over scp" pscp_both -scp

# ---- limits -----------------------------------------------------------------------

no_space() {
	as_user mkdir -p "$server/files/tiny"
	nsenter -t "$MONITOR_PID" -m mount -t tmpfs -o size=1m,uid=64301,gid=64301 tmpfs "$dir/tiny" || return 1
	local r=0
	! sftp_to <<<"put big files/tiny/big" 2>"$work/err" && grep -q '^write remote.*: Failure' "$work/err" || r=1
	echo "put big files/tiny/big2" >"$work/psftp"
	putty psftp -b "$work/psftp" "$SSH_USER@$HOST" >"$work/out" 2>&1
	grep -q 'error while writing: failure' "$work/out" || r=1
	nsenter -t "$MONITOR_PID" -m umount "$dir/tiny"
	[ $r -eq 0 ] || cat "$work/err" "$work/out"
	return $r
}
read_only() {
	sftp_to -s look <<<"get files/text text.look" && is text cat "$local/text.look" || return 1
	local c
	for c in "put text.look files/new" "rm files/text" "rename files/text files/t" "mkdir files/n" "chmod 777 files/text" "ln -s a files/n"; do
		! sftp_to -s look <<<"$c" 2>"$work/err" && grep -q 'Permission denied' "$work/err" || { echo "$c was done"; return 1; }
	done
	[ ! -e "$server/files/new" ] && is text cat "$server/files/text"
}
private() { # umask and start directory
	sftp_to -s private >"$work/out" <<-END || return 1
		pwd
		mkdir private
		put text.look private/text
	END
	grep -q "directory: $dir\$" "$work/out" && is 700 stat -c %a "$server/files/private" && is 600 stat -c %a "$server/files/private/text"
}
login_umask() { # the login's own, as its PAM session sets it
	local r=1 pam=$ROOT/etc/pam.d/postern
	cp -p "$pam" "$work/pam"
	echo 'session optional pam_umask.so umask=0027' >>"$pam"
	sftp_to <<<"put text.look files/masked" && is 640 stat -c %a "$server/files/masked" && r=0
	cp -p "$work/pam" "$pam"
	return $r
}
logged() {
	until_true 5 grep -q 'sftp.*open "/home/tester/files/text" flags 0x1' "$LOG" && grep -q 'sftp.*close "/home/tester/files/text" bytes read 5 written 0' "$LOG"
}
rooted() { # every request within the directory, in the host's sandbox
	local conf=$ROOT/run/postern-inst/plugins/sftp.conf r=1
	cp -p "$conf" "$work/sftp.conf"
	echo 'Root %d/files' >>"$conf"
	$CTL reload >/dev/null || return 1
	sftp_to >"$work/out" 2>"$work/err" <<-END && r=0
		pwd
		get text text.rooted
		put text.rooted ../../rooted
		chmod 600 /rooted
		ln -s / here
		rename here there
		get there/there/../text text.again
		mkdir there/folder
		ls -l there/folder
		df there
		rmdir folder
		rm there
		-get $dir/text text.outside
		-get /etc/passwd text.outside
	END
	cp -p "$work/sftp.conf" "$conf"
	$CTL reload >/dev/null || return 1
	[ $r -eq 0 ] && grep -q 'directory: /$' "$work/out" && is text cat "$local/text.again" &&
	    is 600 stat -c %a "$server/files/rooted" && [ ! -e "$local/text.outside" ] || { cat "$work/err"; return 1; }
}
denied() { ! sftp_to <<<"get /etc/shadow" 2>"$work/err" && grep -q 'Permission denied' "$work/err"; }
fifo() { # nobody waits for a writer
	as_user mkfifo "$server/files/fifo" && ! LIMIT=10 sftp_to <<<"put big files/fifo" 2>"$work/err" &&
	    grep -q 'Failure' "$work/err"
}
garbage() { # told, and over
	local r=0
	echo "This is no SFTP" | client ssh "${ssh_opts[@]}" -s "$SSH_USER@$HOST" sftp >"$work/out" 2>"$work/err" || r=$?
	[ $r -eq 1 ] && grep -q '^sftp: a packet of 1416128883 bytes' "$work/err"
}
check "a full file system" no_space
check "a read-only subsystem" read_only
check "what it did, in the log (-l INFO)" logged
check "the umask of the login" login_umask
check "a subsystem with a umask and a start directory" private
check "a root that nothing leads out of" rooted
check "somebody else's file" denied
check "a FIFO" fifo
check "a stream that is no SFTP" garbage

# ---- a file system that hangs ---------------------------------------------------------

# Nobody answers for it; other channels of the login, and what else one channel does, go on.
hanging() {
	local ctl=$work/hang.ctl i pids=() fuse bad=0
	as_user mkdir "$server/files/hung"
	# By its descriptor: its name may lead elsewhere over there.
	nsenter -t "$MONITOR_PID" -m /proc/self/fd/9 "$dir/hung" >"$work/hang" 9<"${BIN:-build/bin}/tests/fuse-hang" &
	fuse=$!
	until_true 10 grep -q mounted "$work/hang" || return 1
	client ssh "${ssh_opts[@]}" -o ControlMaster=yes -o ControlPath="$ctl" -fN "$SSH_USER@$HOST" || bad=1
	for i in 1 2 3 4 5 6; do
		(cd "$local" && client sftp -o ControlPath="$ctl" -b - x <<<"get files/hung/$i") >/dev/null 2>&1 &
		pids+=($!)
	done
	(cd "$local" && client sftp -o ControlPath="$ctl" -b - x) >/dev/null <<-END || bad=1
		put mid files/beside
		get files/beside mid.beside
	END
	same "$local/mid" "$local/mid.beside" || bad=1
	for i in "${pids[@]}"; do kill -0 "$i" || { echo "an answer from nobody"; bad=1; }; done
	# It is gone: they are told.
	kill "$fuse"
	wait "$fuse" 2>/dev/null
	for i in "${pids[@]}"; do wait "$i" && bad=1; done
	client ssh -o ControlPath="$ctl" -O exit x 2>/dev/null
	return $bad
}
[ -w /dev/fuse ] && check "a file system that hangs, and transfers beside it" hanging

# ---- the end ----------------------------------------------------------------------

roles_killed() { # a transfer does not notice
	local pid
	(cd "$local" && client sftp "${ssh_opts[@]}" -l 160000 -b - "$SSH_USER@$HOST" <<<"put big files/through") >/dev/null 2>&1 &
	pid=$!
	until_true 10 test -s "$server/files/through" || return 1
	signal_role KILL all
	wait "$pid" && same "$local/big" "$server/files/through"
}
check "the control plane killed in the middle of a put" roles_killed
growing() { [ -n "$(find "$server/files" -name killed -size +0)" ]; }
gone() { [ -z "$(user_pids)" ]; }
killed() {
	local pid
	(cd "$local" && exec ip netns exec "$NETNS" sftp "${ssh_opts[@]}" -l 8000 -b - "$SSH_USER@$HOST" <<<"put big files/killed") >/dev/null 2>&1 &
	pid=$!
	until_true 10 growing || return 1
	# The program that it became, and its ssh.
	kill -9 $(pgrep -P "$pid") "$pid"
	wait "$pid" 2>/dev/null
	until_true 10 gone
}
check "a client killed in the middle of a put leaves nothing behind" killed
# In one mount namespace, that of `client`: a mount that others can see is copied into each
# namespace that begins meanwhile, and lives on there.
mounted() { # where sshfs is installed and works
	local m=$work/mount
	mkdir "$m"
	export -f sum same through_mount
	# shellcheck disable=SC2016
	client bash -c 'through_mount "$@"' - "$m" "$local" "$server/files" "ssh ${ssh_opts[*]}" "$SSH_USER@$HOST:files"
}
through_mount() { # MOUNT LOCAL FILES SSH WHERE
	local m=$1 local=$2 files=$3 r
	timeout 30 sshfs -o ssh_command="$4" "$5" "$m" || return 1
	install -o 64301 -g 64301 "$local/mid" "$files/mid"
	same "$local/mid" "$m/mid" && cp "$local/mid" "$m/by.sshfs" && same "$local/mid" "$files/by.sshfs" &&
	    mv "$m/by.sshfs" "$m/moved" && ln "$m/moved" "$m/hard" && rm "$m/moved" && same "$local/mid" "$m/hard"
	r=$?
	fusermount3 -u "$m" && return $r
}
command -v sshfs >/dev/null && [ -w /dev/fuse ] && check "sshfs" mounted

# ---- programs that bring their own protocol ----------------------------------------

tools/deps.sh git rsync >/dev/null
rsync_both() { # a tree up, and down again, with times, modes and links; then what changed alone
	local ssh="ssh ${ssh_opts[*]}" where=$SSH_USER@$HOST
	make_tree "$local/rs"
	client rsync -a -e "$ssh" "$local/rs/" "$where:files/rs/" && client rsync -a -e "$ssh" "$where:files/rs/" "$local/rs.back/" &&
	    diff -r --no-dereference "$local/rs" "$local/rs.back" &&
	    is "$(cd "$local/rs" && meta one sub/two)" sh -c "cd $local/rs.back && stat -c '%a %Y' one sub/two" || return 1
	echo more >>"$local/rs/one"
	rm "$local/rs/sub/two"
	is "1" sh -c "timeout 60 ip netns exec $NETNS rsync -ai --delete -e '$ssh' $local/rs/ $where:files/rs/ | grep -c '^<f'" &&
	    same "$local/rs/one" "$server/files/rs/one" && [ ! -e "$server/files/rs/sub/two" ]
}
check "rsync: a tree both ways, and what changed" rsync_both
git_both() {
	local at=$local/git git="git -c user.name=t -c user.email=t@t -c init.defaultBranch=main"
	export GIT_SSH_COMMAND="ssh ${ssh_opts[*]}" GIT_CONFIG_NOSYSTEM=1
	ssh_to 'git -c init.defaultBranch=main init -q --bare files/repository' && $git init -q "$at" || return 1
	head -c 3000000 /dev/urandom >"$at/big"
	(cd "$at" && git add big && $git commit -qm one) || return 1
	client git -C "$at" push -q "$SSH_USER@$HOST:files/repository" main &&
	    client git clone -q "$SSH_USER@$HOST:files/repository" "$at.back" && same "$at/big" "$at.back/big"
}
check "git: push and clone" git_both
check "no host is left at the end" until_true 10 gone
finish
