#!/bin/bash
# Proofs of the plugin ABI on the staged headers and built plugins.
#   check.sh            run them (BUILD and BIN say where things are)
#   check.sh --update   write the baseline anew: the review of an ABI change
set -u
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build} BIN=${BIN:-$BUILD/bin}
STAGE=$(cd "$BUILD" && pwd)/stage
INC=$STAGE/usr/include
BASE=tests/abi/draft.abi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0 skipped=0

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

WARN="-Wall -Wextra -pedantic -Werror -fsyntax-only"

header() { # language standard header
	echo "#include <postern/$3>" | "$4" -x "$1" -std="$2" $WARN ${5:-} -isystem /nowhere -I"$INC" -
}

one_symbol() { # plugin
	local names
	names=$(nm -D --defined-only "$1" | awk '{ print $3 }')
	[ "$names" = postern_plugin_v1 ] || { echo "exports: $names"; return 1; }
}

# As an outsider: what pkg-config says, and nothing of this tree.
outsider() {
	local flags dir
	export PKG_CONFIG_PATH=$STAGE/usr/share/pkgconfig PKG_CONFIG_SYSROOT_DIR=$STAGE
	flags=$(pkg-config --cflags postern-plugin) || return 1
	dir=$(pkg-config --variable=plugindir postern-plugin) || return 1
	case $dir in */lib/postern/plugins) ;; *) echo "plugindir is $dir"; return 1 ;; esac
	# In the default place the compiler looks by itself, and pkg-config says nothing.
	[ -n "$flags" ] || flags=-I$INC
	cp plugins/skeleton/skeleton.c "$tmp/mine.c"
	(cd "$tmp" && gcc -std=c11 -Wall -Wextra -pedantic -Werror -fvisibility=hidden -fPIC -shared $flags \
	    -o mine.so mine.c) && one_symbol "$tmp/mine.so"
}

witness() {
	gcc -std=c11 -pedantic -Wall -Wextra -Werror -g -fPIC -fvisibility=hidden -shared -I"$INC" \
	    -o "$tmp/witness.so" tests/abi/witness.c
}

describe() {
	abidw --no-corpus-path --no-comp-dir-path --no-show-locs --out-file "$1" "$tmp/witness.so"
}

baseline() {
	witness && describe "$tmp/now.abi" && abidiff --no-show-locs "$BASE" "$tmp/now.abi"
}

if [ "${1:-}" = --update ]; then
	witness && describe "$BASE"
	exit
fi

try layout gcc -std=c11 $WARN -I"$INC" tests/abi/layout.c
for h in $(cd "$INC/postern" && ls ./*.h draft/*.h); do
	h=${h#./}
	try "$h as C11" header c c11 "$h" gcc -Wpadded
	try "$h as C17" header c c17 "$h" gcc -Wpadded
	try "$h as C++17" header c++ c++17 "$h" g++
done
try "plugin in C++17" g++ -std=c++17 $WARN -I"$INC" tests/abi/plugin.cc
try "plugin of an outsider" outsider
for p in "$BIN"/plugins/*.so; do
	try "one symbol in $p" one_symbol "$p"
done
if command -v abidw >/dev/null && command -v abidiff >/dev/null; then
	try "baseline $BASE" baseline
else
	echo "skipped: the baseline needs abidw and abidiff (package abigail-tools)"
	skipped=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
