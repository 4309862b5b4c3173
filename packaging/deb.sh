#!/bin/sh
# Makes a Debian package out of a build of its own: packaging/deb.sh OUTPUT_FOLDER
set -eu
cd "$(dirname "$0")/.."
out=$1
version=$(sed -n "s/^project(.* version: '\([0-9.]*\)', license.*/\1/p" meson.build)
arch=$(dpkg --print-architecture)
build=build-deb
root=$PWD/$build/root

[ -f "$build/build.ninja" ] ||
    meson setup "$build" --prefix /usr --libdir lib -Dtests=false --buildtype=release >/dev/null
ninja -C "$build" >/dev/null
rm -rf "$root"
DESTDIR=$root meson install -C "$build" --quiet
find "$root/usr/share/man" -name '*.1' -exec gzip -9n {} +
strip --strip-unneeded "$root/usr/bin/perpetua" "$root"/usr/lib/libperpetua.so.*.*.*
mkdir -p "$root/DEBIAN" "$root/usr/share/doc/perpetua" "$build/debian"
cp LICENSE "$root/usr/share/doc/perpetua/copyright"
gzip -9nc CHANGELOG.md >"$root/usr/share/doc/perpetua/changelog.gz"
printf 'Source: perpetua\n\nPackage: perpetua\nArchitecture: any\n' >"$build/debian/control"
depends=$(cd "$build" && dpkg-shlibdeps -O -xperpetua root/usr/bin/perpetua 2>/dev/null |
    sed 's/^shlibs:Depends=//')
cat >"$root/DEBIAN/control" <<END
Package: perpetua
Version: $version
Architecture: $arch
Maintainer: The Perpetua maintainers <maintainers@perpetua.invalid>
Installed-Size: $(du -sk "$root/usr" | cut -f1)
Depends: $depends
Recommends: libcurl4
Section: science
Priority: optional
Description: backtests of USDT-margined perpetual futures
 A strategy is a YAML file; perpetua checks it, replays it over 1-minute bars
 against a simulated exchange with the exchange's own arithmetic, and writes
 artifacts that anyone can verify. Includes the C library and its header.
END
mkdir -p "$out"
dpkg-deb --root-owner-group --build "$root" "$out/perpetua_${version}_$arch.deb" >/dev/null
echo "$out/perpetua_${version}_$arch.deb"
