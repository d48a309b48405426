"""Run a command and end it, with all that it started, when the other end of a pipe closes.

    guard.py FD COMMAND [ARGUMENT...]

The lab holds the other end: however it ends (also by SIGKILL), the service ends with it.
"""

import os
import select
import signal
import subprocess
import sys


def main() -> int:
    fd = int(sys.argv[1])
    os.set_inheritable(fd, False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    child = subprocess.Popen(sys.argv[2:], start_new_session=True, close_fds=False)
    signal.signal(signal.SIGTERM, lambda *_: end(child))
    while child.poll() is None:
        ready, _, _ = select.select([fd], [], [], 0.2)
        if ready and not os.read(fd, 1):
            end(child)
    return child.returncode


def end(child: "subprocess.Popen[bytes]") -> None:
    for number, seconds in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        try:
            os.killpg(child.pid, number)
            child.wait(seconds)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
        else:
            break
    # What the command left behind in its group goes too.
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


sys.exit(main())
