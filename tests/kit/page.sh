# Sourced: takes code, commands and expected output from postern-plugin-tutorial(7) itself.
#   page_unpack FOLDER   writes FOLDER/1.run, 2.file.shout.c, 3.run.server, 4.output ... in
#                        the page's order, as a reader would type them
page=tools/man/postern-plugin-tutorial.7

page_unpack() {
	mkdir -p "$1"
	awk -v to="$1" '
	/^\.\\" (file|run|output)( |$)/ {
		mark = $0
		sub(/^\.\\" /, "", mark)
		gsub(/ /, ".", mark)
	}
	/^\.Bd/ { out = mark != "" ? sprintf("%s/%02d.%s", to, ++n, mark) : ""; if (out) printf "" > out; open = 1; next }
	/^\.Ed/ { if (out) close(out); out = mark = ""; open = 0 }
	open && out {
		gsub(/\\e/, "\\")
		gsub(/\\&/, "")
		print > out
	}' "$page"
}

# page_run FOLDER WHERE SHELL...: every run block of that place ("" for none), in order, in
# the present folder; an output block behind it is what it must have printed.
page_run() {
	local blocks=$1 where=$2 f next said
	shift 2
	for f in "$blocks"/*; do
		case $f in
		*.file.*) cp "$f" "$(basename "$f" | sed 's/^[0-9]*\.file\.//')" ;;
		*.run"$where")
			said=$("$@" <"$f") || { echo "status $? of:"; cat "$f"; return 1; }
			next=$(printf '%s/%02d.output' "$blocks" $((10#$(basename "$f" | cut -d. -f1) + 1)))
			[ ! -e "$next" ] || [ "$said" = "$(cat "$next")" ] || { echo "printed $said"; return 1; }
			page_count=$((${page_count:-0} + 1))
			;;
		esac
	done
}
