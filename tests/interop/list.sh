#!/bin/sh
# The interop scripts, in order: list.sh alone|shared. Those that say how long
# something may take run alone.
cd "$(dirname "$0")"
case $1 in
alone) list="idle restart restartnext death" ;;
shared) list="testbed run login password ctl life clients transfer files suites serverrekey kexes loss ports workers hostile phases sandbox" ;;
*) echo "usage: list.sh alone|shared" >&2; exit 2 ;;
esac
for s in $list; do
	[ -x "$s.sh" ] && echo "tests/interop/$s.sh"
done
exit 0
