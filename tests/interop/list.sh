#!/bin/sh
# The interop scripts: list.sh alone|shared. Long ones first. Those that say what the
# service takes run alone; so does what compares speeds, which in short it does not.
[ "${FORM:-short}" = full ] && compared=grid together= || compared= together=grid
cd "$(dirname "$0")"
case $1 in
alone) list="idle death $compared" ;;
shared) list="hostileplugins pluginreload restart sandbox matrix vrrp bond restartnext phases clients clientsover life login ports workers files suites kexes hostkeys odd password hostile sweep timing nonces attack crowd dheat startups churn transfer zip $together ctl loss run serverrekey caller agent testbed tutorial netconf forward conform lazy" ;;
*) echo "usage: list.sh alone|shared" >&2; exit 2 ;;
esac
for s in $list; do
	[ -x "$s.sh" ] && echo "tests/interop/$s.sh"
done
exit 0
