#!/usr/bin/env python3
"""Checks package-lock.json against package.json: every package is pinned by an integrity hash and
names no host to fetch it from; every direct dependency is locked.

    check_lock.py ROOT            checks the files
    check_lock.py ROOT --installed   exit 1 unless node_modules holds just these versions
"""
import json
import os
import platform
import sys


def load(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return json.load(f)


def check(root):
    found = []
    lock, wanted = load(root, "package-lock.json")["packages"], load(root, "package.json")
    for path, entry in lock.items():
        if not path:
            continue
        if not entry.get("integrity", "").startswith("sha512-"):
            found.append("%s: no integrity hash" % path)
        if "resolved" in entry:
            found.append("%s: names a host" % path)
    for kind in ("dependencies", "optionalDependencies", "devDependencies"):
        for name, version in wanted.get(kind, {}).items():
            if lock.get("node_modules/" + name, {}).get("version") != version:
                found.append("%s %s is not locked" % (name, version))
    return found


def missing(root):
    """Locked packages that are not installed; those for another CPU are not expected."""
    cpu = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    absent = []
    for path, entry in load(root, "package-lock.json")["packages"].items():
        if not path or cpu not in entry.get("cpu", [cpu]):
            continue
        try:
            if load(root, path, "package.json")["version"] != entry["version"]:
                absent.append(path)
        except (OSError, ValueError, KeyError):
            absent.append(path)
    return absent


def main():
    root = sys.argv[1]
    found = missing(root) if "--installed" in sys.argv else check(root)
    print("\n".join(found) or "in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
