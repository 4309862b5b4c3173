#!/usr/bin/env python3
"""Counts tests over build folders and prints, as the last line, `N passed, N failed[, N skipped]`.

    summary.py [--status N] BUILD...   reads BUILD/meson-logs/testlog*.json; exit 1 on a failure
    summary.py --self-test

Each test of a Criterion program counts as one, any other program or script as one. A program that
ended badly without saying which test failed counts as one failure. A log that is missing or empty
is a failure too: tests that did not run have not passed; so is a status of the checks that is not 0
where no test failed, a build that broke for example.
"""
import glob
import json
import os
import re
import sys
import tempfile

SYNTHESIS = re.compile(r"Synthesis: Tested: (\d+) \| Passing: (\d+) \| Failing: (\d+) "
                       r"\| Crashing: (\d+)")
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
SKIP_STATUS = 77


def count(record):
    """(passed, failed, skipped) of one entry of meson's log."""
    text = ESCAPES.sub("", (record.get("stdout") or "") + (record.get("stderr") or ""))
    good = record["result"] in ("OK", "EXPECTEDFAIL")
    m = SYNTHESIS.search(text)
    if m:
        tested, passed, failing, crashing = map(int, m.groups())
        failed = max(failing, tested - passed, 0 if good else 1)
        return passed, failed, len(re.findall(r"^\[SKIP\]", text, re.M))
    if record["result"] == "SKIP" or record.get("returncode") == SKIP_STATUS:
        return 0, 0, 1
    return (1, 0, 0) if good else (0, 1, 0)


def total(builds):
    sums, bad = [0, 0, 0], []
    for build in builds:
        records = []
        for path in sorted(glob.glob(os.path.join(build, "meson-logs", "testlog*.json"))):
            with open(path, encoding="utf-8") as f:
                records += [json.loads(line) for line in f if line.strip()]
        if not records:
            bad.append("%s: no tests were run" % build)
            sums[1] += 1
        for record in records:
            counts = count(record)
            sums = [a + b for a, b in zip(sums, counts)]
            if counts[1]:
                bad.append("%s: %s failed" % (build, record["name"]))
    return sums, bad


def line_of(sums):
    return "%d passed, %d failed" % tuple(sums[:2]) + (", %d skipped" % sums[2] if sums[2] else "")


def self_test():
    log = "[SKIP] a::b: no data\n\x1b[0m[====] Synthesis: Tested: %d | Passing: %d | " \
          "Failing: %d | Crashing: %d \n"
    cases = [
        ({"result": "OK", "stdout": log % (5, 5, 0, 0)}, (5, 0, 1)),
        ({"result": "FAIL", "stdout": log % (5, 3, 1, 1)}, (3, 2, 1)),
        ({"result": "FAIL", "stderr": log % (5, 5, 0, 0)}, (5, 1, 1)),
        ({"result": "OK", "stdout": "fine"}, (1, 0, 0)),
        ({"result": "SKIP", "returncode": 77}, (0, 0, 1)),
        ({"result": "TIMEOUT", "stdout": ""}, (0, 1, 0)),
        ({"result": "ERROR"}, (0, 1, 0)),
    ]
    wrong = [c for c in cases if count(c[0]) != c[1]]
    with tempfile.TemporaryDirectory() as build:
        wrong += [] if total([build])[0] == [0, 1, 0] else ["an empty log passes"]
        os.mkdir(os.path.join(build, "meson-logs"))
        with open(os.path.join(build, "meson-logs", "testlog.json"), "w", encoding="utf-8") as f:
            f.write("".join(json.dumps({"name": "x", **c[0]}) + "\n" for c in cases))
        wrong += [] if line_of(total([build])[0]) == "14 passed, 5 failed, 4 skipped" else ["sum"]
    wrong += [] if line_of([3, 0, 0]) == "3 passed, 0 failed" else ["line"]
    print("\n".join(map(str, wrong)) or "counts are right")
    return 1 if wrong else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    args = sys.argv[1:]
    status = int(args[1]) if args[:1] == ["--status"] else 0
    sums, bad = total(args[2:] if args[:1] == ["--status"] else args)
    if status and not sums[1]:
        sums[1] = 1
        bad.append("the checks ended with status %d though no test failed" % status)
    for text in bad:
        print(text)
    print(line_of(sums))
    return 1 if sums[1] else 0


if __name__ == "__main__":
    sys.exit(main())
