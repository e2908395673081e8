#!/bin/bash
# What the command line of posternd says of a configuration: -t, -T,
# --dataplane-args, --version, --help.
set -u
posternd=$BIN/posternd
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0

ok() { # what command...
	local what=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		echo "FAILED: $what"
		failed=$((failed + 1))
	fi
}

# Exit status, then what it said.
run() {
	"$posternd" "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}

complete() { # the lines without which there is no service, then those given
	{
		echo "Nic af_packet:eth1"
		echo "Address 192.0.2.10/24"
		printf '%s\n' "$@"
	} >"$dir/conf"
}

# A line is refused: exit 1, its file and line, and every word given.
refused() { # line word...
	local line=$1 word
	shift
	complete "# a comment" "$line"
	run -t -f "$dir/conf"
	ok "'$line' is refused" [ "$status" -eq 1 ]
	ok "'$line': file and line are named" grep -qF "$dir/conf:4: " "$dir/err"
	for word; do ok "'$line': '$word' is said" grep -qF -- "$word" "$dir/err"; done
}

# ---- -t ----
complete
run -t -f "$dir/conf"
ok "a good file is good" [ "$status" -eq 0 ]
ok "and nothing is said of it" [ ! -s "$dir/err" ]
run --test --file "$dir/conf"
ok "long options are the same" [ "$status" -eq 0 ]

refused 'PermitRotLogin no' 'unknown keyword "PermitRotLogin"' '"PermitRootLogin"'
refused 'Adress 192.0.2.1/24' '"Address"'
refused 'Frobnicate yes' 'unknown keyword "Frobnicate"'
refused 'Port banana' '"banana" found' 'a number from 1 to 65535 expected'
refused 'Port 65536' '"65536" found' 'expected'
refused 'Port' 'expected'
refused 'StrictModes perhaps' '"perhaps" found' 'expected'
refused 'PermitRootLogin sometimes' '"sometimes" found' 'expected'
refused 'LoginGraceTime 3 fortnights' 'LoginGraceTime'
refused 'Address 192.0.2.300/24' 'Address'
refused 'Port "22' 'quot'

complete 'Port banana' 'Frobnicate yes' 'StrictModes perhaps'
run -t -f "$dir/conf"
ok "every error is told, not the first alone" [ "$(grep -c "^$dir/conf:[345]: " "$dir/err")" -eq 3 ]

# What would restrict somebody and is not served is an error, never a warning.
for line in 'AllowUsers alice' 'DenyUsers eve' 'AllowGroups staff' 'DenyGroups games' \
	'AuthenticationMethods publickey,password' 'RevokedKeys /etc/krl' 'ForceCommand /bin/true' \
	'ChrootDirectory /srv' \
	'AddressFamily inet' 'PerSourcePenalties yes' 'RefuseConnection yes' \
	'ChannelTimeout session=1m' 'Match User eve'; do
	refused "$line" "${line%% *}"
done

# What restricts nobody is a warning with its reason, and the file is good.
complete 'UseDNS yes' 'PermitTunnel yes'
run -t -f "$dir/conf"
ok "a keyword that opens nothing is a warning" [ "$status" -eq 0 ]
ok "with file, line and reason" grep -q "^warning: $dir/conf:3: UseDNS: ..*" "$dir/err"

# An error in an included file is told as that file's.
echo 'Port banana' >"$dir/more.conf"
complete 'Include more.conf'
run -t -f "$dir/conf"
ok "an included file's error is its own" grep -qF "$dir/more.conf:1: " "$dir/err"
ok "and an error" [ "$status" -eq 1 ]

run -t -f "$dir/none"
ok "no file is an error" [ "$status" -eq 1 ]
ok "that names it" grep -qF "$dir/none" "$dir/err"

# ---- -T ----
complete 'Port 2222' 'MaxAuthTries 3' 'AcceptEnv LANG LC_*' 'RekeyLimit 1G 1h' 'Subsystem echo plugin:echo' \
	'PermitRootLogin no' 'VersionAddendum "two words"' 'ClientAliveInterval 15' 'LogLevel DEBUG'
run -T -f "$dir/conf"
ok "-T succeeds" [ "$status" -eq 0 ]
for line in 'port 2222' 'maxauthtries 3' 'permitrootlogin no' 'loglevel DEBUG' 'subsystem echo plugin:echo'; do
	ok "-T says '$line'" grep -qx "$line" "$dir/out"
done
cp "$dir/out" "$dir/dumped"
run -t -f "$dir/dumped"
ok "what -T prints is a good file" [ "$status" -eq 0 ]
ok "without a warning" [ ! -s "$dir/err" ]
run -T -f "$dir/dumped"
ok "and means the same" cmp -s "$dir/out" "$dir/dumped"
run -T -f tools/packaging/postern.conf
ok "the shipped file is good" [ "$status" -eq 0 ]
echo 'Port banana' >>"$dir/conf"
run -T -f "$dir/conf"
ok "-T of a broken file prints nothing" [ "$status" -eq 1 -a ! -s "$dir/out" ]

# ---- --dataplane-args ----
complete 'Workers 3' 'WorkerCPUs 1,0' 'MaxConnections 77' 'DataplaneMemory 64' 'HugePages no' 'DataplaneSocket /run/x.sock' 'VirtualRouter 51 10.0.0.100'
run --dataplane-args -f "$dir/conf"
ok "--dataplane-args succeeds" [ "$status" -eq 0 ]
ok "on one line" [ "$(wc -l <"$dir/out")" -eq 1 ]
for word in '--nic af_packet:eth1' '--control /run/x.sock' '--memory 64' '--conn-max 77' '--workers 3' '--worker-cpu 1,0' '--no-huge' --promiscuous; do
	ok "it says $word" grep -qF -- "$word" "$dir/out"
done
if [ -x "$BIN/postern-dp" ]; then
	for word in $(tr ' ' '\n' <"$dir/out" | grep '^--'); do
		"$BIN/postern-dp" --help >"$dir/help" 2>&1
		ok "postern-dp knows $word" grep -q -- "^  $word" "$dir/help"
	done
fi

# ---- the rest ----
run --version
ok "--version" [ "$status" -eq 0 ]
ok "names itself" grep -q '^posternd [0-9]' "$dir/out"
run --help
ok "--help" [ "$status" -eq 0 ]
for word in --test --dump --dataplane-args --file --version; do
	ok "--help tells $word" grep -qF -- "$word" "$dir/out"
done
run --frobnicate
ok "an unknown option is wrong usage" [ "$status" -eq 2 ]
run stray
ok "so is an argument" [ "$status" -eq 2 ]
run role gate 0 3>&- 4>&- 5>&-
ok "a role is not for people to start" [ "$status" -eq 2 ]

echo "$passed passed, $failed failed"
exit $((failed > 0))
