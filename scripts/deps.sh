#!/bin/sh
# Installs what building and testing need, from Debian's packages and the npm registry. Says what it
# installs; does nothing when everything is there.
set -eu
cd "$(dirname "$0")/.."

build="build-essential pkg-config meson ninja-build libyaml-dev libjansson-dev libssl-dev
libxxhash-dev zlib1g-dev"
test="libcriterion-dev libmpfr-dev clang-14 libclang-rt-14-dev clang-format python3"

missing=
for p in $build $test; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' ||
        missing="$missing $p"
done
command -v npm >/dev/null || missing="$missing nodejs npm"

if [ -n "$missing" ]; then
    run=
    if [ "$(id -u)" != 0 ]; then
        if command -v sudo >/dev/null; then
            run=sudo
        else
            echo "deps: these packages are missing and only root can install them:$missing" >&2
            echo "deps: run as root: apt-get install -y --no-install-recommends$missing" >&2
            exit 1
        fi
    fi
    echo "deps: installing Debian packages:$missing"
    $run apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive $run apt-get install -y -qq --no-install-recommends $missing \
        >/dev/null
fi

if [ ! -d node_modules ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    echo "deps: installing npm packages of package-lock.json (DuckDB and what tests and report use)"
    npm ci --ignore-scripts --no-audit --no-fund --silent
    touch node_modules/.package-lock.json
fi
