"""How soon numlab answers: starting, the prompt, the first Tab, Ctrl-C (reports/evidence/06-environment.md).

  python3 tests/slow/prompt_times.py build/numlab [runs]      runs: 31; on an idle machine

Python's own library alone. The prompt is opened on a pseudo-terminal; its time counts Python's fork.
"""
import os
import pty
import select
import statistics
import subprocess
import sys
import tempfile
import time


def took(command):
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def until(terminal, words):
    """Seconds until the terminal has shown these words."""
    begin, got = time.perf_counter(), b""
    while words not in got:
        if time.perf_counter() - begin > 10:
            sys.exit(f"numlab does not answer {words!r}; it showed {got!r}")
        if select.select([terminal], [], [], 0.2)[0]:
            got += os.read(terminal, 65536)
    return time.perf_counter() - begin


def tell(what, seconds):
    ms = sorted(1e3 * s for s in seconds)
    print(f"{what}: median {statistics.median(ms):.1f} ms, {ms[0]:.1f} to {ms[-1]:.1f}")


def main():
    program, runs = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 31
    ours, stock = [], []
    for _ in range(200):
        ours.append(took([program, "-e", ""]))
        stock.append(took(["lua5.4", "-e", ""]))
    print(f"-e '' over lua5.4 -e '', medians of 200 in turn: {statistics.median(ours) / statistics.median(stock):.2f}")
    tell("numlab -e ''", ours)
    prompt, tab, stop = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        surroundings = dict(os.environ, TERM="xterm", LC_ALL="C.UTF-8", NUMLAB_HISTORY=folder + "/history")
        for _ in range(runs):
            begin = time.perf_counter()
            process, terminal = pty.fork()
            if process == 0:
                os.execve(program, [program], surroundings)
            until(terminal, b"> ")
            prompt.append(time.perf_counter() - begin)
            os.write(terminal, b"nl.zeros(2):tra\t")
            tab.append(until(terminal, b"nspose"))
            os.write(terminal, b"\x03")
            until(terminal, b"^C")
            os.write(terminal, b"while true do end\r")
            time.sleep(0.15)
            os.write(terminal, b"\x03")
            stop.append(until(terminal, b"interrupted"))
            os.write(terminal, b"os.exit(0)\r")
            time.sleep(0.02)
            os.close(terminal)
            os.waitpid(process, 0)
    tell("exec to prompt", prompt)
    tell("the first Tab", tab)
    tell("Ctrl-C in a Lua loop", stop)


if __name__ == "__main__":
    main()
