"""What a row of a sweep over 1m bars costs, by the kind of Play.

    python3 bench/kinds.py build/perpetua [OTHER ...]

Instructions per tape bar (valgrind) of one row on one thread, with every metric and file: the
difference of a sweep of 6 rows and one of 2. A column per program."""
import os
import re
import subprocess
import sys
import tempfile

BARS = 105120

PLAY = """version: 3.0.0
name: kinds
symbol: BTCUSDT
tf: {tf}
variables: {{fast: 9}}
account: {{max_leverage: 5, {account}}}
features:
  fast: {{indicator: ema, params: {{length: "{{{{ fast }}}}"}}}}
  slow: {{indicator: ema, params: {{length: 31}}}}
  rsi: {{indicator: rsi, params: {{length: 14}}}}
  atr: {{indicator: atr, params: {{length: 14}}}}
actions: {{{actions}}}
risk: {{{risk}}}
{more}
"""
SIZE = "sizing: {model: percent_equity, value: 20}"
STOP = SIZE + ", stop_loss: {type: price_percent, value: 1}"
TARGET = STOP + ", take_profit: {type: price_percent, value: 2}"
ATR = SIZE + ", stop_loss: {type: atr_multiple, value: 2, atr_feature_id: atr}"
TRAIL = SIZE + ", stop_loss: {type: trailing_pct, trail_pct: 1}"
IN, IN_SHORT = 'entry_long: [fast, ">", slow]', 'entry_short: [fast, "<", slow]'
LEVEL = IN + ', exit_long: [fast, "<", slow]'
CROSS = "entry_long: [[fast, cross_above, slow]], exit_long: [[fast, cross_below, slow]]"
RSI = 'entry_long: [rsi, "<", 30], exit_long: [rsi, ">", 60]'
HELD = IN + ', exit_long: {any: [[fast, "<", slow], [position.bars_held, ">", 30]]}'
RICH = "starting_equity_usdt: 1000000, fee_model: {taker_bps: 0.02, maker_bps: 0.02}"
POOR = "starting_equity_usdt: 10000, fee_model: {taker_bps: 10, maker_bps: 10}"
LIMIT = "entry: {order_type: LIMIT, limit_offset_pct: 0.05, expire_after_bars: 3}"
KINDS = [  # name, account, actions, risk, and what else the Play says
    ("crossings in and out", RICH, CROSS, SIZE, ""),
    ("conditions that stay true, in and out", RICH, LEVEL, SIZE, ""),
    ("the same with a stop", RICH, LEVEL, STOP, ""),
    ("in by one, out by stop and target", RICH, IN, TARGET,
     "position_policy: {exit_mode: sl_tp_only}"),
    ("long and short, flipping", RICH, IN + ", " + IN_SHORT, SIZE,
     "position_policy: {mode: long_short, allow_flip: true}"),
    ("rsi in and out, a stop of 2 ATR", RICH, RSI, ATR, ""),
    ("an exit that asks for bars held", RICH, HELD, SIZE, ""),
    ("a stop that trails by 1 %", RICH, CROSS, TRAIL, ""),
    ("limit entries", RICH, CROSS, SIZE, LIMIT),
    ("five entries a day at most", RICH, LEVEL, SIZE,
     "risk_policy: {mode: rules, max_trades_per_day: 5}"),
    ("an account soon used up", POOR, CROSS, "sizing: {model: percent_equity, value: 100}", ""),
]


def instructions(args, folder):
    counts = os.path.join(folder, "counts")
    subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={counts}", *args],
                   check=True, capture_output=True)
    with open(counts, encoding="utf-8") as f:
        return int(re.findall(r"^(?:summary|totals): (\d+)", f.read(), re.M)[-1])


def row_cost(program, play, folder):
    def cost(rows):
        args = [program, "sweep", play, "--synthetic", f"regime_mix,bars={BARS},seed=7",
                "--vary", f"fast=6:{rows + 5}:1", "-j", "1", "--out",
                os.path.join(folder, "out"), "--restart"]
        return instructions(args, folder)
    return (cost(6) - cost(2)) / 4 / BARS


def main():
    programs = sys.argv[1:]
    for tf in ("1m", "15m"):
        print(f"| {tf} exec | " + " | ".join(programs) + " |\n|---|" + "--:|" * len(programs))
        with tempfile.TemporaryDirectory() as folder:
            for name, account, actions, risk, more in KINDS:
                path = os.path.join(folder, "play.yml")
                with open(path, "w", encoding="utf-8") as f:
                    f.write(PLAY.format(tf=tf, account=account, actions=actions, risk=risk,
                                        more=more))
                costs = [f"{row_cost(p, path, folder):.0f}" for p in programs]
                print(f"| {name} | " + " | ".join(costs) + " |", flush=True)
        print()


if __name__ == "__main__":
    main()
