#!/usr/bin/env python3
"""Writes text files as C strings: embed.py OUT PREFIX FILE...

Each file NAME.EXT becomes `const char PREFIX_NAME_EXT[]`, for pages that must be one file.
"""
import os
import sys

ESCAPES = {ord('"'): '\\"', ord("\\"): "\\\\", ord("\n"): "\\n", ord("?"): "\\?"}


def literal(data):
    lines = []
    for line in data.splitlines(keepends=True):
        text = "".join(ESCAPES.get(b) or (chr(b) if 32 <= b < 127 else "\\%03o" % b) for b in line)
        lines.append('    "%s"' % text)
    return "\n".join(lines) or '    ""'


def main():
    out, prefix, files = sys.argv[1], sys.argv[2], sys.argv[3:]
    with open(out, "w", encoding="ascii") as f:
        for path in files:
            name = os.path.basename(path).replace(".", "_").replace("-", "_")
            with open(path, "rb") as source:
                f.write("extern const char %s_%s[];\n" % (prefix, name))
                f.write("const char %s_%s[] =\n%s;\n" % (prefix, name, literal(source.read())))


if __name__ == "__main__":
    main()
