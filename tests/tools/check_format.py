#!/usr/bin/env python3
"""Checks (or with --fix makes) the layout of all C files with clang-format 14, whose output the
sources follow; other versions break lines elsewhere. Exit 77, a skip, where it is absent."""
import os
import re
import shutil
import subprocess
import sys

VERSION = "14"


def tool():
    for name in ("clang-format-" + VERSION, "clang-format"):
        path = shutil.which(name)
        if path:
            text = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
            if re.search(r"version %s\." % VERSION, text):
                return path
    return None


def main():
    fix = "--fix" in sys.argv
    root = [a for a in sys.argv[1:] if a != "--fix"][0]
    path = tool()
    if not path:
        print("clang-format %s is not here" % VERSION)
        return 77
    files = []
    for top in ("src", "include", "tests", "bench", "fuzz"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            files += [os.path.join(folder, n) for n in sorted(names) if n.endswith((".c", ".h"))]
    how = ["-i"] if fix else ["--dry-run", "-Werror"]
    return 1 if subprocess.run([path, *how, *files]).returncode else 0


if __name__ == "__main__":
    sys.exit(main())
