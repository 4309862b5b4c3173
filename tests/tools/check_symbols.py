#!/usr/bin/env python3
"""Checks the built library: external symbols begin with pp_, and no variable can be written.

    check_symbols.py LIBRARY.a
    check_symbols.py --self-test CC
"""
import os
import re
import subprocess
import sys
import tempfile


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def findings_of(archive):
    found = []
    for line in run("nm", "-g", "--defined-only", "-A", archive).splitlines():
        m = re.match(r"[^:]*:([^:]+):\S* (\w) (\S+)$", line)
        if m and not m.group(3).startswith("pp_"):
            found.append("%s: external symbol %s without pp_" % (m.group(1), m.group(3)))
    member = ""
    for line in run("readelf", "-SW", archive).splitlines():
        if line.startswith("File: "):
            member = line[6:]
        # Constants with addresses in them lie in .data.rel.ro and are written by the loader only.
        m = re.match(r"\s*\[\s*\d+\]\s+(\.(?:data|bss|tdata|tbss)\S*)\s+\S+\s+\w+\s+\w+\s+(\w+)",
                     line)
        if m and int(m.group(2), 16) and not m.group(1).startswith(".data.rel.ro"):
            found.append("%s: variables that can be written (%s)" % (member, m.group(1)))
    return found


def self_test(cc):
    good = "static const char *const t[] = {\"a\"}; const char *pp_f(int i){return t[i];}\n"
    bad = {"external symbol": "int f(void){return 1;}\n",
           "written": "static int n; int pp_f(void){return ++n;}\n"}
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        for want, code in [("", good)] + list(bad.items()):
            c, o, a = (os.path.join(folder, "x" + end) for end in (".c", ".o", ".a"))
            with open(c, "w", encoding="utf-8") as f:
                f.write(code)
            if os.path.exists(a):
                os.remove(a)
            run(*cc, "-fPIC", "-O2", "-c", c, "-o", o)
            run("ar", "rcs", a, o)
            found = findings_of(a)
            ok = not found if not want else any(want in f for f in found)
            failures += not ok
            if not ok:
                print("self-test %r: %s" % (want, found))
    return 1 if failures else 0


def main():
    if sys.argv[1] == "--self-test":
        return self_test(sys.argv[2:])
    found = findings_of(sys.argv[1])
    print("\n".join(found) or "external symbols are pp_, no writable variables")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
