"""A6 from the command line: the program built with a lookahead indicator names it."""
import os
import subprocess
import sys
import tempfile

PLAY = """version: 3.0.0
name: planted
symbol: SYNTHUSDT
tf: 15m
features:
  fine: {indicator: ema, params: {length: 9}}
  oracle: {indicator: %s}
actions:
  entry_long: [[fine, ">", oracle]]
  exit_long: [[fine, "<", oracle]]
"""


def prove(program, indicator):
    with tempfile.TemporaryDirectory() as folder:
        play = os.path.join(folder, "planted.yml")
        with open(play, "w") as f:
            f.write(PLAY % indicator)
        return subprocess.run([program, "prove", play, "--synthetic", "regime_mix,bars=20000",
                               "--instants", "16"], capture_output=True, text=True)


def main():
    caught = prove(sys.argv[1], "peek")
    assert caught.returncode == 4, caught
    assert "oracle.value" in caught.stderr and "knows the future" in caught.stderr, caught.stderr
    assert "NOT CAUSAL" in caught.stdout, caught.stdout
    sound = prove(sys.argv[1], "sma")
    assert sound.returncode == 0, sound
    assert "causal: nothing depends" in sound.stdout, sound.stdout


main()
