#!/bin/bash
# What key exchanges and signatures cost (kex_rate.c says how), with keys made here.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for curve in P-256 P-384; do
	openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$curve" -out "$work/$curve" 2>/dev/null
done
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out "$work/rsa" 2>/dev/null
echo "== key exchange and signatures: CPU time of one thread, median of 9 rounds of 20 ms"
"${BIN:-build/bin}/tests/kex-rate" "$work/P-256" "$work/P-384" "$work/rsa"
# What an exchange is made of, by the library's own measure in the same run: a server does
# one key generation and one agreement, which cost about the same.
echo "== the library by itself: openssl speed, 1 s each"
names="ecdhx25519 ecdhp256 ecdhp384 ecdhp521 ffdh2048 ffdh4096 ffdh8192 ed25519"
openssl list -kem-algorithms 2>/dev/null | grep -q ML-KEM-768 && names="$names ML-KEM-768 ML-KEM-1024"
# shellcheck disable=SC2086
openssl speed -seconds 1 $names 2>/dev/null | grep -v '^\(version\|built\|options\|compiler\|CPUINFO\)'
