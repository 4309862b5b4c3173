"""How time and memory grow: a table each for bars, features and rows of a sweep.

    python3 bench/growth.py build/perpetua [bars] [features] [rows]

CPU seconds (user and system, all threads) and the peak of resident memory of whole commands."""
import os
import sys
import tempfile

PLAY = """version: 3.0.0
name: growth
symbol: SYNTHUSDT
tf: {tf}
variables: {{fast: 9, slow: 21, size: 50}}
account: {{starting_equity_usdt: 10000}}
features:
  fast: {{indicator: ema, params: {{length: "{{{{ fast }}}}"}}}}
  slow: {{indicator: ema, params: {{length: "{{{{ slow }}}}"}}}}
{features}actions:
  entry_long: [[fast, cross_above, slow]{conditions}]
  exit_long: [[fast, cross_below, slow]]
risk: {{sizing: {{model: percent_equity, value: "{{{{ size }}}}"}}}}
"""

BARS = [100_000, 300_000, 1_000_000, 3_000_000, 10_000_000]
FEATURES = [1, 3, 10, 30, 100]
ROWS = [1, 10, 100, 1000, 10_000, 100_000]


def run(args):
    """Least CPU seconds of three, and peak MB, of one command."""
    return min(once(args) for _ in range(3 if "sweep" not in args else 1))


def once(args):
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        os.execv(args[0], args)
    _, status, usage = os.wait4(pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit("failed: " + " ".join(args))
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def table(head, unit, rows):
    print(f"| {head} | CPU s | {unit} | peak MB |\n|---|--:|--:|--:|", flush=True)
    for n, per, args in rows:
        seconds, peak = run(args)
        print(f"| {n:,} | {seconds:.2f} | {per(seconds):.3g} | {peak:.0f} |", flush=True)
    print()


def play(folder, n_features, tf):
    """A Play with n more features, each of its own and read by the rule."""
    lines, conditions = "", ""
    for k in range(n_features):
        kind = ["ema", "sma", "rsi", "atr"][k % 4]
        lines += f"  f{k}: {{indicator: {kind}, params: {{length: {k + 5}}}}}\n"
        conditions += f', [f{k}, ">", -1]'
    path = os.path.join(folder, f"growth_{n_features}.yml")
    with open(path, "w", encoding="utf-8") as out:
        out.write(PLAY.format(features=lines, conditions=conditions, tf=tf))
    return path


def main():
    program, wanted = sys.argv[1], sys.argv[2:] or ["bars", "features", "rows"]
    with tempfile.TemporaryDirectory() as folder:
        if "bars" in wanted:
            one = play(folder, 0, "15m")
            table("bars of 1m", "us per bar", [
                (n, lambda s, n=n: s / n * 1e6,
                 [program, "run", one, "--synthetic", f"regime_mix,bars={n}", "--fast", "-q"])
                for n in BARS])
        if "features" in wanted:
            year = ["--synthetic", "regime_mix,bars=525600", "-q", "--fast"]
            bare, _ = run([program, "run", play(folder, 0, "1m"), *year])
            table("features more, a year of 1m", "ms per feature", [
                (n, lambda s, n=n: (s - bare) / n * 1e3,
                 [program, "run", play(folder, n, "1m"), *year])
                for n in FEATURES])
        if "rows" in wanted:
            one = play(folder, 0, "15m")
            grid = ["fast=2:101:1", "slow=102:201:1", "size=10:100:10"]
            table("rows over 28,800 bars", "ms per row", [
                (n, lambda s, n=n: s / n * 1e3,
                 [program, "sweep", one, "--synthetic", "regime_mix,bars=28800", "--restart",
                  *[x for axis in grid for x in ("--vary", axis)], "--sample", str(n),
                  "--out", os.path.join(folder, f"sweep_{n}")])
                for n in ROWS])


main()
