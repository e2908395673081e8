#!/bin/bash
# Every keyword of the table is in postern.conf(5).
set -u
table=control/conf_table.c manual=tools/man/postern.conf.5
passed=0 failed=0
for word in $(grep -oE '(name = |FLAG\(|NUMBER\(|TIME\(|TEXT\(|PATH\(|WARN\(|REFUSE\(|ALGORITHMS\(|ALIAS\()"[A-Za-z0-9]+"' "$table" |
	grep -oE '"[A-Za-z0-9]+"' | tr -d '"'); do
	if grep -qw -- "$word" "$manual"; then
		passed=$((passed + 1))
	else
		echo "not in the manual: $word"
		failed=$((failed + 1))
	fi
done
[ $passed -gt 100 ] || failed=$((failed + 1))
echo "$passed passed, $failed failed"
exit $((failed > 0))
