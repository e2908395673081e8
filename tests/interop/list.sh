#!/bin/sh
# The interop scripts, in order: list.sh short|full.
cd "$(dirname "$0")"
for s in testbed run login idle transfer serverrekey loss hostile restart restartnext phases death sandbox; do
	[ -x "$s.sh" ] && echo "tests/interop/$s.sh"
done
exit 0
