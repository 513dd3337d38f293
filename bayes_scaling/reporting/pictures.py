"""Figures as SVG inside a page: one text, ids of their own, colours that the page sets."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup, escape
from matplotlib import rc_context, style
from matplotlib.figure import Figure
from matplotlib.text import Text

from bayes_scaling.plotting.style import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    PINK,
    SKY,
    VERMILLION,
)

WIDTH = 4.2  # inches: text is readable on a phone, where it shrinks, and on a desk
MOST_WIDTH = 5.0
COLOURS = {
    "#000000": "currentColor",
    INK: "currentColor",
    FAINT: "var(--faint)",
    BLUE: "var(--blue)",
    VERMILLION: "var(--vermillion)",
    GREEN: "var(--green)",
    PINK: "var(--pink)",
    ORANGE: "var(--orange)",
    SKY: "var(--sky)",
}
HIDDEN = re.compile(r"<!--.*?-->|<metadata>.*?</metadata>|<style.*?</style>", re.DOTALL)
SIZE = re.compile(r' (?:width|height)="[^"]*pt"| version="1.1"| xmlns="[^"]*"')
NAMED = re.compile(r'(\bid="|href="#|url\(#)')


@dataclass(frozen=True)
class Picture:
    """A figure with what it shows in words.

    Attributes
    ----------
    svg : Markup
        Has a title, which a screen reader reads out.
    caption : str
        Says which kind of interval is drawn, and with which probability.
    wide : bool
        Whether it scrolls on a narrow screen rather than shrink.
    """

    svg: Markup
    caption: str
    wide: bool = False


def draw_picture(
    name: str,
    label: str,
    caption: str,
    plot: Callable[[Figure], object],
    height: float = 3.0,
) -> Picture:
    """Draw a figure as SVG to stand in a page.

    The same records give the same bytes.

    Parameters
    ----------
    name : str
        Prefix of the ids inside, unlike that of every other figure of the page.
    label : str
        What the figure shows, for those who can't see it.
    caption : str
    plot : callable
        Draws on the figure that it is given.
    height : float
        Inches; a plot of many panels may set a size of its own.

    Returns
    -------
    Picture
    """
    text = io.StringIO()
    settings = rc_context({"svg.fonttype": "path", "svg.hashsalt": "bayes_scaling"})
    with style.context("default"), settings:
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        plot(figure)
        _take_names_as_they_are(figure)
        figure.savefig(text, format="svg", transparent=True)
    return Picture(
        _inline(text.getvalue(), name, label),
        caption.replace(" %", "\N{NO-BREAK SPACE}%"),
        wide=figure.get_figwidth() > MOST_WIDTH,
    )


def _take_names_as_they_are(figure: Figure) -> None:
    """Draw names with dollars as they are, not as mathematics; ticks keep their powers of ten."""
    legends = [*figure.legends, *filter(None, (ax.get_legend() for ax in figure.axes))]
    texts = [text for legend in legends for text in legend.get_texts()]
    for ax in figure.axes:
        texts += [child for child in ax.get_children() if isinstance(child, Text)]
        texts += [ax.xaxis.label, ax.yaxis.label]
    for text in texts:
        text.set_parse_math(False)


def _inline(document: str, name: str, label: str) -> Markup:
    """Turn an SVG document into an element that shares its page with others."""
    text = HIDDEN.sub("", document[document.index("<svg") :])
    head, rest = text.split(">", 1)
    head = SIZE.sub("", head)
    body = NAMED.sub(rf"\g<1>{name}-", rest)
    for drawn, wanted in COLOURS.items():
        body = re.sub(drawn, wanted, body, flags=re.IGNORECASE)
    title = f'<title id="{name}-title">{escape(label)}</title>'
    body = re.sub(r"\s*\n\s*", "\n", body)
    return Markup(f'{head} role="img" aria-labelledby="{name}-title">{title}{body}')
