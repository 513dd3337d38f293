"""The page in a headless browser: nothing is fetched, nothing complains, nothing sticks out."""

import html
import json
import shutil
import subprocess

import numpy as np
import pytest
from matplotlib.image import imread

import bayes_scaling as bs

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDTHS = (390, 1280)
HEIGHT = 2000
SCHEMES = {"dark": 0, "light": 1}
PHONE = 844  # pixels that a phone of the smaller width shows of a page, bars and all
BARS = 180  # of which a browser's own take
PAPERS = {"dark": np.array([0x14, 0x17, 0x1B]) / 255, "light": np.ones(3)}
SECONDS = 120
ERRAND = "not an origin"
MEASURE = """<script>
addEventListener("load", () => {
  const seen = [...document.querySelectorAll("iframe")].map(frame => {
    const inside = frame.contentDocument, root = inside.documentElement;
    return {
      view: frame.contentWindow.innerWidth,
      content: root.scrollWidth,
      height: root.scrollHeight,
      figures: [...inside.querySelectorAll("figure svg")].map(svg => svg.clientHeight),
      answer: inside.querySelector(".answer").innerText,
      foot: inside.querySelector(".answer").getBoundingClientRect().bottom,
      cells: [...inside.querySelectorAll("#answer table td:nth-of-type(2)")].map(
        cell => cell.getBoundingClientRect().right),
    };
  });
  const found = document.createElement("pre");
  found.textContent = JSON.stringify(seen);
  document.body.replaceChildren(found);
});
</script>"""


@pytest.fixture(scope="module")
def browse(tmp_path_factory):
    """Run a headless browser; skips where there is none."""
    command = next(filter(None, map(shutil.which, BROWSERS)), None)
    if command is None:
        pytest.skip("no Chromium on the PATH: install Debian's chromium to see the page in it")
    profile = tmp_path_factory.mktemp("profile")

    def run(page, *options):
        fixed = "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"
        return subprocess.run(
            [command, *fixed, *options, page.as_uri()],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        )

    return run


@pytest.fixture(scope="module")
def framed(full, tmp_path_factory):
    """A page that holds the report once for each width, and says how it lies there."""
    text = html.escape(full.read_text())
    frames = [f'<iframe width="{w}" height="900" srcdoc="{text}"></iframe>' for w in WIDTHS]
    path = tmp_path_factory.mktemp("framed") / "frames.html"
    path.write_text(f"<!DOCTYPE html><body>{MEASURE}{''.join(frames)}</body>")
    return path


@pytest.fixture(scope="module")
def passes(fit_passes, tmp_path_factory):
    """The path of a report of pass rates."""
    path = tmp_path_factory.mktemp("passes") / "report.html"
    return bs.report(fit_passes, bs.predict(fit_passes, compute=1e26), path=path)


@pytest.mark.parametrize(
    ("report", "width", "theme"),
    [
        ("full", 1280, "light"),
        ("full", 390, "light"),
        ("full", 390, "dark"),
        ("passes", 390, "light"),
    ],
)
def test_nothing_is_fetched_and_nothing_complains(browse, request, tmp_path, report, width, theme):
    log, shot = tmp_path / "net.json", tmp_path / "page.png"
    done = browse(
        request.getfixturevalue(report),
        *window(width),
        f"--blink-settings=preferredColorScheme={SCHEMES[theme]}",
        "--enable-logging=stderr",
        f"--log-net-log={log}",
        f"--screenshot={shot}",
    )
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
    assert requests(log) == set()
    pixels = imread(shot)[..., :3]
    assert pixels.shape[:2] == (HEIGHT, width)
    ground = pixels[:, 2]
    np.testing.assert_allclose(ground, np.broadcast_to(PAPERS[theme], ground.shape), atol=0.01)
    drawn = np.abs(pixels - PAPERS[theme]).max(axis=2) > 0.3
    assert 0.02 < drawn.mean() < 0.5


def window(width):
    """Options of a window; one that isn't full has 500 pixels at least."""
    full_screen = "--kiosk", f"--screen-info={{{width}x{HEIGHT}}}"
    return "--hide-scrollbars", *full_screen


def test_a_request_would_be_seen(browse, tmp_path):
    page, log = tmp_path / "page.html", tmp_path / "net.json"
    page.write_text('<!DOCTYPE html><img src="http://127.0.0.1:9/x.png" alt="none">')
    browse(page, f"--log-net-log={log}", "--dump-dom")
    assert requests(log) == {"http://127.0.0.1:9/x.png"}


def requests(log):
    """The addresses that a page asked for; a browser's own errands have no origin."""
    found = (event.get("params", {}) for event in json.loads(log.read_text())["events"])
    asked = [each for each in found if each.get("initiator", ERRAND) != ERRAND]
    return {each["url"] for each in asked if not each["url"].startswith(("file:", "data:"))}


def test_nothing_sticks_out_at_any_width(browse, framed):
    dom = browse(framed, "--window-size=1400,2000", "--dump-dom").stdout
    text = dom.partition("<pre>")[2].partition("</pre>")[0]
    seen = json.loads(html.unescape(text))
    assert [one["view"] for one in seen] == list(WIDTHS)
    for one in seen:
        assert one["content"] <= one["view"]
        assert "will reach a loss between" in one["answer"]
        assert len(one["figures"]) == 4
        assert min(one["figures"]) > 150
    narrow, wide = seen
    assert narrow["height"] > wide["height"]
    assert narrow["foot"] < PHONE - BARS
    assert max(narrow["cells"]) <= narrow["view"]
