#!/bin/sh
# The example against the installed static library, as docs/library.md says: static.sh BUILD SOURCE CC
set -eu
build=$1
source=$2
shift 2
to=$(mktemp -d)
trap 'rm -rf "$to"' EXIT
meson install -C "$build" --quiet --no-rebuild --tags devel --destdir "$to"
export PKG_CONFIG_SYSROOT_DIR="$to"
PKG_CONFIG_PATH=$(dirname "$(find "$to" -name perpetua.pc)")
export PKG_CONFIG_PATH
# shellcheck disable=SC2046 # words of a command
"$@" "$source/docs/example.c" \
    $(pkg-config --cflags --static --libs perpetua | sed s/-lperpetua/-l:libperpetua.a/) -o "$to/example"
if ldd "$to/example" | grep libperpetua; then
    exit 1
fi
"$to/example" "$source/plays/ema_cross.yml"
