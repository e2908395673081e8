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
