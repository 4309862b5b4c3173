"""What a row of a sweep over a year of 1m bars costs, by the kind of Play.

    python3 bench/kinds.py build/perpetua [OTHER ...]

CPU milliseconds (user and system) per row on one thread, with every metric and file: the difference
of a sweep of 12 rows and one of 2, the least of three of each. A column per program."""
import os
import sys
import tempfile

from growth import once

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


def row_ms(program, play, out):
    def least(rows):
        args = [program, "sweep", play, "--synthetic", "regime_mix,bars=525600,seed=7",
                "--vary", f"fast=6:{rows + 5}:1", "-j", "1", "--out", out, "--restart"]
        return min(once(args)[0] for _ in range(3))
    return (least(12) - least(2)) * 100


def main():
    programs = sys.argv[1:]
    for tf in ("1m", "15m"):
        print(f"| {tf} exec | " + " | ".join(programs) + " |\n|---|" + "--:|" * len(programs))
        with tempfile.TemporaryDirectory() as folder:
            for name, account, actions, risk, more in KINDS:
                path, out = os.path.join(folder, "play.yml"), os.path.join(folder, "out")
                with open(path, "w", encoding="utf-8") as f:
                    f.write(PLAY.format(tf=tf, account=account, actions=actions, risk=risk,
                                        more=more))
                costs = [f"{row_ms(p, path, out):.1f}" for p in programs]
                print(f"| {name} | " + " | ".join(costs) + " |", flush=True)
        print()


if __name__ == "__main__":
    main()
