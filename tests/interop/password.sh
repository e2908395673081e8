#!/bin/bash
# Passwords and keyboard-interactive with the stock client, through PAM: Debian's own
# stack, and a module that misbehaves for the accounts whose name says so.
. "$(dirname "$0")/lib.sh"
tests_bin=${BIN:-build/bin}/tests
bed_up --set 'LoginGraceTime 8' --set 'MaxAuthTries 3' --set 'PAMMaxDialogues 12'

# ---- accounts and PAM -----------------------------------------------------------

uid=64400
account() { # name shadow-password last-change
	echo "$1:x:$uid:$uid:postern testbed:/home/$1:/bin/bash" >>"$ROOT/etc/passwd"
	echo "$1:x:$uid:" >>"$ROOT/etc/group"
	echo "$1:$2:$3:0:99999:7:::" >>"$ROOT/etc/shadow"
	install -d -m 755 -o $uid -g $uid "$ROOT/home/$1"
	uid=$((uid + 1))
}
hash=$(awk -F: '$1 == "tester" { print $2 }' "$ROOT/etc/shadow")
for a in many hang crash exit print fork leak closeall peer; do account $a "$hash" 19000; done
account aged "$hash" 0
account blank "" 19000

install -m 644 "$tests_bin/pam_actor.so" "$ROOT/run/postern-inst/"
actor=/run/postern-inst/pam_actor.so
go_on="[success=ignore ignore=ignore default=die]"
{
	for a in hang crash exit print fork leak closeall; do echo "auth $go_on $actor only=$a prompt:Password:_=$SSH_PASSWORD $a"; done
	echo "auth $go_on $actor only=peer rhost=10.77.0.2"
	echo "auth [success=done ignore=ignore default=die] $actor only=many say:Three_questions. prompt:First:_=one echo:Second:_=two both:Third:_=three"
	# what the misbehaving ones have asked already is not asked again
	sed 's/@include common-auth/auth required pam_unix.so nullok try_first_pass/' "$ROOT/etc/pam.d/postern"
} >"$work/pam"
cp "$work/pam" "$ROOT/etc/pam.d/postern"

# ---- a client that answers by a list ----------------------------------------------

cat >"$work/askpass" <<'END'
#!/bin/sh
echo "$1" >>"$ASK.asked"
head -n 1 "$ASK"
sed -i 1d "$ASK"
END
chmod +x "$work/askpass"

# login USER METHOD ANSWER...: runs "echo in" there; what was asked is in $work/asked.
login() {
	local user=$1 method=$2 list
	shift 2
	list=$(mktemp "$work/answers.XXXXXX")
	printf '%s\n' "$@" >"$list"
	ASK=$list SSH_ASKPASS=$work/askpass SSH_ASKPASS_REQUIRE=force client ssh -F none \
	    -o PreferredAuthentications="$method" -o PubkeyAuthentication=no -o NumberOfPasswordPrompts="${PROMPTS:-1}" \
	    -o UserKnownHostsFile="$KNOWN_HOSTS" -o ConnectTimeout=10 -o LogLevel=ERROR "$user@$HOST" "${RUN:-echo in}" </dev/null
	local r=$?
	cp "$list.asked" "$work/asked" 2>/dev/null || : >"$work/asked"
	return $r
}
password=password kbdint=keyboard-interactive
said() { until_true 5 grep -Eq -- "$1" "$LOG"; }
from="from 10\.77\.0\.2 port [0-9]+ ssh2\$"
pam_pids() { for p in $($PIDS_CMD); do tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null | grep -q 'role pam' && echo "$p"; done; }
none_left() { [ -z "$(pam_pids)" ]; }

# ---- right and wrong -----------------------------------------------------------------

check "a password lets in" is in login tester $password "$SSH_PASSWORD"
check "so does keyboard-interactive" is in login tester $kbdint "$SSH_PASSWORD"
check "and it asks as PAM does" grep -q '(tester@10.77.0.1) Password: ' "$work/asked"
check "both are logged as sshd does" said "sshd\[[0-9]+\]: Accepted password for tester $from"
check "by their names" said "sshd\[[0-9]+\]: Accepted keyboard-interactive/pam for tester $from"
methods() { client ssh "${ssh_opts[@]}" -o PreferredAuthentications=none -o LogLevel=INFO "$1@$HOST" true 2>&1 | grep -qF 'Permission denied (publickey,password,keyboard-interactive)'; }
check "the methods are listed" methods tester
check "to strangers too" methods stranger
# Together, because each takes as long as PAM wants a failure to take.
wrong() {
	local u m pids=() bad=0
	for u in tester stranger root noshell locked; do
		for m in $password $kbdint; do
			status 255 login $u $m wrong 2>/dev/null &
			pids+=($!)
		done
	done
	for u in "${pids[@]}"; do wait "$u" || bad=1; done
	return $bad
}
check "wrong passwords do not, nor strangers" wrong
for u in "tester" "invalid user stranger" "root" "invalid user noshell" "locked"; do
	check "logged as sshd does: $u" said "sshd\[[0-9]+\]: Failed password for $u $from"
	check "by dialogue: $u" said "sshd\[[0-9]+\]: Failed keyboard-interactive/pam for $u $from"
done
refused() {
	local u m pids=() bad=0
	for u in root noshell locked expired; do
		for m in $password $kbdint; do
			status 255 login $u $m "$SSH_PASSWORD" 2>/dev/null &
			pids+=($!)
		done
	done
	for m in $password $kbdint; do
		status 255 login blank $m "" 2>/dev/null &
		pids+=($!)
	done
	for u in "${pids[@]}"; do wait "$u" || bad=1; done
	return $bad
}
check "right ones of root, no shell, locked, expired, and an empty one do not" refused
check "why is in the log" said "Access denied for user expired by PAM account configuration from 10\.77\.0\.2 port [0-9]+: "
three() { PROMPTS=5 status 255 login tester $1 a b c d && is 3 grep -c . "$work/asked"; }
three_each() {
	three $password && until_true 5 is 1 grep -c "$exceeded" "$LOG" && three $kbdint &&
	    until_true 5 is 2 grep -c "$exceeded" "$LOG"
}
exceeded="maximum authentication attempts exceeded for tester from 10.77.0.2 port"
check "MaxAuthTries counts passwords, and each dialogue once" three_each
again() { PROMPTS=3 is in login tester $kbdint bad "$SSH_PASSWORD" && is 2 grep -c . "$work/asked"; }
check "a second try lets in" again

# ---- dialogues -------------------------------------------------------------------------

many() {
	is in login many $kbdint one two three three && is 4 grep -c . "$work/asked" &&
	    grep -q 'First: ' "$work/asked" && grep -q 'Second: ' "$work/asked" && grep -q 'Third: ' "$work/asked"
}
check "several rounds and prompts" many
check "one wrong answer among them" status 255 login many $kbdint one two three four
aged() {
	is in login aged $kbdint "$SSH_PASSWORD" "$SSH_PASSWORD" "Br4nd-n3w-w0rds" "Br4nd-n3w-w0rds" || { cat "$work/asked"; return 1; }
	is 4 grep -c . "$work/asked"
}
check "an expired password: not by the password method" status 255 login aged $password "$SSH_PASSWORD"
check "changed in the dialogue" aged
check "then the new one lets in" is in login aged $password "Br4nd-n3w-w0rds"
check "PAM is told the peer's address" is in login peer $password "$SSH_PASSWORD"

# ---- modules that misbehave harm their own login alone ----------------------------------

for a in print fork leak; do
	check "a module that does this: $a" is in login $a $password "$SSH_PASSWORD"
done
for a in crash exit closeall; do
	check "a module that does this: $a" status 255 login $a $password "$SSH_PASSWORD"
done
check "a crash is logged" said "PAM dialogue for user crash from 10\.77\.0\.2: ended by signal 6"
check "posternctl counts them" bash -c "$CTL status | grep -Eq '^pam +[0-9]+ dialogues \\(at most 12; [0-9]+ so far, [1-9][0-9]* crashed'"
check "what a module prints is nowhere" bash -c "! grep -q 'a line on std' $LOG $POSTERND_LOG"
hang() {
	local i pids=() bad=0 start=$SECONDS
	for i in 1 2 3 4; do
		status 255 login hang $password "$SSH_PASSWORD" 2>/dev/null &
		pids+=($!)
	done
	hanging() { $CTL status | grep -Eq '^pam +4 dialogues '; }
	until_true 20 hanging || { echo "$($CTL status | grep '^pam')"; bad=1; }
	start=$SECONDS
	is in login tester $password "$SSH_PASSWORD" || bad=1
	for i in "${pids[@]}"; do [ -e "/proc/$i" ] || { echo "others waited"; bad=1; }; done
	for i in 1 2 3; do is in login tester $password "$SSH_PASSWORD" || bad=1; done
	for i in "${pids[@]}"; do wait "$i" || bad=1; done
	[ $((SECONDS - start)) -le 12 ] || { echo "longer than the grace time"; bad=1; }
	return $bad
}
check "modules that hang: others log in, the grace time ends them" hang
check "and nothing of them is left" until_true 5 none_left
check "the timeout is logged" said "Timeout before authentication for 10\.77\.0\.2 port "
check "keys work as before" is yes ssh_to echo yes

# ---- what the configuration says, after a reload ------------------------------------------

reload() { # line: goes before all others
	sed -i "1i $1" "$CONF" && $CTL reload
}
empty() { reload 'PermitEmptyPasswords yes' && is in login blank $password "" && is in login blank $kbdint ""; }
check "PermitEmptyPasswords yes" empty
only_dialogue() {
	reload 'PasswordAuthentication no' &&
	    client ssh "${ssh_opts[@]}" -o PreferredAuthentications=none -o LogLevel=INFO "tester@$HOST" true 2>&1 |
	    grep -qF 'Permission denied (publickey,keyboard-interactive)' && status 255 login tester $password "$SSH_PASSWORD" &&
	    is in login tester $kbdint "$SSH_PASSWORD"
}
check "PasswordAuthentication no" only_dialogue
no_pam() {
	reload 'UsePAM no' && client ssh "${ssh_opts[@]}" -o PreferredAuthentications=none -o LogLevel=INFO "tester@$HOST" true 2>&1 |
	    grep -qF 'Permission denied (publickey)' && status 255 login tester $kbdint "$SSH_PASSWORD"
}
check "without PAM there are no passwords" no_pam
sed -i 1,3d "$CONF" && $CTL reload

# ---- what was typed is nowhere ------------------------------------------------------------

hex() { printf %s "$1" | od -An -tx1 | tr -d ' \n'; }
nowhere() {
	echo "password $(hex "$SSH_PASSWORD")" >"$work/secrets"
	RUN='echo in; read -t 20 x' login tester "$1" "$SSH_PASSWORD" >"$work/in" &
	local pid=$! r
	until_true 10 grep -q in "$work/in"
	"$tests_bin/memscan" "$work/secrets" $($PIDS_CMD)
	r=$?
	wait $pid
	return $r
}
found() {
	echo "password $(hex "$SSH_PASSWORD")" >"$work/secrets"
	login hang $password "$SSH_PASSWORD" 2>/dev/null &
	local pid=$!
	until_true 5 bash -c "! $tests_bin/memscan $work/secrets \$($PIDS_CMD)" || { echo "not found while PAM has it"; return 1; }
	wait $pid
	until_true 5 gone_again
}
gone_again() { "$tests_bin/memscan" "$work/secrets" $($PIDS_CMD); }
check "a password is in no process after its login" nowhere $password
check "nor by a dialogue" nowhere $kbdint
check "the search finds it while PAM has it, and not when that is over" found
finish
