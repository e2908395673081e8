# Sourced: what the public headers in a folder say, as source or as lists.
# DIR is the folder that <postern/...> is found in.

# abi_files DIR: the headers, as they are included.
abi_files() { (cd "$1" && find postern -name '*.h' | LC_ALL=C sort); }

abi_includes() { abi_files "$1" | sed 's/.*/#include <&>/'; }

abi_structs() { abi_files "$1" | sed "s|^|$1/|" | xargs sed -n 's/^struct \(postern_[a-z_]*\) {$/\1/p'; }

# abi_numbers DIR: name and value of every public number and id, a line each.
abi_numbers() {
	abi_files "$1" | sed "s|^|$1/|" | xargs sed -n \
	    's|^#define \(POSTERN_[A-Z0-9_]*\)[ \t][ \t]*\([^ \t].*\)$|\1 \2|p' |
	    sed -e 's|/\*.*||' -e 's/[ \t]*$//' | grep -v '^POSTERN_EXPORT '
}

# One function per struct, so that abidw sees them: interfaces are handed out as untyped
# pointers, and what no exported symbol reaches it leaves out.
abi_witness() {
	local s
	abi_includes "$1"
	for s in $(abi_structs "$1"); do
		echo "POSTERN_EXPORT uint64_t witness_$s(const struct $s *p);"
		echo "uint64_t witness_$s(const struct $s *p) { return (uint64_t)sizeof(*p); }"
	done
}

# abi_describe DIR OUT: the layout of every struct, for abidiff.
abi_describe() {
	local object=$2.so
	abi_witness "$1" | gcc -x c -std=c11 -pedantic -Wall -Wextra -Werror -g -fPIC -fvisibility=hidden -shared \
	    -isystem /nowhere -I"$1" -o "$object" - &&
	    abidw --no-corpus-path --no-comp-dir-path --no-show-locs --out-file "$2" "$object"
}

# What may grow, at its end: what carries its size, and, while they are drafts, interfaces
# that the host offers. Not structs that are used by value (views, handles, windows, rows),
# nor what a plugin offers, whose end an old plugin does not have.
ABI_GROWS='^postern_(host|plugin|entry|start|spawn|open|if_(channel|config|connection|counter|log|loop|session|spawn|task))$'

# abi_members DIR: "struct: member" as declared, in order, without comments.
abi_members() {
	abi_includes "$1" | gcc -E -P -x c -std=c11 -I"$1" - | tr -s '\n\t ' ' ' | grep -o 'struct postern_[a-z_]* { [^}]*}' |
	    sed -e 's/^struct //' -e 's/; }$//' | awk -F ' [{] ' '{ n = split($2, m, "; "); for (i = 1; i <= n; i++) print $1 ": " m[i] }'
}

# abi_grew OLD NEW: every struct of OLD is there, with the same members in the same places,
# and what is behind them only where it may.
abi_grew() {
	{ abi_members "$1" | sed 's/^/old /'; abi_members "$2" | sed 's/^/new /'; } | awk -v grows="$ABI_GROWS" '
	{
		which = $1; name = $2; sub(/:$/, "", name)
		member = $0; sub(/^[^:]*: /, "", member)
		text[which, name, ++count[which, name]] = member
		if (which == "old") old[name]
	}
	END {
		for (name in old) {
			for (i = 1; i <= count["old", name]; i++)
				if (text["old", name, i] != text["new", name, i]) {
					print "struct " name ", member " i " was: " text["old", name, i]
					print "    and is: " text["new", name, i]
					bad++
					break
				}
			if (count["new", name] > count["old", name] && name !~ grows) {
				print "struct " name " may not grow: " text["new", name, count["old", name] + 1]
				bad++
			}
		}
		exit bad > 0
	}'
}

# abi_same_numbers DIR: a translation unit that holds DIR's numbers against whatever headers
# it is compiled with. POSTERN_ABI_MINOR is the one that grows.
abi_same_numbers() {
	echo '#include <stdint.h>'
	abi_numbers "$1" | grep -v '^POSTERN_ABI_MINOR ' | while read -r name value; do
		case $value in
		'"'*) echo "_Static_assert(__builtin_strcmp($name, $value) == 0, \"$name\");" ;;
		*) echo "_Static_assert(($name) == ($value), \"$name was $value\");" ;;
		esac
	done
}

# abi_later DIR OUT: the headers as a later minor version may have them: root structs and
# records longer, the minor version one more.
abi_later() {
	local f
	for f in $(abi_files "$1"); do
		mkdir -p "$2/$(dirname "$f")"
		awk '/^struct postern_(host|plugin|entry|start|spawn) \{$/ { grows = 1 }
		    /^};/ { if (grows) print "\tuint64_t later[2];"; grows = 0 }
		    /^#define POSTERN_ABI_MINOR/ { $3++ }
		    { print }' "$1/$f" >"$2/$f"
	done
}
