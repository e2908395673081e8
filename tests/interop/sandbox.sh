#!/bin/bash
# What each role may do. Every role is made to try everything in the list, with
# its own identity and filter; only what its row allows may succeed. What it must
# not hold (the host key, sockets of a network) is looked for in its memory and
# its descriptors.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roles.sh"
bed_up
echo "RestartDelayMax 0" >>"$ROOT/run/postern-inst/plugins/echo.conf" # it dies of each second try
inject=${BIN:-build/bin}/tests/inject
scan=${BIN:-build/bin}/tests/memscan
key=/etc/postern/ssh_host_ed25519_key
tries="read=/etc/passwd read=/etc/shadow read=$key create=/tmp/sandbox-was-here socket-inet socket-inet6 socket-unix
    socket-packet socket-netlink exec=/bin/true ptrace=PID vmread=PID read=/proc/PID/mem signal=PID setuid-root chroot
    mount userns=0x10000000 bpf fork exec-memory dumpable keyctl perf io-uring module"

# One row per process of the service. Every try that is not in a row's last column
# fails there. Supervisor, pam and login are root and have no filter, because both
# filter and no_new_privs pass through fork and exec, and what these three start
# must be free of them; they parse nothing that a peer sent. What being root lets
# them do is in their rows and is not tried (it would change them); what must fail
# even so is: they have only the capabilities of their row, which an exec by root
# undoes. Holds: hostkey in its memory, packet sockets; nobody has other sockets
# of a network.
root_may="read=/etc/passwd,read=/etc/shadow,read=$key,create=/tmp/sandbox-was-here,socket-inet,socket-inet6,socket-unix"
root_may+=",socket-netlink,exec=/bin/true,signal=PID,setuid-root,userns=0x10000000,fork,exec-memory,dumpable,keyctl,io-uring"
pam_caps=chown,dac_override,dac_read_search,fowner,fsetid,kill,setgid,setuid,setpcap,ipc_lock,sys_chroot,sys_resource
pam_caps+=,sys_nice,sys_tty_config,audit_write,audit_control
table="
# role       account           capabilities                                    filter holds   may
supervisor   root              kill,dac_override,dac_read_search,sys_resource  no     -       $root_may
keeper       _postern-keeper   -                                               yes    hostkey -
warden       _postern-warden   -                                               yes    -       read=/etc/passwd
reader       root              setuid,setgid                                   yes    -       read=/etc/passwd,read=/etc/shadow
pam          root              $pam_caps no - $root_may,chroot
gate         _postern-gate     -                                               yes    -       -
clerk        _postern-clerk    -                                               yes    -       -
host         tester            -                                               yes    -       read=/etc/passwd
sftphost     tester            -                                               yes    -       read=/etc/passwd,create=/tmp/sandbox-was-here
servicehost  own               -                                               yes    -       read=/etc/passwd
login        root              $pam_caps,sys_admin no - $root_may,chroot,mount,bpf,perf
console      _postern-console  -                                               yes    -       -
dp           _postern-dp       -                                               yes    packet  -
"
cap_names=(chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service
    net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin
    sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap)
declare -A account caps filter holds may
while read -r role a c f h m; do
	case $role in '' | '#') continue ;; esac
	account[$role]=$a caps[$role]=${c#-} filter[$role]=$f holds[$role]=${h#-} m=${m#-} may[$role]=${m//,/ }
done <<<"$table"
roles="keeper warden reader gate clerk console host sftphost servicehost supervisor pam login dp"

must_fail() { local t; for t in $tries; do case " ${may[$1]} " in *" $t "*) ;; *) echo -n "$t " ;; esac; done; }
for role in $roles; do
	printf '%s: account %s; capabilities %s; filter %s; holds %s\n    may: %s\n    must fail: %s\n' "$role" \
	    "${account[$role]}" "${caps[$role]:-none}" "${filter[$role]}" "${holds[$role]:-nothing}" "${may[$role]:-nothing}" \
	    "$(must_fail "$role")"
done

# A login keeps a user host, one for its files, the echo subsystem a service host.
keep() {
	[ -n "$(sftp_host)" ] || sleep 300 | client ssh "${ssh_opts[@]}" -s "$SSH_USER@$HOST" sftp >/dev/null 2>&1 &
	[ -n "$(user_host)" ] || client ssh "${ssh_opts[@]}" "$SSH_USER@$HOST" 'sleep 300' </dev/null >/dev/null 2>&1 &
	[ -n "$(service_host)" ] || sleep 300 | client ssh "${ssh_opts[@]}" -s "$SSH_USER@$HOST" echo >/dev/null 2>&1 &
	until_true 30 all_hosts
}
# A pam child lives for one dialogue: one that takes its time, and has just begun.
keep_pam() {
	local r
	[ -z "$(role_pids pam)" ] || signal_role KILL pam
	until_true 30 no_pam || return 1
	sed -i '1i account optional pam_exec.so quiet /bin/sleep 9' "$ROOT/etc/pam.d/postern"
	ssh_to true &
	until_true 30 pid_is_there pam
	r=$?
	sed -i 1d "$ROOT/etc/pam.d/postern"
	return $r
}
no_pam() { [ -z "$(role_pids pam)" ]; }
all_hosts() { [ -n "$(user_host)" ] && [ -n "$(sftp_host)" ] && [ -n "$(service_host)" ]; }
user_host() { local p; for p in $(role_pids host); do [ "$(uid_of "$p")" = 64301 ] && loaded "$p" exec && echo "$p"; done | head -n 1; }
sftp_host() { local p; for p in $(role_pids host); do loaded "$p" sftp && echo "$p"; done | head -n 1; }
loaded() { grep -q "/$2\.so\$" "/proc/$1/maps"; }
service_host() { local p; for p in $(role_pids host); do [ "$(uid_of "$p")" != 64301 ] && echo "$p"; done | head -n 1; }
uid_of() { awk '/^Uid:/ { print $2 }' "/proc/$1/status"; }
pid_of() {
	case $1 in
	host) user_host ;;
	sftphost) sftp_host ;;
	servicehost) service_host ;;
	*) role_pids "$1" | cut -d' ' -f1 ;;
	esac
}

# One round of tries on a process that may die of one of them; the next round
# goes on behind it with the role's next process.
one_role() { # ROLE
	local role=$1 pid line word bad=0 other left last=
	other=$(role_pids keeper | cut -d' ' -f1)
	[ "$role" = keeper ] && other=$(role_pids warden | cut -d' ' -f1)
	case $role in host | sftphost | servicehost | login) keep || return 1 ;; pam) keep_pam || return 1 ;; esac
	case ${filter[$role]} in yes) set -- $tries ;; *) set -- $(must_fail "$role") ;; esac
	# shellcheck disable=SC2068
	set -- ${@//PID/$other}
	while [ $# -gt 0 ]; do
		[ "$role" != pam ] || pid_is_there pam || keep_pam || return 1
		until_true 30 pid_is_there "$role" || { echo "$role is not there"; return 1; }
		pid=$(pid_of "$role")
		left=$#
		while read -r line; do
			last=$line
			word=${line%% *}
			word=${word//$other/PID}
			case " ${may[$role]} " in
			*" $word "*) [ "${line##* }" = allowed ] || { echo "$role should be able to: $line"; bad=1; } ;;
			*) refused "$line" || { echo "$role could: $line"; bad=1; } ;;
			esac
			shift
		done < <("$inject" "$pid" "$@" 2>&1)
		[ $# -lt "$left" ] || { echo "no answer from $pid"; return 1; }
		[ "${last##* }" != killed ] || until_true 15 revived "$role" "$pid" ||
		    { echo "$role did not come back"; return 1; }
	done
	return $bad
}
# An answer about the arguments would mean that the right was there.
refused() { case ${1##* } in killed | EPERM | EACCES | ENOSYS) ;; *) return 1 ;; esac; }
# revived ROLE PID: the old process is over, and another took its place and its
# sandbox (a host: on demand).
revived() {
	[ ! -e "/proc/$2" ] || return 1
	case $1 in
	host | sftphost | servicehost) keep ;;
	dp) ssh_to true && keep ;;
	*) role_back "$1" "$2" ;;
	esac
}
pid_is_there() { [ -n "$(pid_of "$1")" ]; }

mask_of() { # names: as /proc shows it, of those that there are for root here
	local name i mask=0
	for name in ${1//,/ }; do
		for i in "${!cap_names[@]}"; do [ "${cap_names[i]}" = "$name" ] && mask=$((mask | 1 << i)); done
	done
	printf '%016x' $((mask & 0x$(field /proc/self CapBnd)))
}
uid_in_row() { # ROLE
	case ${account[$1]} in
	root) echo 0 ;;
	own) uid_of "$(service_host)" ;; # an account per plugin; unlike all others, below
	*) awk -F: -v n="${account[$1]}" '$1 == n { print $3 }' "$ROOT/etc/passwd" ;;
	esac
}
field() { awk -v n="$2:" '$1 == n { $1 = ""; sub(/^[ \t]*/, ""); gsub(/[ \t]+/, " "); print }' "$1/status"; }

threads() { # ROLE: each thread: account, capabilities, filter
	local pid t u want bad=0 no_new=1 mode=2 bound=0000000000000000
	case $1 in host | sftphost | servicehost | login) keep || return 1 ;; pam) keep_pam || return 1 ;; esac
	pid=$(pid_of "$1")
	want=$(mask_of "${caps[$1]}") u=$(uid_in_row "$1")
	[ "${filter[$1]}" = yes ] || no_new=0 mode=0 bound=$(field /proc/self CapBnd)
	for t in /proc/"$pid"/task/*; do
		is $mode field "$t" Seccomp && is $no_new field "$t" NoNewPrivs && is "$u $u $u $u" field "$t" Uid &&
		    is "$want" field "$t" CapPrm && is "$want" field "$t" CapEff && is "$bound" field "$t" CapBnd &&
		    is 0000000000000000 field "$t" CapInh && is 0000000000000000 field "$t" CapAmb || { echo "$t"; bad=1; }
	done
	[ "$(stat -c %u /proc/"$pid"/environ)" = 0 ] || { echo "pid $pid can be dumped"; bad=1; }
	[ "$mode" = 0 ] || [ "$(awk '/^Max core file size/ { print $5 $6 }' /proc/"$pid"/limits)" = 00 ] ||
	    { echo "cores"; bad=1; }
	return $bad
}

# The private half of the host key, out of OpenSSH's format: 32 bytes of a field of 64.
host_key_to() {
	perl -MMIME::Base64 -e 'local $/; $_ = <STDIN>; s/-----.*?-----//g; $_ = decode_base64($_);
	    /\0\0\0\x40(.{32})/s or exit 1; print "host-key ", unpack("H*", $1), "\n"' <"$ROOT$key" >"$work/host-key"
}
network_sockets() { # PID: kinds of the ones it holds
	local inode n
	for inode in $(ls -l "/proc/$1/fd" | sed -n 's/.*socket:\[\([0-9]*\)\].*/\1/p'); do
		for n in tcp tcp6 udp udp6 udplite udplite6 raw raw6 icmp icmp6 netlink packet; do
			grep -qsw "$inode" "/proc/$1/net/$n" && echo "$n"
		done
	done | sort -u
}
held() { # ROLE: what it has in memory and open
	local pid bad=0 found=0 want=0
	case $1 in host | sftphost | servicehost | login) keep || return 1 ;; pam) keep_pam || return 1 ;; esac
	pid=$(pid_of "$1")
	[ "${holds[$1]}" = hostkey ] && want=1
	"$scan" "$work/host-key" "$pid" || found=$?
	[ $found -eq $want ] || { echo "the host key: found is $found, should be $want"; bad=1; }
	! ls -l "/proc/$pid/fd" | grep -F "$key" || { echo "it holds the host key's file"; bad=1; }
	case $(network_sockets "$pid") in
	"") ;;
	packet) [ "${holds[$1]}" = packet ] || { echo "it holds a packet socket"; bad=1; } ;;
	*) echo "it holds sockets: $(network_sockets "$pid")"; bad=1 ;;
	esac
	return $bad
}
own_uids() { # nobody shares an account, but those of root and those of one user
	local r
	keep || return 1
	for r in $roles; do
		case ${account[$r]} in root | tester) ;; *) uid_of "$(pid_of "$r")" ;; esac
	done | cat - <(echo 64301) | sort | uniq -d >"$work/twice"
	is "" cat "$work/twice"
}

files() { # descriptors for every link there is a place for, or all that the hard limit gives
	awk '/^Max open files/ { exit !($4 >= 32768 || $4 == $5) }' /proc/"$(pid_of dp)"/limits
}

free() { # a user's program has none of it
	ssh_to 'grep -E "^(Seccomp|NoNewPrivs|CapBnd|SigBlk|SigIgn):" /proc/self/status; ulimit -Hc' >"$work/free" || return 1
	is "0" awk '/^Seccomp:/ { print $2 }' "$work/free" && is "0" awk '/^NoNewPrivs:/ { print $2 }' "$work/free" &&
	    is "$(field /proc/self CapBnd)" awk '/CapBnd/ { print $2 }' "$work/free" &&
	    is 0000000000000000 awk '/SigBlk/ { print $2 }' "$work/free" &&
	    is 0000000000000000 awk '/SigIgn/ { print $2 }' "$work/free" && is "$(ulimit -Hc)" tail -n 1 "$work/free"
}
leaks_nothing() { # descriptors, environment, and the leader, which is its parent
	is "0 1 2" ssh_to 'ls /proc/$$/fd >fds; xargs <fds; rm fds' &&
	    is "" ssh_to 'env | grep -i postern | grep -v "^SSH_\|^MOTD"; true' &&
	    is "posternd" ssh_to 'cat /proc/$PPID/comm | cut -c1-8 | sed s/postern-.*/posternd/' &&
	    is refused ssh_to 'cat /proc/$PPID/environ /proc/$PPID/maps >/dev/null 2>&1 || kill -0 $PPID 2>/dev/null || echo refused'
}

rm -f /tmp/sandbox-was-here
check "two user hosts and a service host are up" keep
for role in ${ONLY:-$roles}; do
	check "$role: every thread is as its row says, and not dumpable" threads "$role"
done
check "the host key can be looked for" host_key_to
for role in ${ONLY:-$roles}; do
	check "$role holds what its row says and nothing else" held "$role"
done
check "nobody shares an account but root's, and one user's" own_uids
for role in ${ONLY:-$roles}; do
	check "$role may do what its row says and nothing else" one_role "$role"
done
# As a user of the machine, in the service's own namespaces.
stranger() { nsenter -t "$MONITOR_PID" -m -n setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
shut() { # no way to DPDK's memory: no file, no socket, no directory, and not through the process
	local pid
	pid=$(pid_of dp)
	is "" find /run/dpdk /var/run/dpdk /dev/hugepages "$ROOT/run/dpdk" "$ROOT/run/postern" -newer "$ROOT/etc/postern/postern.conf" -name '*map*' 2>/dev/null
	! ls -l "/proc/$pid/fd" | grep -E 'dpdk|rtemap' || { echo "DPDK's files are open"; return 1; }
	! awk '$8 ~ /dpdk|telemetry/' "/proc/$pid/net/unix" | grep . || { echo "DPDK listens"; return 1; }
	! stranger cat "/proc/$pid/maps" >/dev/null 2>&1 || { echo "its maps can be read"; return 1; }
	! stranger dd if="/proc/$pid/mem" bs=1 count=1 of=/dev/null 2>/dev/null || { echo "its memory can be read"; return 1; }
	! stranger perl -MSocket -e 'socket(S, AF_UNIX, SOCK_SEQPACKET, 0) && connect(S, sockaddr_un("/run/postern/dp.sock")) or exit 1' 2>/dev/null || { echo "its socket takes anybody"; return 1; }
}
check "dp: nothing of DPDK's is within a user's reach" shut
check "dp: as many descriptors as it needs or gets" files
check "a user's program is not confined" free
check "nor is anything of ours within its reach" leaks_nothing
check "the tries can succeed: an unconfined process of root is allowed" bash -c "sleep 60 & $inject \$! socket-inet && kill \$!"
rm -f /tmp/sandbox-was-here
finish
