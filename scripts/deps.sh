#!/bin/sh
# Installs what the build and the tests need and is not there yet: Debian packages through apt-get,
# JavaScript and DuckDB packages through npm. Says what it does; a second run does nothing.
#
#   scripts/deps.sh           for building and testing
#   scripts/deps.sh --build   for building only
set -eu
cd "$(dirname "$0")/.."

BUILD_PACKAGES="build-essential pkg-config meson ninja-build python3 libyaml-dev libjansson-dev
  libssl-dev libxxhash-dev zlib1g-dev libcurl4-openssl-dev"
TEST_PACKAGES="libcriterion-dev libmpfr-dev clang libclang-rt-dev clang-format chromium fonts-dejavu-core"

packages=$BUILD_PACKAGES
command -v npm >/dev/null || packages="$packages nodejs npm"
[ "${1:-}" = --build ] || packages="$packages $TEST_PACKAGES"

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

missing_packages() {
    for p in $packages; do
        state=$(dpkg-query -W -f='${Status}' "$p" 2>/dev/null || true)
        [ "$state" = "install ok installed" ] || printf '%s ' "$p"
    done
}

if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
    missing=$(missing_packages)
    if [ -n "$missing" ]; then
        if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
            echo "deps: these packages are missing and this user may not install them. Run:" >&2
            echo "  sudo apt-get install --no-install-recommends $missing" >&2
            exit 1
        fi
        echo "==> apt-get install $missing"
        as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null
        # shellcheck disable=SC2086 # the list is meant to be split
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
            --no-install-recommends $missing </dev/null >/dev/null
    fi
else
    echo "deps: no apt-get here; the Debian names of what is needed are: $packages" >&2
fi

if ! python3 tests/tools/check_lock.py . --installed >/dev/null 2>&1; then
    if ! command -v npm >/dev/null; then
        echo "deps: npm is missing; it fetches DuckDB and the chart libraries" >&2
        exit 1
    fi
    # The install scripts of the packages would compile or download; nothing of that is needed.
    echo "==> npm ci --ignore-scripts"
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null
fi
