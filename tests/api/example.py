#!/usr/bin/env python3
"""The command at the top of docs/example.c, with the Play of the tutorial.

    example.py EXAMPLE TUTORIAL"""
import os
import re
import subprocess
import sys
import tempfile

play = re.search(r"```yaml\n(.*?)```", open(sys.argv[2], encoding="utf-8").read(), re.S).group(1)
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "my.yml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(play)
    done = subprocess.run([sys.argv[1], path], capture_output=True, text=True)
    print(done.stdout + done.stderr)
    sys.exit(done.returncode or "USDT" not in done.stdout)
