"""Text in, the numbers and amounts of money it says out.

Thousands and decimals are told apart by their places: the last of two different signs parts decimals, a lone sign
parts thousands where exactly three digits follow. Numbers that are parts of dates, times, fractions or longer
identifiers are none. Currencies are named by ISO 4217 codes.
"""

import re
from dataclasses import dataclass
from functools import cache

from babel.core import get_global

LONGEST_NUMBER = 30
"""Letters of a number, at most: longer runs of figures are none that anybody reckons with."""
GROUP = 3
"""Digits of a group of thousands."""

SYMBOLS = {
    "$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "Rs": "INR", "Rs.": "INR",
    "RM": "MYR", "A$": "AUD", "C$": "CAD", "CA$": "CAD", "NZ$": "NZD", "S$": "SGD", "HK$": "HKD", "R$": "BRL",
    "zł": "PLN", "Kč": "CZK", "₺": "TRY", "₽": "RUB", "₩": "KRW", "฿": "THB", "₫": "VND", "₱": "PHP", "Rp": "IDR",
}  # fmt: skip
"""Signs of currencies that stand before or after an amount, with the currency they mostly mean."""

_SIGN = "|".join(re.escape(sign) for sign in sorted(SYMBOLS, key=len, reverse=True))
_UNIT = rf"(?:{_SIGN}|(?<![A-Za-z])[A-Z]{{3}}(?![A-Za-z]))"
_DIGITS = r"\d{1,3}(?:[,.'’ ]\d{2,3})*(?:[,.'’ ]\d{3})(?:[.,]\d{1,4})?(?!\d)|\d+(?:[.,]\d+)?|[.]\d{2}"
_NUMBER = re.compile(
    rf"(?<![\w.,/:#-])(?P<open>\()?(?P<minus>[-−–]\s?)?(?P<before>{_UNIT}\s?)?(?P<inner>[-−–]\s?)?(?P<bracket>\()?"
    rf"(?P<digits>{_DIGITS})(?P<dash>,-(?!\d))?(?P<after>\s?(?:{_UNIT}|%))?(?P<trail>-(?=\s|$))?(?P<close>\))?"
    r"(?![\w:/]|[.,-][\w€$£])"
)


_LONE_SIGN = re.compile(r"(\d{1,3})[.,](\d{3})")
"""Digits that are decimals in a percentage, which has no thousands: 8.875 %."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number and where the text says it. `currency` is an ISO code or empty; `decimals` are its printed ones."""

    value: float
    start: int
    end: int
    currency: str = ""
    decimals: int = 0
    percent: bool = False

    @property
    def whole(self) -> bool:
        return self.value == int(self.value)


def amounts_in(text: str) -> list[Amount]:
    """The numbers of a text in its order.

    >>> [(found.value, found.currency) for found in amounts_in("Total EUR 1.234,50 of $2,000 (12)")]
    [(1234.5, 'EUR'), (2000.0, 'USD'), (12.0, '')]
    """
    found: list[Amount] = []
    for match in _NUMBER.finditer(text):
        if len(match["digits"]) > LONGEST_NUMBER:
            continue
        value, decimals = number_of(match["digits"])
        unit = (match["before"] or match["after"] or "").strip()
        percent = unit == "%"
        if percent and not decimals and (lone := _LONE_SIGN.fullmatch(match["digits"])):
            value, decimals = float(f"{lone[1]}.{lone[2]}"), len(lone[2])
        currency = "" if percent else currency_of(unit)
        negative = match["minus"] or match["inner"] or match["trail"] or _bracketed(match)
        start, end = _span(match, bool(currency))
        found.append(Amount(-value if negative else value, start, end, currency, decimals, percent))
    return found


def _bracketed(match: re.Match[str]) -> bool:
    opened = match["open"] or match["bracket"]
    return bool(opened and match["close"]) and ("." in match["digits"] or "," in match["digits"])


def _span(match: re.Match[str], with_unit: bool) -> tuple[int, int]:
    if _bracketed(match):
        return match.start("open") if match["open"] else match.start("bracket"), match.end("close")
    if with_unit or match["after"] or match["minus"]:
        start = match.start("minus") if match["minus"] else match.start("before")
        start = start if start >= 0 else match.start("digits")
        end = max(match.end("digits"), match.end("after"))
        return start, end
    return match.start("digits"), match.end("digits")


def number_of(digits: str) -> tuple[float, int]:
    """The value of printed digits, and how many decimals they show.

    >>> number_of("1.234,50"), number_of("1,234"), number_of("12.5"), number_of("1'000'000")
    ((1234.5, 2), (1234.0, 0), (12.5, 1), (1000000.0, 0))
    """
    plain = digits.replace("’", "'").replace("'", "").replace(" ", "")
    last = max(plain.rfind("."), plain.rfind(","))
    if last < 0:
        return float(plain), 0
    sign, decimals = plain[last], plain[last + 1 :]
    others = [letter for letter in plain[:last] if letter in ".,"]
    grouped = sign in others or (
        not others and len(decimals) == GROUP and 1 <= last <= GROUP and plain[0] != "0"
    )
    if grouped:
        return float(plain.replace(".", "").replace(",", "")), 0
    whole = plain[:last].replace(".", "").replace(",", "")
    return float(f"{whole or 0}.{decimals or 0}"), len(decimals)


def currency_of(unit: str) -> str:
    """The ISO code of a currency's sign or code, empty for other words.

    >>> currency_of("€"), currency_of("USD"), currency_of("TAX")
    ('EUR', 'USD', '')
    """
    unit = unit.strip()
    if unit in SYMBOLS:
        return SYMBOLS[unit]
    return unit if unit in currency_codes() else ""


@cache
def currency_codes() -> frozenset[str]:
    """The codes of currencies in use and past."""
    return frozenset(get_global("all_currencies"))
