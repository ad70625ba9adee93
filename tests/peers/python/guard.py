"""Runs a command in a process group of its own that does not outlive whoever holds the other end of stdin.

    python guard.py COMMAND [ARGUMENT ...]

The command runs in a temporary folder, which is also its TMPDIR and goes with it. Each line on stdin is the name of a signal for the group (TERM, KILL, STOP, CONT); it is repeated on stdout once it is sent, and for STOP once the command has stopped.
All that the command writes goes to stderr. When stdin closes the group is killed:
that is what happens when the process that started the guard ends, in whatever way.
"""

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import threading


def main():
    # A terminal sends its interrupt to the guard as well; the end of stdin is what counts.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with tempfile.TemporaryDirectory(prefix="hypha-", ignore_cleanup_errors=True) as folder:
        child = subprocess.Popen(
            sys.argv[1:],
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            start_new_session=True,
            preexec_fn=die_with_the_guard,
            cwd=folder,
            env={**os.environ, "TMPDIR": folder},
        )
        threading.Thread(target=watch, args=(child.pid,), daemon=True).start()
        code = child.wait()
        send(child.pid, signal.SIGKILL)  # what the command itself left behind
    # Not sys.exit: the watching thread holds the lock of stdin, which the end of the interpreter would wait for.
    os._exit(code if code >= 0 else 128 - code)


def die_with_the_guard():
    """Where the system can do it: a guard that is killed itself takes the command along."""
    if sys.platform == "linux":
        PR_SET_PDEATHSIG = 1
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def watch(group):
    for line in sys.stdin:
        number = signal.Signals["SIG" + line.strip()]
        send(group, number)
        if number == signal.SIGSTOP:
            # The signal is sent at once, and every thread stands still only a while later.
            os.waitid(os.P_PID, group, os.WSTOPPED)
        print(line, end="", flush=True)
    send(group, signal.SIGKILL)


def send(group, number):
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        pass


main()
