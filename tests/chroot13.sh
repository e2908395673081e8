# Sourced by what needs Debian 13: a chroot made by debootstrap from the machine's own
# mirror, kept below build/ for the next run.
#
#   chroot13_make      builds it where it is not there; $chroot13 is its folder
#   chroot13_run NETNS FOLDER COMMAND...   inside it, in a mount namespace of its own, in
#                      a network namespace; FOLDER is /mnt there
chroot13=$(realpath "${BUILD:-build}")/debian13

chroot13_mirror() {
	cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -v security |
	    awk '/^(deb|URIs:)/ { for (i = 1; i <= NF; i++) if ($i ~ /^https?:/) { print $i; exit } }'
}

# What make check needs there, and clients.
chroot13_packages() {
	make -s print-DEPS | tr ' ' '\n' |
	    grep -vE '^(debootstrap|sudo|expect|iproute2|ethtool|iputils-ping|abigail-tools|dropbear-bin|sshfs)$' | tr '\n' ' '
	echo openssh-client
}

# A chroot that lacks some of them, because it is of before, gets them.
chroot13_build() {
	[ -e "$chroot13/.ready" ] || {
		rm -rf "$chroot13"
		debootstrap --variant=minbase trixie "$chroot13" "$(chroot13_mirror)" || return 1
	}
	cp /etc/apt/apt.conf.d/*proxy* "$chroot13/etc/apt/apt.conf.d/" 2>/dev/null
	cp /etc/resolv.conf "$chroot13/etc/resolv.conf" 2>/dev/null
	unshare -m sh -c "mount --bind /dev $chroot13/dev && DEBIAN_FRONTEND=noninteractive chroot $chroot13 sh -c \
	    'apt-get update -qq && apt-get install -y -qq --no-install-recommends $(chroot13_packages | tr '\n' ' ')'" || return 1
	chroot13_packages >"$chroot13/.ready"
}

chroot13_make() {
	(
		flock 9
		[ "$(cat "$chroot13/.ready" 2>/dev/null)" = "$(chroot13_packages)" ] || chroot13_build >"$chroot13.log" 2>&1 || {
			tail -n 20 "$chroot13.log"
			exit 1
		}
	) 9>"$chroot13.lock"
}

chroot13_run() {
	local netns=$1 folder=$2
	shift 2
	# shellcheck disable=SC2016
	ip netns exec "$netns" unshare -m sh -c 'root=$1 folder=$2
	    shift 2
	    mount --bind "$folder" "$root/mnt" && mount --bind /dev "$root/dev" &&
	    mount --bind /dev/pts "$root/dev/pts" && mount -t proc proc "$root/proc" &&
	    exec chroot "$root" "$@"' sh "$chroot13" "$folder" "$@"
}
