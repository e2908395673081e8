#!/bin/bash
# postern-plugin-tutorial(7) to its end: what a reader built is installed into a running
# service, named in its configuration, and used by a stock client.
. "$(dirname "$0")/lib.sh"
. tests/kit/page.sh
bed_up

mkdir -p "$work/mine"
page_unpack "$work/page"
top=$PWD bin=${BIN:-build/bin}
make -s install DESTDIR="$work/root" >/dev/null 2>&1
export top bin NETNS CTL CONF ROOT work
opts="${ssh_opts[*]} $SSH_USER@$HOST"

# The reader's shell: the page's words for what the testbed calls otherwise.
reader() {
	{
		cat <<-END
			sudo() { "\$@"; }
			posternctl() { cd "$top" && $CTL "\$@"; }
			pkg-config() { PKG_CONFIG_SYSROOT_DIR=\$sysroot command pkg-config --define-variable=plugindir=$ROOT/run/postern-inst/plugins "\$@"; }
			tee() { command tee -a "$CONF" >/dev/null; }
			ssh() { timeout 60 ip netns exec $NETNS ssh -s $opts "\${@: -1}"; }
		END
		cat
	} | PKG_CONFIG_PATH=$work/root/usr/share/pkgconfig sysroot=${sysroot-$work/root} \
	    C_INCLUDE_PATH=$work/root/usr/include PATH=$work/root/usr/bin:$PATH timeout 120 bash -e -o pipefail
}
part() { # where blocks
	page_count=0
	(cd "$work/mine" && page_run "$work/page" "$1" reader && [ "$page_count" -eq "$2" ])
}
served() { part .client 1; }

check "builds and tries the plugin" part "" 5
install_it() { sysroot= part .server 2 && [ -e "$ROOT/run/postern-inst/plugins/shout.so" ]; }
check "installs and names it" install_it
check "a stock client uses it" until_true 20 served
check "and gets the output that the page shows" served
finish
