"""A page as a parser sees it."""

from datetime import date
from html.parser import HTMLParser

SCRIPT = "<script>alert(1)</script>"
TARGETS = [6.3e21, 2.3e22]
WRITTEN = date(2026, 12, 1)
VOID = {"meta", "link", "br", "hr", "img", "input", "base", "col", "wbr"}


class Reader(HTMLParser):
    """Tags with their attributes in order, texts, and what isn't nested well."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.faults, self.texts = [], [], []
        self._open = []
        self.feed(text)
        self.close()
        self.faults += [f"{tag} is never closed" for tag in self._open]

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"{tag} is closed at {self.getpos()}")

    def handle_data(self, data):
        inside = self._open[-1] if self._open else ""
        self.texts.append((inside, data))

    def all(self, *names):
        """Attributes of the tags of some names."""
        return [attrs for tag, attrs in self.tags if tag in names]

    @property
    def text(self):
        """What a person reads, in one line."""
        hidden = {"style", "title", "script"}
        return " ".join("".join(t for tag, t in self.texts if tag not in hidden).split())
