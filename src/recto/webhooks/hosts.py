"""How many deliveries a worker has under way to each host: few to one that is slow or silent, more to a quick one.

Outcomes in, room out. Pure but for what it remembers. A worker has many slots and a delivery that waits for an
answer costs little, so the limits only see to it that silent hosts together cannot take all of them.
"""

from dataclasses import dataclass, field

START_ROOM = 4  # deliveries at once to a host nothing is known of
LEAST_ROOM = 2  # to one that gave no answer the last time
MOST_ROOM = 32  # to one that answers quickly
QUICK_S = 1.0  # an answer within this doubles the room; a slower one takes it back to the start
REMEMBERED = 10_000  # hosts; idle ones are forgotten beyond that


@dataclass(slots=True)
class _Host:
    limit: int = START_ROOM
    busy: int = 0


@dataclass(slots=True)
class HostRooms:
    """The hosts a worker delivers to."""

    _hosts: dict[str, _Host] = field(default_factory=dict)

    def rooms(self) -> dict[str, int]:
        """How many more deliveries each known host may have; never below 0."""
        return {name: max(0, host.limit - host.busy) for name, host in self._hosts.items()}

    def began(self, name: str) -> None:
        """A delivery to a host is under way."""
        self._hosts.setdefault(name, _Host()).busy += 1

    def ended(self, name: str, seconds: float | None) -> None:
        """A delivery was answered after so many seconds, or not at all."""
        host = self._hosts[name]
        host.busy -= 1
        if seconds is None:
            host.limit = LEAST_ROOM
        elif seconds <= QUICK_S:
            host.limit = min(MOST_ROOM, host.limit * 2)
        else:
            host.limit = min(host.limit, START_ROOM)
        if len(self._hosts) > REMEMBERED:
            self._hosts = {name: host for name, host in self._hosts.items() if host.busy}
