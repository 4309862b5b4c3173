#!/usr/bin/env python3
"""Documents keep their word: links lead somewhere, commands and options exist, Plays load, functions
named in docs/architecture.md are there.

    check_docs.py ROOT PERPETUA
"""
import os
import re
import subprocess
import sys
import tempfile

root, program = sys.argv[1:3]
findings = []
help_of = {}
checked = {"links": 0, "commands": 0, "functions": 0, "plays": 0}


def pages():
    yield "README.md"
    for folder, _, names in os.walk(os.path.join(root, "docs")):
        for name in sorted(names):
            if name.endswith(".md"):
                yield os.path.relpath(os.path.join(folder, name), root)


def help_text(words):
    key = " ".join(words)
    if key not in help_of:
        done = subprocess.run([program] + words + ["--help"], capture_output=True, text=True)
        help_of[key] = done.stdout if done.returncode == 0 else None
    return help_of[key]


def check_links(page, text):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        checked["links"] += 1
        path = os.path.normpath(os.path.join(root, os.path.dirname(page), target))
        if not os.path.exists(path):
            findings.append("%s: link to %s, which is not there" % (page, target))


def check_command(page, line):
    words = re.sub(r"[`'\"]", " ", line).split()
    if not words or not re.match(r"[a-z]", words[0]):
        return
    checked["commands"] += 1
    command = words[:2] if words[0] == "data" and len(words) > 1 else words[:1]
    text = help_text(command)
    if text is None:
        findings.append("%s: no command `perpetua %s`" % (page, " ".join(command)))
        return
    known = text + help_text([])
    for option in re.findall(r"(?<![\w-])--([a-z][a-z-]*)", line):
        if not re.search(r"--%s\b" % re.escape(option), known):
            findings.append("%s: `perpetua %s` has no --%s" % (page, " ".join(command), option))


def check_commands(page, text):
    joined = text.replace("\\\n", " ")
    for line in re.findall(r"(?:^ {4}(?:\$ )?|`)(?:build/)?perpetua ((?!COMMAND)[a-z][^`\n|]*)",
                           joined, re.M):
        check_command(page, re.split(r"\s{3,}|\s>\s|\s#\s", line)[0])


def check_plays(page, text):
    """Whole Plays that a page shows load without an error."""
    for block in re.findall(r"^```yaml\n(.*?)^```", text, re.M | re.S):
        if "version:" not in block or "actions:" not in block:
            continue
        checked["plays"] += 1
        with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as f:
            f.write(block)
            f.flush()
            done = subprocess.run([program, "check", f.name], capture_output=True, text=True)
        if done.returncode:
            findings.append("%s: a Play does not load:\n%s" % (page, done.stderr))


def check_functions(page, text):
    code = "".join(open(os.path.join(folder, n), encoding="utf-8").read()
                   for folder, _, names in os.walk(os.path.join(root, "src"))
                   for n in names if n.endswith((".c", ".h")))
    for name in sorted(set(re.findall(r"\b(pp_[a-z_0-9]+)\(", text))):
        checked["functions"] += 1
        if not re.search(r"\b%s\b" % name, code):
            findings.append("%s: there is no %s()" % (page, name))


for page in pages():
    text = open(os.path.join(root, page), encoding="utf-8").read()
    check_links(page, text)
    check_commands(page, text)
    check_plays(page, text)
    if page.endswith("architecture.md"):
        check_functions(page, text)
print("\n".join(findings))
print("%d findings; %s" % (len(findings), ", ".join("%d %s" % (n, k) for k, n in checked.items())))
sys.exit(bool(findings) or not all(checked.values()))
