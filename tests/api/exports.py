#!/usr/bin/env python3
"""The functions that the shared library shows are exactly those pinned: exports.py LIB LIST."""
import subprocess
import sys

library, pinned = sys.argv[1:3]
lines = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True,
                       text=True).stdout.split("\n")
shown = {line.split()[2].split("@")[0] for line in lines if line.strip()}
wanted = set(open(pinned).read().split())
for name in sorted(shown - wanted):
    print("shown but not pinned:", name)
for name in sorted(wanted - shown):
    print("pinned but not shown:", name)
sys.exit(shown != wanted)
