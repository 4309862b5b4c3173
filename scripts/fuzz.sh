#!/bin/sh
# Runs every libFuzzer target for a while, seeded by the committed corpus; new inputs that reach new
# code stay in BUILD/corpus/NAME. Ends with the first crash, hang or leak.
#
#   scripts/fuzz.sh BUILD SECONDS [NAME...]
set -eu
cd "$(dirname "$0")/.."
build=$1 seconds=$2
shift 2
status=0
for target in "$build"/tests/*/fuzz_*; do
    [ -x "$target" ] && [ ! -d "$target" ] || continue
    name=${target##*/fuzz_}
    case " $* " in *" $name "* | "  ") ;; *) continue ;; esac
    mkdir -p "$build/corpus/$name"
    seeds=tests/fuzz/corpus/$name
    [ "$name" = play ] && seeds="$seeds plays"
    echo "==> fuzz_$name for $seconds s"
    "$target" -max_total_time="$seconds" -max_len=8192 -rss_limit_mb=2048 -timeout=10 \
        -print_final_stats=1 -artifact_prefix="$build/$name-" "$build/corpus/$name" \
        $seeds >"$build/$name.log" 2>&1 || status=1
    grep -E 'number_of_executed_units|SUMMARY|ERROR' "$build/$name.log" || status=1
    [ $status = 0 ] || { echo "fuzz_$name failed: see $build/$name.log" >&2; exit 1; }
done
