"""How often one may call: a token bucket for each key, and a bound on wrong keys for each address.

Counted in this process, because a round trip to the database for every call would cost more than the call: with
several API processes each allows the whole rate. Nothing here touches the network or waits; time comes in as a
clock in seconds.
"""

import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

MOST_REMEMBERED = 10_000  # keys or addresses; the one longest unused is forgotten first
WRONG_KEYS_WITHIN_S = 60.0
GOOD_FOR_S = 600.0  # a key that was right so recently may call from an address that is locked out


class Buckets:
    """One token bucket for each of many names. A bucket holds what one second brings, at least one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with no bucket; each begins full."""
        self._clock = clock
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, name: Hashable, rate_per_s: float) -> float:
        """Take one token: 0.0 when there was one, else the seconds until there is one again."""
        now, most = self._clock(), max(1.0, rate_per_s)
        left, at = self._left.pop(name, (most, now))
        left = min(most, left + (now - at) * rate_per_s)
        wait = 0.0 if left >= 1 else (1 - left) / rate_per_s
        self._left[name] = (left - 1 if wait == 0 else left, now)
        if len(self._left) > MOST_REMEMBERED:
            self._left.popitem(last=False)
        return wait


class WrongKeys:
    """Counts the wrong keys that came from each address within a minute.

    An address with too many is not listened to, except for keys that were right a moment ago: whoever shares
    the address (a proxy, an office) with a guesser goes on working.
    """

    def __init__(self, at_most: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Allow so many in a minute."""
        self._at_most = at_most
        self._clock = clock
        self._wrong: OrderedDict[str, list[float]] = OrderedDict()
        self._good: OrderedDict[bytes, float] = OrderedDict()

    def wait_s(self, address: str, key: str) -> float:
        """Seconds until this address may try this key; 0.0: now."""
        now = self._clock()
        recent = [at for at in self._wrong.get(address, ()) if now - at < WRONG_KEYS_WITHIN_S]
        if len(recent) < self._at_most or now - self._good.get(_digest(key), -math.inf) < GOOD_FOR_S:
            return 0.0
        return WRONG_KEYS_WITHIN_S - (now - recent[-self._at_most])

    def was_wrong(self, address: str) -> None:
        """A key that nobody has came from there."""
        now = self._clock()
        recent = [at for at in self._wrong.pop(address, ()) if now - at < WRONG_KEYS_WITHIN_S]
        self._wrong[address] = [*recent, now][-self._at_most :]
        if len(self._wrong) > MOST_REMEMBERED:
            self._wrong.popitem(last=False)

    def was_right(self, key: str) -> None:
        """The key opened the door."""
        self._good.pop(_digest(key), None)
        self._good[_digest(key)] = self._clock()
        if len(self._good) > MOST_REMEMBERED:
            self._good.popitem(last=False)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode(errors="replace")).digest()
