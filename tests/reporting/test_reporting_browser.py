"""The page in a headless browser: nothing is fetched, nothing complains, nothing sticks out."""

import html
import json
import shutil
import subprocess

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDTHS = (390, 1280)
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


def test_nothing_is_fetched_and_nothing_complains(browse, full, tmp_path):
    log, shot = tmp_path / "net.json", tmp_path / "page.png"
    done = browse(
        full,
        "--enable-logging=stderr",
        f"--log-net-log={log}",
        f"--screenshot={shot}",
        f"--window-size={WIDTHS[1]},2000",
    )
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
    assert shot.stat().st_size > 50_000
    assert requests(log) == set()


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
        assert len(one["figures"]) == 5
        assert min(one["figures"]) > 150
    narrow, wide = seen
    assert narrow["height"] > wide["height"]
