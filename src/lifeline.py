"""A stage ends with the process that started it. Only the standard library: it is asked before anything slow loads."""

import ctypes
import os
import signal
import sys

_INIT = 1  # who adopts orphans


def end_with_parent() -> None:
    """Ask Linux to end this process when its parent ends: an orphan would fight the next run.

    A parent that was killed while this process started is found by who adopted it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1 = PR_SET_PDEATHSIG
        if os.getppid() == _INIT:
            os.kill(os.getpid(), signal.SIGKILL)
