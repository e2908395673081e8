#!/bin/bash
# Proofs of the plugin ABI on the staged headers and built plugins.
#   check.sh            run them (BUILD and BIN say where things are)
#   check.sh --update   say what differs from the baseline, and write it anew: the
#                       review of an ABI change; `make abi-baseline`
#
# headers/draft.abi is the layout of the headers as they are now, to the byte.
# headers/draft-N are the headers that plugins were built with: what they say must hold
# for as long as they are there. See postern-abi(7).
set -u
cd "$(dirname "$0")/../.."
. tests/abi/headers.sh
BUILD=${BUILD:-build} BIN=${BIN:-$BUILD/bin}
STAGE=$(cd "$BUILD" && pwd)/stage
INC=$STAGE/usr/include
KEPT=tests/abi/headers
BASE=$KEPT/draft.abi
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
	echo "#include <$3>" | "$4" -x "$1" -std="$2" $WARN ${5:-} -isystem /nowhere -I"$INC" -
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

# Written by hand, so it can forget something.
layout_complete() {
	local bad=0 name
	for name in $(abi_structs "$INC"); do
		grep -q "^SIZE($name, " tests/abi/layout.c || { echo "no row for struct $name"; bad=1; }
	done
	for name in $(abi_numbers "$INC" | awk '{ print $1 }'); do
		grep -Eq "^I[SD]\($name, " tests/abi/layout.c || { echo "no row for $name"; bad=1; }
	done
	return $bad
}

# These headers against a folder of others: structs grow where they may, numbers stay.
keeps() { # folder
	abi_grew "$1" "$INC" &&
	    { abi_includes "$INC"; abi_same_numbers "$1"; } | gcc -x c -std=c11 $WARN -I"$INC" -
}

# Does that comparison see anything? Each of these on its own; the last one is allowed.
sees() {
	local old=$tmp/other edit bad=0
	for edit in 'draft/log.h s/^\(#define POSTERN_LOG_WARN\) .*/\1 5u/' \
	    'draft/channel.h /int32_t (\*eof)/d' \
	    'draft/channel.h s/uint64_t handle;/uint32_t handle;/' \
	    'draft/subsystem.h /void (\*hangup)/d'; do
		rm -rf "$old" && mkdir "$old" && cp -r "$INC/postern" "$old/" || return 1
		sed -i "${edit#* }" "$old/postern/${edit%% *}"
		cmp -s "$old/postern/${edit%% *}" "$INC/postern/${edit%% *}" && { echo "nothing to see: $edit"; bad=1; }
		keeps "$old" >/dev/null 2>&1 && { echo "not seen: $edit"; bad=1; }
	done
	abi_later "$INC" "$tmp/later"
	abi_grew "$INC" "$tmp/later" || bad=1
	return $bad
}

baseline() { abi_describe "$INC" "$tmp/now.abi" && abidiff --no-show-locs "$BASE" "$tmp/now.abi"; }

versions() { (cd "$KEPT" && ls -d draft-* v[0-9]* 2>/dev/null); }

# A draft may break; then plugins built with its last version are told so by a new one.
update() {
	local v last n
	abi_describe "$INC" "$tmp/now.abi" || exit 1
	if abidiff --no-show-locs "$BASE" "$tmp/now.abi" >"$tmp/out"; then
		echo "layout: as the baseline"
	else
		echo "layout: what differs from the baseline:"
		sed 's/^/    /' "$tmp/out"
	fi
	cp "$tmp/now.abi" "$BASE"
	for v in $(versions); do
		if keeps "$KEPT/$v" >"$tmp/out" 2>&1; then
			echo "$v: plugins built with it still work"
			continue
		fi
		echo "$v: plugins built with it do not work any more:"
		sed 's/^/    /' "$tmp/out"
		case $v in v*) echo "$v is frozen: this must not be"; exit 1 ;; esac
		rm -rf "${KEPT:?}/$v"
		last=$v
	done
	if [ -n "${last:-}" ] && [ -z "$(versions)" ]; then
		n=draft-$((${last#draft-} + 1))
		cp -r "$INC" "$KEPT/$n"
		echo "$n: kept from here on, in the place of $last"
	fi
	layout_complete && gcc -std=c11 $WARN -I"$INC" tests/abi/layout.c ||
	    echo "tests/abi/layout.c is written by hand: it needs the rows above"
}

if ! command -v abidw >/dev/null || ! command -v abidiff >/dev/null; then
	abidiff=
else
	abidiff=yes
fi
if [ "${1:-}" = --update ]; then
	[ -n "$abidiff" ] || { echo "abidw and abidiff are missing (package abigail-tools)" >&2; exit 1; }
	update
	exit
fi

try layout gcc -std=c11 $WARN -I"$INC" tests/abi/layout.c
try "layout, every struct and number" layout_complete
for h in $(abi_files "$INC"); do
	try "$h as C11" header c c11 "$h" gcc -Wpadded
	try "$h as C17" header c c17 "$h" gcc -Wpadded
	try "$h as C++17" header c++ c++17 "$h" g++
done
try "plugin in C++17" g++ -std=c++17 $WARN -I"$INC" tests/abi/plugin.cc
try "plugin of an outsider" outsider
for p in "$BIN"/plugins/*.so "$BIN"/tests/versions/*.so; do
	[ -e "$p" ] && try "one symbol in $p" one_symbol "$p"
done
for v in $(versions); do
	try "what $v says still holds (after a wanted change: make abi-baseline)" keeps "$KEPT/$v"
done
try "members that moved and numbers that changed are seen" sees
if [ -n "$abidiff" ]; then
	try "baseline $BASE (after a wanted change: make abi-baseline)" baseline
else
	echo "skipped: the baseline needs abidw and abidiff (package abigail-tools)"
	skipped=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
