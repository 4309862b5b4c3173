#!/usr/bin/env python3
"""Draws every synthetic pattern as candles into one SVG: tools/plot_patterns.py PERPETUA > out.svg

Each panel is `perpetua data synth PATTERN,bars=N,seed=1` folded into 96 candles."""
import subprocess
import sys

COLS, WIDTH, HEIGHT, GAP, CANDLES, BARS = 4, 300, 150, 12, 96, 43200


def candles(rows):
    size = len(rows) // CANDLES
    for i in range(CANDLES):
        part = rows[i * size:(i + 1) * size]
        yield (part[0][1], max(r[2] for r in part), min(r[3] for r in part), part[-1][4],
               sum(r[5] for r in part))


def panel(name, rows, x0, y0):
    bars = list(candles(rows))
    low, high = min(b[2] for b in bars), max(b[1] for b in bars)
    top = max(b[4] for b in bars)
    step = WIDTH / CANDLES
    price = lambda p: y0 + 20 + (HEIGHT - 45) * (high - p) / ((high - low) or 1)
    paths = {"#2a9d5c": "", "#cf4b4b": ""}
    volume = ""
    for i, (o, h, l, c, v) in enumerate(bars):
        x = x0 + step * (i + 0.5)
        body_top, body_bottom = price(max(o, c)), price(min(o, c))
        body = max(body_bottom - body_top, 0.6)
        paths["#2a9d5c" if c >= o else "#cf4b4b"] += (
            f"M{x:.1f} {price(h):.1f}V{price(l):.1f}"
            f"M{x - 1.1:.1f} {body_top:.1f}h2.2v{body:.1f}h-2.2z")
        volume += f"M{x:.1f} {y0 + HEIGHT}v{-22 * v / top:.1f}"
    out = f'<text x="{x0}" y="{y0 + 12}">{name}</text>'
    out += f'<path d="{volume}" stroke="#b9bec8" stroke-width="2"/>'
    for colour, d in paths.items():
        out += f'<path d="{d}" stroke="{colour}" fill="{colour}" stroke-width=".8"/>'
    return out


def main():
    program = sys.argv[1]
    listed = subprocess.run([program, "patterns"], capture_output=True, text=True, check=True)
    names = [line.split()[0] for line in listed.stdout.splitlines()]
    rows = -(-len(names) // COLS)
    w, h = COLS * (WIDTH + GAP) + GAP, rows * (HEIGHT + GAP) + GAP
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" '
          f'font-family="sans-serif" font-size="12"><rect width="{w}" height="{h}" fill="#fff"/>')
    for i, name in enumerate(names):
        text = subprocess.run([program, "data", "synth", f"{name},bars={BARS},seed=1"],
                              capture_output=True, text=True, check=True).stdout
        data = [[float(v) for v in line.split(",")[:6]] for line in text.split("\n")[1:] if line]
        print(panel(name, data, GAP + (i % COLS) * (WIDTH + GAP), GAP + i // COLS * (HEIGHT + GAP)))
    print("</svg>")


main()
