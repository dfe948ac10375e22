"""Sensors: how Garde sees. Files change (fanotify, inotify, replay); processes come and go (procs).

Comes in: the word for a sensor from the command line, or none. Goes out: an opened `Sensor`. The contract stands in
base.py. It judges nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from garde.errors import NotPermitted
from garde.model.finding import Skipped
from garde.watch.sensors.base import Ignore, Opened, Sensor, SensorOptions
from garde.watch.sensors.fanotify import Fanotify
from garde.watch.sensors.inotify import Inotify
from garde.watch.sensors.replay import Replay

__all__ = ["SENSORS", "Ignore", "Opened", "Sensor", "SensorOptions", "open_best"]

SENSORS: Final[dict[str, Callable[[SensorOptions], Sensor]]] = {
    "fanotify": Fanotify,
    "inotify": Inotify,
    "replay": Replay,
}
_IN_ORDER: Final = ("fanotify", "inotify")  # the better one first


def open_best(trees: Sequence[bytes], ignore: Ignore, options: SensorOptions | None = None) -> tuple[Sensor, Opened]:
    """Open the best sensor that this machine allows; what a better one was refused for is in `Opened.reduced`.

    Raises NotPermitted with the last reason when none can be opened.
    """
    refused: list[Skipped] = []
    for word in _IN_ORDER:
        sensor = SENSORS[word](options or SensorOptions())
        try:
            opened = sensor.open(trees, ignore)
        except NotPermitted as error:
            refused.append(Skipped(word, error.message))
            continue
        return sensor, Opened(opened.seen, opened.unseen, (*refused, *opened.reduced))
    raise NotPermitted(
        "no sensor can watch these trees: " + "; ".join(f"{one.what}: {one.reason}" for one in refused),
        "run as root, or name trees that can be read",
    )
