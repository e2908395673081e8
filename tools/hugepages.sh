#!/bin/sh
# Reserves 2 MiB pages for the dataplane (320 MiB) where the machine can, and
# mounts hugetlbfs. Failing is no error: the dataplane works without.
set -u
want=${1:-160}
have=$(cat /proc/sys/vm/nr_hugepages 2>/dev/null || echo 0)
if [ "$have" -lt "$want" ]; then
	echo "$want" >/proc/sys/vm/nr_hugepages 2>/dev/null || exit 0
fi
if ! grep -q ' hugetlbfs ' /proc/mounts; then
	mkdir -p /dev/hugepages && mount -t hugetlbfs -o mode=0700 hugetlbfs /dev/hugepages 2>/dev/null
fi
exit 0
