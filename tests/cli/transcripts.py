#!/usr/bin/env python3
"""Golden transcripts of the program: what is typed, and all it answers.

    transcripts.py PERPETUA            compares; exit 1 and a diff where something changed
    transcripts.py PERPETUA --update   writes the transcripts anew

A transcript is a file in tests/cli/transcripts: lines that start with "$ " are run by the shell, in
one folder per file that begins as a copy of tests/cli/files; what they print (stdout, then stderr)
follows, and "[exit N]" where the status is not 0. $EXCHANGE is the small exchange of the download
tests. Figures that depend on the machine are masked."""
import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SERVER = os.path.join(HERE, "../store/exchange_server.py")
MASKS = [
    (r"[0-9.]+ million tape bars a second", "N million tape bars a second"),
    (r"[0-9.]+ s, [0-9.]+ rows a second on [0-9]+ threads?", "N s, N rows a second on N threads"),
    (r"perpetua [0-9.]+ \(.*\)", "perpetua VERSION (COMPILER)"),
    (r"perpetua [0-9]+\.[0-9]+\.[0-9]+", "perpetua VERSION"),
]


def environment(folder, program, exchange):
    keep = {k: os.environ[k] for k in ("LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS")
            if k in os.environ}
    return dict(keep, HOME=folder, EXCHANGE=exchange, TZ="UTC", LC_ALL="C", NO_COLOR="1",
                TERM="dumb", PATH=os.path.join(folder, ".bin") + ":/usr/bin:/bin",
                PERPETUA_DATA=os.path.join(folder, "store"),
                XDG_CACHE_HOME=os.path.join(folder, ".cache"),
                PERPETUA_DUCKDB=duckdb(program))


def duckdb(program):
    machine = {"aarch64": "arm64"}.get(os.uname().machine, "x64")
    at = os.path.dirname(os.path.realpath(program))
    while True:
        path = os.path.join(at, "node_modules/@duckdb/node-bindings-linux-" + machine,
                            "libduckdb.so")
        if os.path.exists(path) or at == "/":
            return path if os.path.exists(path) else ""
        at = os.path.dirname(at)


def play(text, program, exchange):
    """The transcript with the answers of today."""
    out = []
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(os.path.join(HERE, "files"), folder, dirs_exist_ok=True)
        os.mkdir(os.path.join(folder, ".bin"))
        os.symlink(os.path.realpath(program), os.path.join(folder, ".bin", "perpetua"))
        env = environment(folder, program, exchange)
        lines = text.split("\n")
        out.append(lines[0])  # what the file is about
        for line in lines:
            if not line.startswith("$ "):
                continue
            done = subprocess.run(["bash", "-c", line[2:]], cwd=folder, env=env,
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True)
            answer = (done.stdout + done.stderr).replace(os.path.realpath(folder), "FOLDER")
            answer = answer.replace(folder, "FOLDER")
            for pattern, mask in MASKS:
                answer = re.sub(pattern, mask, answer)
            out.append(line)
            out += answer.rstrip("\n").split("\n") if answer.strip() else []
            if done.returncode:
                out.append("[exit %d]" % done.returncode)
            out.append("")
    return "\n".join(out).rstrip("\n") + "\n"


def main():
    program, update = sys.argv[1], "--update" in sys.argv[2:]
    if not duckdb(program):
        print("skipped: no DuckDB library here (make deps)")
        return 77
    with subprocess.Popen([sys.executable, SERVER], stdout=subprocess.PIPE, text=True) as server:
        try:
            exchange = "http://127.0.0.1:%s/ok" % server.stdout.readline().strip()
            return compare(program, update, exchange)
        finally:
            server.kill()


def compare(program, update, exchange):
    folder, changed, commands = os.path.join(HERE, "transcripts"), 0, 0
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        with open(path, encoding="utf-8") as f:
            text = f.read()
        now = play(text, program, exchange)
        commands += now.count("\n$ ") + now.startswith("$ ")
        if now == text:
            continue
        changed += 1
        if update:
            with open(path, "w", encoding="utf-8") as f:
                f.write(now)
        sys.stdout.writelines(difflib.unified_diff(text.splitlines(True), now.splitlines(True),
                                                   name, name + " now"))
    print("%d commands, %d transcripts changed" % (commands, changed))
    return int(changed > 0 and not update)


sys.exit(main())
