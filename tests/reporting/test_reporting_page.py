"""What a browser and a screen reader need of the page, read without a browser."""

import re
from itertools import pairwise

import pytest

LIMIT = 3_000_000


@pytest.fixture(scope="module")
def text(full):
    return full.read_text()


@pytest.fixture(scope="module")
def css(text):
    return text[text.index("<style>") : text.index("</style>")]


def test_the_file_is_small(full):
    assert full.stat().st_size < LIMIT / 4


def test_tags_are_nested(page):
    assert page.faults == []


def test_the_language_the_title_and_the_viewport_are_said(page, text):
    assert text.startswith("<!DOCTYPE html>\n")
    assert page.all("html") == [{"lang": "en"}]
    assert ("title", "Forecast of the loss of Cerebras-GPT") in page.texts
    viewport = next(attrs for attrs in page.all("meta") if attrs.get("name") == "viewport")
    assert "width=device-width" in viewport["content"]


def test_headings_are_in_order(page):
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert levels.count(2) == 6
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_nothing_comes_from_elsewhere(page, css, text):
    names = {"src", "href", "xlink:href", "data", "action", "srcset", "poster"}
    found = [attrs[name] for _, attrs in page.tags for name in names & attrs.keys()]
    assert found
    assert [one for one in found if not one.startswith("#")] == []
    assert {"script", "link", "img", "iframe", "object", "base"}.isdisjoint(t for t, _ in page.tags)
    assert "url(" not in css
    assert "@import" not in css
    assert set(re.findall(r"url\((.)", text)) <= {"#"}
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]


def test_the_page_forbids_itself_scripts_and_the_network(page):
    policy = [attrs["content"] for attrs in page.all("meta") if "http-equiv" in attrs]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_ids_are_unique_and_every_reference_has_its_end(page):
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    ends = [
        attrs[name].removeprefix("#")
        for _, attrs in page.tags
        for name in ("href", "xlink:href", "aria-labelledby")
        if name in attrs
    ]
    styles = " ".join(value for _, attrs in page.tags for value in attrs.values() if value)
    ends += re.findall(r"url\(#([^)]*)\)", styles)
    assert set(ends) <= set(ids)


def test_tables_have_headers(page):
    assert len(page.all("table")) == len(page.all("caption")) == len(page.all("thead")) > 5
    assert {attrs.get("scope") for attrs in page.all("th")} == {"col", "row"}


def test_figures_have_a_name_and_a_caption_with_kind_and_probability(page):
    drawings = page.all("svg")
    assert len(drawings) == len(page.all("figure")) == len(page.all("figcaption")) == 4
    assert all(attrs["role"] == "img" and attrs["aria-labelledby"] for attrs in drawings)
    captions = [text for tag, text in page.texts if tag == "figcaption"]
    for caption in captions:
        assert "interval" in caption
        assert "90\N{NO-BREAK SPACE}%" in caption or "95\N{NO-BREAK SPACE}%" in caption
        assert "run" in caption or "of the parameter" in caption


def luminance(colour):
    """Relative luminance of ``#rrggbb`` by WCAG 2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_wcag():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.fixture(scope="module")
def themes(css):
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    found = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for block in blocks]
    return dict(zip(("light", "dark", "print"), found, strict=True))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_contrast_suffices(themes, theme):
    colours = themes[theme]
    pairs = [("ink", "paper"), ("muted", "paper"), ("link", "paper"), ("ink", "card")]
    for text, ground in [*pairs, ("alarm", "alarm-paper"), ("faint", "paper")]:
        assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for mark in ("blue", "vermillion", "green", "pink", "orange", "sky"):
        assert contrast(colours[mark], colours["paper"]) >= 3, mark


def test_paper_is_printed_in_light_colours(themes):
    assert themes["print"] == themes["light"]


def test_every_colour_of_a_figure_follows_the_theme(text, themes):
    drawings = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    found = {c for d in drawings for c in re.findall(r"(?:fill|stroke): ([^;\"]*)", d)}
    names = {f"var(--{name})" for name in themes["light"]}
    assert found <= names | {"currentColor", "none", "#ffffff"}
    assert "var(--blue)" in found
