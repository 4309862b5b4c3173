#!/usr/bin/env python3
"""Checks layers and style of the sources (spec 10), one line per finding; exit 1 if there is any.

    check_style.py ROOT          checks a source tree
    check_style.py --self-test   proves that each rule can fail and that clean code passes
"""
import os
import re
import sys
import tempfile

LAYERS = ["base", "market", "store", "play", "feature", "structure", "rule", "exchange",
          "engine", "metrics", "artifact", "report", "runner", "sweep", "api", "cli"]
COLUMNS, FUNCTION_LINES = 100, 70
CODE_FOLDERS = ("src", "include", "tests", "bench", "fuzz")
TEXT_ENDINGS = (".c", ".h", ".py", ".sh", ".md", ".build", ".yml", ".js", ".css", ".html")

# Calls banned from the product: name -> what to use.
BANNED = {
    "strcpy": "pp_strdup or memcpy", "strcat": "pp_buf", "sprintf": "snprintf",
    "vsprintf": "vsnprintf", "gets": "pp_file_read", "atoi": "pp_int_parse",
    "atol": "pp_int_parse", "atof": "pp_double_parse", "strtok": "strcspn",
    "localtime": "base/time.h", "localtime_r": "base/time.h", "mktime": "base/time.h",
    "rand": "base/rng.h", "srand": "base/rng.h", "random": "base/rng.h",
    "drand48": "base/rng.h", "exit": "return a status", "setlocale": "nothing",
    "system": "posix_spawn", "log": "pp_log", "exp": "pp_exp",
    "pow": "pp_pow", "log2": "pp_log", "log10": "pp_log", "log1p": "pp_log", "exp2": "pp_exp",
    "expm1": "pp_exp", "sin": "exact arithmetic", "cos": "exact arithmetic",
    "tan": "exact arithmetic", "tanh": "exact arithmetic", "cbrt": "exact arithmetic",
    "hypot": "sqrt", "alloca": "an arena",
}
# Calls that belong to one folder: name -> folders.
PLACED = {
    "printf": ("src/cli/",), "fprintf": ("src/cli/", "src/base/assert.c"),
    "puts": ("src/cli/",), "putchar": ("src/cli/",), "fputs": ("src/cli/",),
    "malloc": ("src/base/",), "calloc": ("src/base/",), "realloc": ("src/base/",),
    "free": ("src/base/",), "strdup": ("src/base/",), "strtod": ("src/base/",),
    "longjmp": ("src/base/",), "setjmp": ("src/base/",),
}
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
MACHINE_PATH = re.compile(r"(?<![\w.])/(wo" + r"rk|ho" + r"me|ro" + r"ot|Use" + r"rs)/")
HOSTS = re.compile(r"registry\.(npm" + r"js|yarn" + r"pkg)|deb\.debian\." + r"org")
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')
CALL = re.compile(r"(?<![\w.>])(\w+)\s*\(")


def blank_comments_and_strings(text):
    """The text with comments and literals replaced by spaces; lines and columns stay."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)


def check_lines(path, lines, found):
    for n, line in enumerate(lines, 1):
        if len(line.expandtabs(8)) > COLUMNS and path.endswith((".c", ".h", ".py")):
            found(path, n, "columns", "%d columns, at most %d" % (len(line), COLUMNS))
        if line != line.rstrip() and not path.endswith(".md"):
            found(path, n, "blank-end", "blanks at the end of the line")
        if "\t" in line and path.endswith((".c", ".h", ".py")):
            found(path, n, "tab", "a tab")
        if UNFINISHED.search(line):
            found(path, n, "unfinished", "a mark of unfinished work")
        if MACHINE_PATH.search(line):
            found(path, n, "machine-path", "a path of one machine")
        if HOSTS.search(line):
            found(path, n, "host", "the address of a package registry")


def check_functions(path, lines, found):
    begin = 0
    for n, line in enumerate(lines, 1):
        if line == "{":
            begin = n
        elif line == "}" and begin:
            if n - begin + 1 > FUNCTION_LINES:
                found(path, begin, "function", "a function of %d lines, at most %d"
                      % (n - begin + 1, FUNCTION_LINES))
            begin = 0


def check_calls(path, lines, found):
    for n, line in enumerate(lines, 1):
        for m in CALL.finditer(line):
            name = m.group(1)
            if name in BANNED:
                found(path, n, "banned", "%s is banned: use %s" % (name, BANNED[name]))
            if name in PLACED and not path.startswith(PLACED[name]):
                found(path, n, "placed", "%s belongs in %s" % (name, " ".join(PLACED[name])))


def made(root, name):
    """Whether the layer's meson.build writes this header."""
    build = os.path.join(root, "src", name.split("/")[0], "meson.build")
    if not os.path.exists(build):
        return False
    with open(build, encoding="utf-8") as f:
        return "output: '%s'" % os.path.basename(name) in f.read()


def check_includes(root, path, lines, found):
    """Own header first; groups between blank lines sorted; a layer includes earlier layers only."""
    parts = path.split("/")
    layer = parts[1] if parts[0] == "src" and len(parts) > 2 else None
    own = "/".join(parts[1:])[:-2] + ".h" if layer and path.endswith(".c") else None
    if own and not os.path.exists(os.path.join(root, "src", own)):
        own = None
    first = True
    for n, line in enumerate(lines, 1):
        m = INCLUDE.match(line)
        if not m:
            continue
        name, quoted = m.group(2), m.group(1) == '"'
        # A header of the same layer may stand first: it includes the own one for its private part.
        if first and own and name != own and not (quoted and name.startswith(layer + "/")):
            found(path, n, "own-header", "the first include is %s" % own)
        first = False
        if parts[0] == "include" and quoted and not name.startswith("perpetua/"):
            found(path, n, "public", "a public header includes a private one")
        if not quoted or not layer:
            continue
        target = name.split("/")[0]
        if target in LAYERS:
            if LAYERS.index(target) > LAYERS.index(layer):
                found(path, n, "layer", "%s does not know %s" % (layer, target))
            if not os.path.exists(os.path.join(root, "src", name)) and not made(root, name):
                found(path, n, "missing", "no file src/%s" % name)
        elif target == "perpetua" and layer != "api":
            found(path, n, "layer", "%s does not know the public interface" % layer)


def check_guard(path, text, found):
    if path.endswith(".h") and path.startswith(("src/", "include/")):
        m = re.search(r"^#ifndef (\w+)\n#define (\w+)\n", text, re.M)
        table = "X(" in text and not m
        if not table and (not m or m.group(1) != m.group(2)):
            found(path, 1, "guard", "a header without an include guard")
        if not text.startswith("/*"):
            found(path, 1, "manual", "a header begins with what it is for")


def check_file(root, path, found):
    with open(os.path.join(root, path), encoding="utf-8") as f:
        text = f.read()
    lines = text.split("\n")
    check_lines(path, lines, found)
    if not path.endswith((".c", ".h")):
        return
    if text and not text.endswith("\n"):
        found(path, len(lines), "last-line", "no new line at the end")
    plain = blank_comments_and_strings(text).split("\n")
    check_functions(path, plain, found)
    check_includes(root, path, lines, found)
    check_guard(path, text, found)
    if path.startswith(("src/", "include/")):
        check_calls(path, plain, found)


def check_meson(root, found):
    """Every .c of a layer is built."""
    for layer in LAYERS:
        folder = os.path.join(root, "src", layer)
        if not os.path.isdir(folder):
            continue
        build = os.path.join(folder, "meson.build")
        listed = open(build, encoding="utf-8").read() if os.path.exists(build) else ""
        for top, _, names in os.walk(folder):
            for name in sorted(names):
                path = os.path.relpath(os.path.join(top, name), folder)
                if name.endswith(".c") and "'%s'" % path not in listed:
                    found("src/%s/%s" % (layer, path), 1, "unbuilt", "not in meson.build")


def files_of(root):
    for top in CODE_FOLDERS + ("docs", "tools", "scripts"):
        for folder, folders, names in os.walk(os.path.join(root, top)):
            folders[:] = sorted(d for d in folders if d not in ("node_modules", "data", "corpus"))
            for name in sorted(names):
                if name.endswith(TEXT_ENDINGS):
                    yield os.path.relpath(os.path.join(folder, name), root)
    for name in sorted(os.listdir(root)):
        if name.endswith((".md", ".build")) or name == "Makefile":
            yield name


def check_tree(root):
    findings = []

    def found(path, line, rule, text):
        findings.append((path, line, rule, text))

    for path in files_of(root):
        check_file(root, path, found)
    check_meson(root, found)
    return findings


GUARD = "/* a */\n#ifndef A\n#define A\n%s\n#endif\n"
BAD = [  # rule, path, content
    ("columns", "src/base/a.c", "/* %s */\n" % ("x" * 100)),
    ("blank-end", "src/base/a.c", "int a; \n"),
    ("tab", "src/base/a.c", "\tint a;\n"),
    ("unfinished", "docs/a.md", "TO" + "DO later\n"),
    ("machine-path", "src/base/a.c", '/* in /ho' + 'me/x */\n'),
    ("host", "docs/a.md", "https://registry.npm" + "js.org\n"),
    ("function", "src/base/a.c", "void f(void)\n{\n" + "    g();\n" * 69 + "}\n"),
    ("banned", "src/base/a.c", "void f(void)\n{\n    strcpy(a, b);\n}\n"),
    ("banned", "src/engine/a.c", "double f(double x)\n{\n    return pow (x, 2);\n}\n"),
    ("placed", "src/engine/a.c", "void f(void)\n{\n    printf(0);\n}\n"),
    ("placed", "src/engine/a.c", "void f(void)\n{\n    void *p = malloc(1);\n}\n"),
    ("own-header", "src/base/b.c", '#include <stdio.h>\n#include "base/b.h"\n'),
    ("public", "include/perpetua/a.h", GUARD % '#include "base/b.h"'),
    ("layer", "src/base/a.c", '#include "market/tf.h"\n'),
    ("layer", "src/exchange/a.c", '#include "engine/x.h"\n'),
    ("missing", "src/market/a.c", '#include "base/none.h"\n'),
    ("guard", "src/base/a.h", "/* a */\nint a;\n"),
    ("manual", "src/base/a.h", "#ifndef A\n#define A\n#endif\n"),
    ("last-line", "src/base/a.c", "int a;"),
    ("unbuilt", "src/base/unlisted.c", "int a;\n"),
]
GOOD = {
    "src/base/meson.build": "lib_src += files('a.c', 'b.c')\n",
    "src/market/meson.build": "lib_src += files('a.c')\n",
    "src/engine/meson.build": "lib_src += files('a.c')\n",
    "src/exchange/meson.build": "lib_src += files('a.c')\n",
    "src/base/b.h": "/* b.h - b. */\n#ifndef B\n#define B\n#endif\n",
    "src/base/b.c": '#include "base/b.h"\n\n#include <stdio.h>\n',
    "src/base/a.c": "void f(void)\n{\n" + "    g(); /* not printf(1) nor \"exit(1)\" */\n" * 68 +
                    "}\nint pp_log(int x);\nvoid g(void)\n{\n    x->free(1);\n    my_exit(1);\n}\n",
    "src/engine/a.c": '#include "base/b.h"\n#include "exchange/x.h"\n',
    "src/exchange/x.h": "/* x.h - x. */\n#ifndef X\n#define X\n#endif\n",
}


def write_tree(root, tree):
    for path, content in tree.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as f:
            f.write(content)


def self_test():
    failures = []
    with tempfile.TemporaryDirectory() as root:
        write_tree(root, GOOD)
        failures += ["clean code: %s:%d %s %s" % f for f in check_tree(root)]
    for rule, path, content in BAD:
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, {**GOOD, path: content})
            rules = {f[2] for f in check_tree(root)}
            if rule not in rules:
                failures.append("rule %s did not fail on %r" % (rule, content[:60]))
    rules_tried = {b[0] for b in BAD}
    with open(__file__, encoding="utf-8") as f:
        rules_known = set(re.findall(r'found\([^,]+, [^,]+(?:\(lines\))?, "([a-z-]+)"', f.read()))
    failures += ["rule %s has no bad example" % r for r in sorted(rules_known - rules_tried)]
    print("\n".join(failures) or "every rule can fail; %d rules" % len(rules_tried))
    return 1 if failures or len(rules_known) < 15 else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    findings = check_tree(sys.argv[1])
    for path, line, rule, text in findings:
        print("%s:%d: %s [%s]" % (path, line, text, rule))
    print("%d findings" % len(findings))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
