"""Equations as a law states them, turned into markup."""

import re
from collections import deque

from markupsafe import Markup, escape

from bayes_scaling.reporting.tables import MINUS

TOKEN = re.compile(r"`\w+`|[^\W\d_]+|\d+|\s+|.", re.DOTALL)
NAMES = "alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi rho sigma tau phi psi"
GREEK = dict(zip(NAMES.split(), "αβγδεζηθκλμνξρστφψ", strict=True))


def equation_markup(text: str) -> Markup:
    """Write an equation in markup.

    A letter is a variable, a longer word stands as it is unless it names a Greek letter, and what
    stands in backticks is code. A number right after a word and what follows ``_`` is lowered; what
    follows ``^``, a sign included, is raised, without the brackets around it.

    Examples
    --------
    >>> print(equation_markup("a (C/C0)^-b"))
    <var>a</var> (<var>C</var>/<var>C</var><sub>0</sub>)<sup>−<var>b</var></sup>
    >>> print(equation_markup("alpha_i x^(1/2)"))
    α<sub>i</sub> <var>x</var><sup>1/2</sup>
    """
    left = deque(TOKEN.findall(text))
    parts = []
    while left:
        parts.append(_next(left))
    return Markup("").join(parts)


def _next(left: deque[str]) -> Markup:
    """Take the next symbol, with what is lowered or raised."""
    token = left.popleft()
    if token == "^" and left:
        return Markup("<sup>{}</sup>").format(_raised(left))
    if token.startswith("`"):
        return Markup("<code>{}</code>").format(token.strip("`"))
    if not token.isalpha():
        return escape(token.replace("-", MINUS))
    symbol = Markup("<var>{}</var>").format(token) if len(token) == 1 else GREEK.get(token, token)
    lowered = [left.popleft()] if left and left[0].isdigit() else []
    if len(left) > 1 and left[0] == "_":
        left.popleft()
        lowered.append(left.popleft())
    subs = Markup("").join(Markup("<sub>{}</sub>").format(one) for one in lowered)
    return escape(symbol) + subs


def _raised(left: deque[str]) -> Markup:
    """Take a symbol or a bracket, a sign before it included; a bracket alone is dropped."""
    if left[0] == "-" and len(left) > 1:
        return _next(left) + (_bracket(left, "({})") if left[0] == "(" else _next(left))
    return _bracket(left, "{}") if left[0] == "(" else _next(left)


def _bracket(left: deque[str], around: str) -> Markup:
    """Take what stands in a bracket, and write it in another."""
    inside, depth = [left.popleft()], 1
    while left and depth:
        inside.append(left.popleft())
        depth += {"(": 1, ")": -1}.get(inside[-1], 0)
    return Markup(around).format(equation_markup("".join(inside[1:-1])))
