#!/bin/sh
# Checks who includes whom: one row per room, first match counts. Prints every
# include that its row does not allow.
set -eu
cd "$(dirname "$0")/.."

find abi drivers dataplane control plugins -name '*.[ch]' -print | LC_ALL=C sort | xargs awk '
function row(file) {
	if (file ~ /^plugins\//) return "^(postern/|[a-z0-9]+[.]h$|[.][.]/relay/relay[.]h$)"
	if (file ~ /^abi\/wire\//) return "^abi/wire/"
	if (file ~ /^abi\/link\//) return "^abi/(wire|link)/"
	if (file ~ /^abi\/postern\//) return "^([.][.]/)?(draft/)?[a-z]+[.]h$"
	if (file ~ /^control\/kex\//) return "^(abi/(wire|link)/|control/kex/|drivers/pk/pk.h|drivers/rng/rng.h)"
	if (file ~ /^control\/host\//) return "^(abi/|control/[a-z_]+[.]h|control/host/|postern/)"
	if (file ~ /^control\/[a-z]+\//) {
		split(file, part, "/")
		return "^(abi/|control/[a-z_]+[.](h|def)$|control/kex/|control/" part[2] "/|drivers/[a-z]+/(pk|rng|clock|confine|engine|select)[.]h)"
	}
	if (file ~ /^control\/posternd.c/) return "^(abi/|control/|drivers/[a-z]+/[a-z]+[.]h)"
	if (file ~ /^control\//) return "^(abi/|control/[a-z_]+[.](h|def)$|control/kex/|drivers/[a-z]+/(pk|rng|clock|confine|device)[.]h)"
	if (file ~ /^dataplane\/mem\//) return "^dataplane/mem/"
	if (file ~ /^dataplane\/net\//) return "^(abi/wire/|dataplane/(mem|net)/|drivers/nic/pkt.h)"
	if (file ~ /^dataplane\/tcp\//) return "^(abi/wire/|dataplane/(mem|tcp)/)"
	if (file ~ /^dataplane\/ssh\//) return "^(abi/wire/|dataplane/(mem|ssh)/|drivers/cipher/engine.h|drivers/zip/zip.h)"
	if (file ~ /^dataplane\//) return "^(abi/(wire|link)/|dataplane/|drivers/[a-z]+/[a-z]+[.]h)"
	if (file ~ /^drivers\//) {
		split(file, part, "/")
		return "^(abi/wire/|drivers/" part[2] "/)"
	}
	return "^$"
}
# Third-party headers, and the files that wrap them.
function wrapper(name) {
	if (name ~ /^rte_/) return "^drivers/nic/dpdk"
	if (name ~ /^intel-ipsec-mb/) return "^drivers/cipher/ipsecmb[a-z_]*[.][ch]$"
	if (name ~ /^openssl\//) return "^drivers/(cipher|pk)/openssl[a-z0-9_]*[.][ch]$"
	if (name ~ /^zlib/) return "^drivers/zip/"
	if (name ~ /^security\//) return "^control/pamwrap[.]c$"
	if (name ~ /^seccomp/) return "^drivers/confine/"
	if (name ~ /^jansson/) return "^control/json[.]c$"
	if (name ~ /^(histedit|editline)/) return "^tools/"
	return ""
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
	name = $0; sub(/^[^"]*"/, "", name); sub(/".*/, "", name)
	if (name !~ row(FILENAME)) { print FILENAME ":" FNR ": may not include \"" name "\""; bad++ }
}
/^[ \t]*#[ \t]*include[ \t]*</ {
	name = $0; sub(/^[^<]*</, "", name); sub(/>.*/, "", name)
	if (FILENAME ~ /^plugins\// && name ~ /^postern\//) next
	own = wrapper(name)
	if (own != "" && FILENAME !~ own) { print FILENAME ":" FNR ": <" name "> belongs to one file: " own; bad++ }
}
END { if (bad) { print bad " includes break the rules of the rooms" > "/dev/stderr"; exit 1 } }
'
