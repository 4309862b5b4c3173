"""A3: one hash over all files that the run hash fixes, whatever built and ran the program.

Compilers, optimisation levels and wider vector units each get a build of their own below the build
folder; every build runs the same Plays on the same markets from other folders, locales and time
zones, and proves one with 1 and 4 threads. `determinism.py SOURCE BUILD [NAME...]`; names choose
builds.
"""
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

FIXED = ["trades.parquet", "orders.parquet", "fills.parquet", "equity.parquet", "ledger.parquet",
         "events.jsonl", "result.json"]
BUILDS = {f"{cc}-O{level}{'-v3' if wide else ''}": (cc, level, wide)
          for cc in ("gcc", "clang") for level in ("0", "2", "3")
          for wide in (False, True) if not wide or level == "3"}
MARKETS = ["regime_mix,bars=70000,seed=5", "choppy_whipsaw,bars=60000,seed=6"]
PLACES = [{"LC_ALL": "C", "TZ": "UTC"}, {"LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Kathmandu"},
          {"LC_ALL": "de_DE.UTF-8", "TZ": "America/St_Johns", "LANG": "de_DE"}]


def build(source, folder, name):
    cc, level, wide = BUILDS[name]
    where = os.path.join(folder, "determinism", name)
    if not os.path.exists(os.path.join(where, "build.ninja")):
        args = ["-Dc_args=-march=x86-64-v3"] if wide else []
        subprocess.run(["meson", "setup", where, source, "-Dtests=false", "-Dwerror=false",
                        f"-Doptimization={level}", *args], check=True,
                       stdout=subprocess.DEVNULL, env={**os.environ, "CC": cc})
    subprocess.run(["ninja", "-C", where, "perpetua"], check=True, stdout=subprocess.DEVNULL)
    return os.path.join(where, "perpetua")


def runs_of(program, source, env):
    """{play/market/file: hash}, and the proof with 1 and 4 threads."""
    plays = os.path.join(source, "plays")
    hashes = {}
    env = {**os.environ, **env,
           "PERPETUA_DUCKDB": os.environ.get("PERPETUA_DUCKDB", find_duckdb(source))}
    with tempfile.TemporaryDirectory() as cwd:
        for market in MARKETS:
            for play in sorted(p for p in os.listdir(plays) if p.endswith(".yml")):
                done = subprocess.run([program, "run", os.path.join(plays, play), "--synthetic",
                                       market, "--out", "runs", "-q", "--ok-stopped"],
                                      cwd=cwd, env=env, capture_output=True, text=True)
                if "E_WARMUP" in done.stderr:
                    continue
                if done.returncode:
                    sys.exit(f"{program} {play} {market}: {done.stderr}")
        for folder, _, files in os.walk(os.path.join(cwd, "runs")):
            for name in set(files) & set(FIXED):
                with open(os.path.join(folder, name), "rb") as f:
                    path = os.path.relpath(os.path.join(folder, name), cwd)
                    hashes[path] = hashlib.sha256(f.read()).hexdigest()
        for threads in ("1", "4"):
            proof = subprocess.run([program, "prove", "--demo", "--instants", "8", "--threads",
                                    threads, "--format", "json"], cwd=cwd, env=env,
                                   capture_output=True, text=True, check=True)
            hashes[f"prove --threads {threads}"] = hashlib.sha256(proof.stdout.encode()).hexdigest()
    if hashes["prove --threads 1"] != hashes["prove --threads 4"]:
        sys.exit(f"{program}: prove differs with the number of threads")
    return hashes


def find_duckdb(source):
    for cpu in ("x64", "arm64"):
        path = f"{source}/node_modules/@duckdb/node-bindings-linux-{cpu}/libduckdb.so"
        if os.path.exists(path):
            return path
    sys.exit(77)  # skipped: no Parquet


def main():
    source, folder, *names = sys.argv[1:]
    first = None
    for name in names or BUILDS:
        if not shutil.which(BUILDS[name][0]):
            print(f"{name}: no such compiler, left out")
            continue
        program = build(source, folder, name)
        for env in PLACES if first is None else [PLACES[len(name) % len(PLACES)]]:
            got = runs_of(program, source, env)
            if first is None:
                first = got
            if got != first:
                wrong = sorted(k for k in {**got, **first} if got.get(k) != first.get(k))
                sys.exit(f"{name} {env}: {len(wrong)} files differ, the first is {wrong[0]}")
        one = hashlib.sha256(repr(sorted(first.items())).encode()).hexdigest()
        print(f"{name}: {one} over {len(first)} files", flush=True)


main()
