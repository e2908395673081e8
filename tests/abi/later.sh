#!/bin/bash
# later.sh DIR OUT: writes the headers of DIR as a later minor version may have them.
set -eu
# shellcheck source=tests/abi/headers.sh
. "$(dirname "$0")/headers.sh"
rm -rf "$2"
abi_later "$1" "$2"
