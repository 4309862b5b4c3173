#!/usr/bin/env python3
"""Draws the example of every page in docs/structures: tools/plot_structures.py PERPETUA

The Play in NAME.md runs over a synthetic market; `perpetua columns` gives what is drawn, `perpetua
data synth` the candles. Of the bars the 90 are shown that hold most of the structure's events."""
import csv
import io
import pathlib
import re
import subprocess
import sys
import tempfile

MARKET, TF_MS, SHOWN, WARM = "regime_mix,bars=40000,seed=1", 900_000, 90, 300
W, H, PAD, STEP = 860, 320, 14, 9
UP, DOWN, GREY, BLUE, GOLD = "#2a9d5c", "#cf4b4b", "#8a8f99", "#2f6fd0", "#b7791f"
FOLDER = pathlib.Path(__file__).parent.parent / "docs" / "structures"

# bands: lower, upper, colour, and a column with the value it must have; lines: column, colour,
# dashed; marks: event column, direction column, label; legs: pairs of a swing; tint: a direction;
# busy: what makes a window worth showing, if not the marks.
DRAW = {
    "swing": {"legs": "sw", "pivots": "sw", "busy": ["sw.high_accepted"]},
    "trend": {"legs": "sw", "tint": "tr.direction"},
    "zone": {"bands": [("dem.lower", "dem.upper", UP, "dem.state", "active"),
                       ("dem.lower", "dem.upper", GREY, "dem.state", "broken")], "pivots": "sw",
             "busy": ["dem.state"]},
    "fibonacci": {"legs": "sw", "lines": [(f"fib.level_{x}", c, False) for x, c in
                                          (("0.382", BLUE), ("0.5", GREY), ("0.618", GOLD))],
                  "busy": ["sw.high_accepted"]},
    "derived_zone": {"bands": [(f"dz.zone{k}_lower", f"dz.zone{k}_upper", c, f"dz.zone{k}_state", s)
                               for k in range(6) for s, c in (("active", BLUE), ("broken", GREY))],
                     "busy": ["dz.any_touched"]},
    "rolling_window": {"lines": [("hh.value", UP, False), ("ll.value", DOWN, False)]},
    "market_structure": {"lines": [("ms.break_level_high", UP, False),
                                   ("ms.break_level_low", DOWN, False),
                                   ("ms.anchor_level", GOLD, True)],
                         "marks": [("ms.bos_this_bar", "ms.bias", "BOS"),
                                   ("ms.choch_this_bar", "ms.bias", "CHoCH")]},
    "displacement": {"marks": [("dp.is_displacement", "dp.direction", "")]},
    "fair_value_gap": {"bands": [("fvg.nearest_bull_lower", "fvg.nearest_bull_upper", UP, None, 0),
                                 ("fvg.nearest_bear_lower", "fvg.nearest_bear_upper", DOWN, None,
                                  0)],
                       "marks": [("fvg.new_this_bar", "fvg.new_direction", "")]},
    "order_block": {"bands": [("ob.nearest_bull_lower", "ob.nearest_bull_upper", UP, None, 0),
                              ("ob.nearest_bear_lower", "ob.nearest_bear_upper", DOWN, None, 0)],
                    "marks": [("ob.new_this_bar", "ob.new_direction", "")]},
    "breaker_block": {"bands": [("bb.nearest_bull_lower", "bb.nearest_bull_upper", UP, None, 0),
                                ("bb.nearest_bear_lower", "bb.nearest_bear_upper", DOWN, None, 0)],
                      "marks": [("bb.new_this_bar", "bb.new_direction", ""),
                                ("ms.choch_this_bar", "ms.bias", "CHoCH")]},
    "liquidity_zones": {"lines": [("lz.nearest_high_level", UP, False),
                                  ("lz.nearest_low_level", DOWN, False)],
                        "marks": [("lz.sweep_this_bar", "lz.sweep_direction", "sweep")]},
    "premium_discount": {"lines": [("pd.premium_level", DOWN, False),
                                   ("pd.equilibrium", GREY, True),
                                   ("pd.discount_level", UP, False)],
                         "busy": ["sw.high_accepted"]},
}


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def number(text):
    return float(text) if text not in ("", None) else None


def candles(program):
    """15m candles of the market: {open_ms: [open, high, low, close]}."""
    out = {}
    for row in csv.DictReader(io.StringIO(run(program, "data", "synth", MARKET))):
        t = int(row["open_ms"]) // TF_MS * TF_MS
        o, h, l, c = (float(row[k]) for k in ("open", "high", "low", "close"))
        bar = out.setdefault(t, [o, h, l, c])
        bar[1], bar[2], bar[3] = max(bar[1], h), min(bar[2], l), c
    return out


def columns(program, name):
    page = (FOLDER / f"{name}.md").read_text()
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as play:
        play.write(re.search(r"```yaml\n(.*?)```", page, re.S).group(1))
        play.flush()
        text = run(program, "columns", play.name, "--synthetic", MARKET, "-q")
    return list(csv.DictReader(io.StringIO(text)))


def busiest(rows, draw):
    """The first of the windows that hold most events."""
    events = draw.get("busy", [m[0] for m in draw.get("marks", [])])
    count = [sum(r[e] in ("1", "broken") for e in events) for r in rows]
    starts = range(WARM, len(rows) - SHOWN, 10)
    return max(starts, key=lambda s: (sum(count[s + 8:s + SHOWN - 8]), -s))


class Plot:
    def __init__(self, rows, bars, first):
        self.rows, self.first, self.out = rows[first:first + SHOWN], first, []
        self.bars = [bars[int(r["open_ms"])] for r in self.rows]
        low, high = min(b[2] for b in self.bars), max(b[1] for b in self.bars)
        room = (high - low) * 0.08
        self.low, self.high = low - room, high + room

    def x(self, i):
        return PAD + STEP * (i + 0.5)

    def y(self, price):
        y = PAD + (H - 2 * PAD) * (self.high - price) / (self.high - self.low)
        return min(max(y, 0), H)

    def put(self, text):
        self.out.append(text)

    def candles(self):
        for colour, rising in ((UP, True), (DOWN, False)):
            d = ""
            for i, (o, h, l, c) in enumerate(self.bars):
                if (c >= o) == rising:
                    top, bottom = self.y(max(o, c)), self.y(min(o, c))
                    d += (f"M{self.x(i):.1f} {self.y(h):.1f}V{self.y(l):.1f}M{self.x(i) - 2.5:.1f} "
                          f"{top:.1f}h5v{max(bottom - top, 0.6):.1f}h-5z")
            self.put(f'<path d="{d}" stroke="{colour}" fill="{colour}" stroke-width="1"/>')

    def runs(self, value):
        """Stretches of bars with the same known value: (from, to, value)."""
        out = []
        for i in range(len(self.rows)):
            v = value(i)
            if v is not None and out and out[-1][2] == v and out[-1][1] == i:
                out[-1][1] = i + 1
            elif v is not None:
                out.append([i, i + 1, v])
        return out

    def bands(self, lower, upper, colour, state, wanted):
        def value(i):
            r = self.rows[i]
            on = r[lower] and r[upper] and (state is None or r[state] == wanted)
            return (float(r[lower]), float(r[upper])) if on else None
        for a, b, (low, high) in self.runs(value):
            top, bottom = self.y(high), self.y(low)
            if top < H and bottom > 0:
                height = max(bottom - top, 1)
                self.put(f'<rect x="{PAD + STEP * a:.1f}" y="{top:.1f}" width="{STEP * (b - a)}" '
                         f'height="{height:.1f}" fill="{colour}" fill-opacity=".22"/>')

    def lines(self, column, colour, dashed):
        d = ""
        for a, b, v in self.runs(lambda i: number(self.rows[i][column])):
            if 0 < self.y(v) < H:
                d += f"M{PAD + STEP * a:.1f} {self.y(v):.1f}H{PAD + STEP * b:.1f}"
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        self.put(f'<path d="{d}" stroke="{colour}" fill="none" stroke-width="1.6"{dash}/>')

    def marks(self, event, direction, label):
        for i, r in enumerate(self.rows):
            if r[event] != "1":
                continue
            up = float(r[direction]) > 0
            x, y = self.x(i), self.y(self.bars[i][2]) + 6 if up else self.y(self.bars[i][1]) - 6
            tip = 7 if up else -7
            self.put(f'<path d="M{x:.1f} {y:.1f}l-4 {tip}h8z" fill="{UP if up else DOWN}"/>')
            if label:
                self.put(f'<text x="{x:.1f}" y="{y + (18 if up else -9):.1f}" '
                         f'text-anchor="middle">{label}</text>')

    def pivots(self, key):
        for r in self.rows:
            for side in ("high", "low"):
                i = int(r[f"{key}.{side}_idx"] or -1) - self.first
                if r[f"{key}.{side}_accepted"] == "1" and i >= 0:
                    y = self.y(float(r[f"{key}.{side}_level"]))
                    self.put(f'<circle cx="{self.x(i):.1f}" cy="{y:.1f}" r="3.4" fill="none" '
                             f'stroke="{BLUE}" stroke-width="1.6"/>')

    def legs(self, key):
        ends = {}
        for r in self.rows:
            for side in ("high", "low"):
                if r[f"{key}.pair_{side}_idx"]:
                    ends[r[f"{key}.pair_version"], side] = (
                        int(r[f"{key}.pair_{side}_idx"]) - self.first,
                        float(r[f"{key}.pair_{side}_level"]))
        d = ""
        for (version, side), (i, level) in ends.items():
            j, other = ends[version, "low" if side == "high" else "high"]
            if side == "high" and i >= 0 and j >= 0:
                d += f"M{self.x(i):.1f} {self.y(level):.1f}L{self.x(j):.1f} {self.y(other):.1f}"
        self.put(f'<path d="{d}" stroke="{BLUE}" fill="none" stroke-width="1.6"/>')

    def tint(self, column):
        for a, b, v in self.runs(lambda i: number(self.rows[i][column])):
            if v:
                self.put(f'<rect x="{PAD + STEP * a:.1f}" y="0" width="{STEP * (b - a)}" '
                         f'height="{H}" fill="{UP if v > 0 else DOWN}" fill-opacity=".13"/>')

    def svg(self, name, draw):
        for part in ("tint", "bands"):
            for args in [draw[part]] if part == "tint" and part in draw else draw.get(part, []):
                getattr(self, part)(*([args] if part == "tint" else args))
        self.candles()
        for part in ("lines", "marks"):
            for args in draw.get(part, []):
                getattr(self, part)(*args)
        for part in ("legs", "pivots"):
            if part in draw:
                getattr(self, part)(draw[part])
        body = "\n".join(self.out)
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {W} {H}" '
                f'font-family="sans-serif" font-size="11" role="img"><title>{name}</title>\n'
                f'<rect width="{W}" height="{H}" fill="#fff"/>\n{body}\n</svg>\n')


def main():
    program = sys.argv[1]
    bars = candles(program)
    for name, draw in DRAW.items():
        rows = columns(program, name)
        plot = Plot(rows, bars, busiest(rows, draw))
        (FOLDER / f"{name}.svg").write_text(plot.svg(name, draw))


main()
