"""Sums test results over Meson logs and prints `N passed, N failed` as the last line.

usage: summary.py STATUS LOG...    STATUS is the exit status of `make check`.
Every test of a Criterion program counts; any other test counts as one."""
import json
import re
import sys

SYNTHESIS = re.compile(r"Tested: \S*?(\d+)\S* \| Passing: \S*?(\d+)\S* \| Failing: \S*?(\d+)\S* \| Crashing: \S*?(\d+)")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def count(path):
    passed = failed = skipped = 0
    try:
        lines = open(path, encoding="utf-8").read().splitlines()
    except OSError:
        return 0, 0, 0
    for line in lines:
        test = json.loads(line)
        text = COLOUR.sub("", (test.get("stdout") or "") + (test.get("stderr") or ""))
        found = SYNTHESIS.search(text)
        ok = test["result"] in ("OK", "EXPECTEDFAIL")
        skipped += len(re.findall(r"^\[SKIP\]", text, re.M))
        if found:
            tested, passing, failing, crashing = map(int, found.groups())
            passed += passing
            failed += failing + crashing
            if not ok and failing + crashing == 0:
                failed += 1
        elif test["result"] == "SKIP":
            skipped += 1
        elif ok:
            passed += 1
        else:
            failed += 1
    return passed, failed, skipped


def main():
    status = int(sys.argv[1])
    totals = [sum(x) for x in zip(*(count(p) for p in sys.argv[2:]))]
    if status != 0 and totals[1] == 0:
        totals[1] = 1
    tail = f", {totals[2]} skipped" if totals[2] else ""
    print(f"{totals[0]} passed, {totals[1]} failed{tail}")
    return 1 if totals[1] else 0


sys.exit(main())
