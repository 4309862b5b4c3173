#!/usr/bin/env python3
"""The header, the version script and the shared library name the same functions:
exports.py LIBRARY MAP HEADER."""
import re
import subprocess
import sys

library, script, header = sys.argv[1:4]
lines = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True,
                       text=True).stdout.split("\n")
shown = {line.split()[2].split("@")[0] for line in lines if line.strip()} - {"PERPETUA_1"}
pinned = set(re.findall(r"^ +(pp_\w+);", open(script).read(), re.M))
declared = set(re.findall(r"PP_API [^;(]*?\b(pp_\w+)\(", open(header).read()))
for what, names in (("shown", shown), ("declared", declared)):
    for name in sorted(names - pinned):
        print("%s but not pinned: %s" % (what, name))
    for name in sorted(pinned - names):
        print("pinned but not %s: %s" % (what, name))
sys.exit(not pinned or shown != pinned or declared != pinned)
