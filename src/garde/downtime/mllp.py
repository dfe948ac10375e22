"""Frames out of a stream of bytes: the minimal lower layer protocol, as a state machine that does no input or output.

Comes in: bytes as they arrive, in any pieces. Goes out: `Frame` for each message, `Broken` for what began and did not
end, `TooLong`, `Noise`. The rules:

1. A frame begins with VT and ends with FS CR; what lies between is the message, whatever bytes it has.
2. Bytes between two frames are noise: they are handed out up to a bound, counted beyond it, and begin no message.
3. VT followed by MSH within a frame begins a new message: the one before it was cut off, and is handed out as broken.
4. FS that is followed by VT ends the frame as well: senders forget the CR.
5. FS at the end of what has arrived ends the frame once the line falls silent (`settle`).
6. A frame longer than the bound is not kept: its end is still found, and the next one is read as usual.
7. The end of the stream within a frame hands out what there is, as broken.
"""

from __future__ import annotations

from dataclasses import dataclass

VT, FS, CR = b"\x0b", b"\x1c", b"\r"
LONGEST = 64 << 20  # bytes of one message: a document in an OBX is 20 MB and more
NOISE_KEPT = 4096  # bytes of noise handed out per connection: enough to see what spoke there


@dataclass(frozen=True, slots=True)
class Frame:
    """One message, whole."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """What began as a message and did not end."""

    data: bytes


@dataclass(frozen=True, slots=True)
class TooLong:
    """A message over the bound, of which only the head was kept."""

    head: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Noise:
    """Bytes outside of frames."""

    data: bytes


Piece = Frame | Broken | TooLong | Noise
_HEAD = 8192


def frame(message: bytes) -> bytes:
    """Return the message with its envelope around it."""
    return VT + message + FS + CR


class Deframer:
    """One connection's stream."""

    def __init__(self, longest: int = LONGEST) -> None:
        self._longest = longest
        self._buffer = bytearray()
        self._inside = False
        self._from = 0  # up to here there is no FS and no VT MSH
        self._lost = 0  # bytes of a message over the bound that were let go
        self.noise = 0  # bytes outside of frames so far, kept or not

    @property
    def unsettled(self) -> bool:
        """Whether a frame has all but its last byte (rule 5)."""
        return self._inside and self._buffer.endswith(FS)

    def feed(self, data: bytes) -> list[Piece]:
        """Take what arrived; returns what is complete with it."""
        self._buffer += data
        found: list[Piece] = []
        while (step := self._step()) is not None:
            found += step
        return found

    def settle(self) -> list[Piece]:
        """Nothing has come for a while: a frame that only lacks its CR is taken as it is (rule 5)."""
        if self.unsettled:
            return self._ended(len(self._buffer) - 1, len(self._buffer))
        return []

    def close(self) -> list[Piece]:
        """The stream has ended."""
        found = self.settle()
        if self._inside:
            found += [TooLong(bytes(self._buffer[:_HEAD]), self._size())] if self._lost else self._cut_off()
        elif self._buffer:
            found += self._noise(len(self._buffer))
        self._buffer.clear()
        self._inside, self._lost, self._from = False, 0, 0
        return found

    def _step(self) -> list[Piece] | None:
        if not self._buffer:
            return None
        return self._step_inside() if self._inside else self._step_outside()

    def _step_outside(self) -> list[Piece] | None:
        start = self._buffer.find(VT)
        found = self._noise(start if start >= 0 else len(self._buffer))
        if start >= 0:
            del self._buffer[:1]
            self._inside, self._from, self._lost = True, 0, 0
        return found

    def _noise(self, size: int) -> list[Piece]:
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        data = data.strip(b"\r\n \x00")  # keep-alives and line ends between frames are usual
        room = max(0, NOISE_KEPT - self.noise)
        self.noise += len(data)
        return [Noise(data[:room])] if data and room else []

    def _step_inside(self) -> list[Piece] | None:
        end, size = self._find_end()
        again = self._buffer.find(VT + b"MSH", max(0, self._from - 3), end if end >= 0 else len(self._buffer))
        if again > 0:
            found: list[Piece] = [Broken(bytes(self._buffer[:again]))]
            del self._buffer[: again + 1]
            self._from, self._lost = 0, 0
            return found
        if end >= 0:
            return self._ended(end, end + size)
        self._from = max(0, len(self._buffer) - 1)
        if self._size() > self._longest:
            self._let_go()
        return None

    def _find_end(self) -> tuple[int, int]:
        """Where the frame's FS is, and how many bytes end it; -1 where it has not come."""
        at = self._buffer.find(FS, self._from)
        while at >= 0:
            after = self._buffer[at + 1 : at + 2]
            if after == CR:
                return at, 2
            if after == VT:
                return at, 1
            if not after:
                return -1, 0
            at = self._buffer.find(FS, at + 1)
        return -1, 0

    def _ended(self, end: int, through: int) -> list[Piece]:
        data, size = bytes(self._buffer[:end]), self._size() - (len(self._buffer) - end)
        del self._buffer[:through]
        self._inside, self._from = False, 0
        over, self._lost = bool(self._lost) or size > self._longest, 0
        return [TooLong(data[:_HEAD], size)] if over else [Frame(data)]

    def _cut_off(self) -> list[Piece]:
        return [Broken(bytes(self._buffer))] if self._buffer else []

    def _size(self) -> int:
        return self._lost + len(self._buffer)

    def _let_go(self) -> None:
        """Keep the head, for an answer, and the last byte, which may be half of the end."""
        gone = len(self._buffer) - _HEAD - 1
        if gone > 0:
            del self._buffer[_HEAD : _HEAD + gone]
            self._lost += gone
            self._from = max(0, len(self._buffer) - 1)
