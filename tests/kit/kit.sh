#!/bin/bash
# What a plugin author gets: an installation into an empty place, the tutorial followed from
# its own page with nothing of this tree, and plugins run on stdin and stdout.
set -u
cd "$(dirname "$0")/../.."
. tests/kit/page.sh
BUILD=${BUILD:-build} BIN=${BIN:-$BUILD/bin}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

try() { # name command...
	local name=$1
	shift
	if "$@" >"$tmp/out" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED $name"
		sed 's/^/    /' "$tmp/out"
	fi
}

# The programs of this variant; sanitizers and valgrind exclude each other.
case $BIN in *-san) variant=SAN=1 ;; *) variant= ;; esac
run() { timeout 60 "$BIN/postern-plugin-run" "$@"; }

installed() {
	local f
	make -s install DESTDIR="$tmp/root" BUILD="$BUILD" $variant || return 1
	for f in include/postern/postern.h include/postern/draft/subsystem.h share/pkgconfig/postern-plugin.pc \
	    share/doc/postern/examples/skeleton.c share/doc/postern/examples/skeleton.conf \
	    share/man/man7/postern-plugin-tutorial.7 share/man/man7/postern-abi.7 share/man/man3/postern-plugin.3 \
	    share/man/man1/postern-plugin-run.1 bin/postern-plugin-run lib/postern/plugins/echo.so; do
		[ -s "$tmp/root/usr/$f" ] || { echo "not installed: $f"; return 1; }
	done
}

# As a reader would: a shell, the installed programs first in its PATH, this tree out of sight.
reader() {
	PKG_CONFIG_PATH=$tmp/root/usr/share/pkgconfig PKG_CONFIG_SYSROOT_DIR=$tmp/root \
	    C_INCLUDE_PATH=$tmp/root/usr/include PATH=$tmp/root/usr/bin:$tmp/bin:$PATH timeout 120 bash -e -o pipefail "$@"
}

tutorial() {
	mkdir -p "$tmp/mine" "$tmp/bin"
	page_unpack "$tmp/page"
	[ "$(find "$tmp/page" -type f | wc -l)" -ge 10 ] || { echo "the page has other blocks"; return 1; }
	[ -z "$variant" ] && command -v valgrind >/dev/null || {
		printf '#!/bin/sh\nwhile [ "${1#-}" != "$1" ]; do shift; done\nexec "$@"\n' >"$tmp/bin/valgrind"
		chmod +x "$tmp/bin/valgrind"
	}
	page_count=0
	(cd "$tmp/mine" && page_run "$tmp/page" "" reader && [ "$page_count" -ge 5 ])
}

skeleton() {
	cp "$tmp"/root/usr/share/doc/postern/examples/skeleton.* "$tmp/mine/" &&
	    echo 'cd "$1" && gcc -std=c11 -Wall -Wextra -Werror -fPIC -shared -fvisibility=hidden $(pkg-config --cflags postern-plugin) -o skeleton.so skeleton.c && postern-plugin-run ./skeleton.so </dev/null' |
	    reader -s "$tmp/mine" | grep -q "skeleton says hello"
}

echoes() {
	head -c 5000000 /dev/urandom >"$tmp/bulk"
	run "$BIN/plugins/echo.so" <"$tmp/bulk" | cmp - "$tmp/bulk" &&
	    cat "$tmp/bulk" | run -w 70000 -o 3000 "$BIN/plugins/echo.so" | cmp - "$tmp/bulk"
}

statuses() {
	run -p -e 'echo out; echo err >&2; exit 5' "$BIN/plugins/exec.so" </dev/null >"$tmp/o" 2>"$tmp/e"
	[ $? -eq 5 ] && [ "$(cat "$tmp/o")" = out ] && [ "$(cat "$tmp/e")" = err ] || return 1
	run -s nosuch "$BIN/plugins/echo.so" </dev/null 2>/dev/null
	[ $? -eq 255 ] || return 1
	run "$BIN/tests/guests/short_entry.so" </dev/null 2>/dev/null
	[ $? -eq 1 ]
}

# Broken from outside: the plugin is told, and everything is given back.
broken() {
	local pid
	mkfifo "$tmp/fifo"
	"$BIN/postern-plugin-run" -v "$BIN/plugins/echo.so" <"$tmp/fifo" >"$tmp/o" 2>"$tmp/e" &
	pid=$!
	exec 9>"$tmp/fifo"
	echo here >&9
	for _ in $(seq 500); do grep -q here "$tmp/o" && break; sleep 0.02; done
	kill -TERM $pid
	wait $pid
	[ $? -eq 255 ]
	local r=$?
	exec 9>&-
	return $r
}

# OpenSSH's client on the plugin, without SSH.
sftp_direct() { # wrapper...
	printf '#!/bin/sh\nexec %s %s %s\n' "$*" "$PWD/$BIN/postern-plugin-run" "$PWD/$BIN/plugins/sftp.so" >"$tmp/serve"
	chmod +x "$tmp/serve"
	rm -f "$tmp/there" "$tmp/back"
	printf 'put %s %s\nget %s %s\nrm %s\nls %s\n' "$tmp/bulk" "$tmp/there" "$tmp/there" "$tmp/back" "$tmp/there" "$tmp" |
	    timeout 120 sftp -q -D "$tmp/serve" -b - && cmp "$tmp/bulk" "$tmp/back" && [ ! -e "$tmp/there" ]
}

# Its first packet, and what it counted.
counts() {
	printf '\0\0\0\5\1\0\0\0\3' | run -v "$BIN/plugins/sftp.so" 2>"$tmp/e" >/dev/null &&
	    grep -q 'counted: bytes-received 9$' "$tmp/e" && grep -q 'counted: bytes-sent [1-9]' "$tmp/e"
}

# Beside what it does not know of the kernel's.
clean() { [ -e "$tmp/vg" ] && ! grep '^==' "$tmp/vg"; }

try "make install DESTDIR=" installed
try "the tutorial, from its page" tutorial
try "the skeleton, as installed" skeleton
try "echo, whole and through small windows" echoes
try "exec by local programs, and what cannot be started" statuses
try "a connection that breaks" broken
try "what a plugin counted" counts
if command -v sftp >/dev/null; then
	try "sftp -D" sftp_direct
	if [ -z "$variant" ] && command -v valgrind >/dev/null; then
		head -c 300000 /dev/urandom >"$tmp/bulk"
		# Threads that end beside the process keep their stacks: possibly lost.
		try "sftp -D, under valgrind" sftp_direct valgrind -q --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --error-exitcode=9 --log-file="$tmp/vg"
		try "valgrind found nothing" clean
	fi
else
	echo "skipped: no sftp client"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
