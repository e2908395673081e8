#!/bin/bash
# The library and its header are enough: a program is built where nothing else is,
# by a C and, for the header, a C++ compiler; and the library defines no name but
# its own.
set -eu
cd "$(dirname "$0")/../.."
variant=${BIN##*/bin}
lib=${BUILD:-build}/libpostern-sim$variant.a
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cp tests/sim/sock.h tests/sim/sock_plain.c "$lib" "$dir"
flags=()
case $variant in *-san*) flags+=(-fsanitize=address,undefined) ;; esac
case $variant in *-cov*) flags+=(--coverage) ;; esac
cd "$dir"
printf '#include "sock.h"\n' >header.cc
g++ -std=c++11 -Wall -Wextra -Werror -fsyntax-only header.cc
gcc -std=c11 -Wall -Wextra -Wpedantic -Werror "${flags[@]}" -o plain sock_plain.c libpostern-sim*.a
foreign=$(nm -g --defined-only libpostern-sim*.a 2>/dev/null | awk 'NF == 3 && $3 !~ /^(_*__?(a|ub)san|__odr_asan|sock_)/ { print $3 }')
if [ -n "$foreign" ]; then
	echo "names of others:" $foreign
	exit 1
fi
./plain
