"""Instructions that order or delay what is done in order anyway, and the one that stops."""

from ..errors import PtxError
from .context import Context, Operation, operation


@operation("membar", "fence")
def fence(c: Context) -> Operation:
    """Orders a thread's accesses: what blocks may know of each other depends on it."""
    frame = c.frame
    if c.instruction.has("cta") or c.instruction.has("proxy"):
        return lambda: None

    def run() -> None:
        if frame.races is not None:
            frame.races.fence(frame)

    return run


@operation("nanosleep", "griddepcontrol", "prefetch", "prefetchu", "discard")
def nothing(c: Context) -> Operation:
    """No effect here."""
    return lambda: None


@operation("bar", "barrier")
def warp_barrier(c: Context) -> Operation:
    """``bar.warp.sync``: the machine waits for the warp; other barriers are the machine's."""
    if not c.instruction.has("warp"):
        raise c.unknown()
    frame = c.frame
    return lambda: frame.shared.threads.meet(frame.group.index)


@operation("trap")
def trap(c: Context) -> Operation:
    """Stops the launch, as it does on a device."""

    def run() -> None:
        lane = int(c.frame.group.lanes[0])
        raise c.frame.refusal(PtxError, c.instruction, lane, "the kernel stops here")

    return run
