"""A part of a page under a heading of its own."""

from dataclasses import dataclass

from bayes_scaling.reporting.pictures import Picture
from bayes_scaling.reporting.tables import Table


@dataclass(frozen=True)
class Section:
    """A heading, what is said below it, and what is shown.

    Attributes
    ----------
    title, text : str
    pictures : tuple of Picture
    tables : tuple of Table
    notes : tuple of str
        What the reader has to know.
    """

    title: str
    text: str
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
