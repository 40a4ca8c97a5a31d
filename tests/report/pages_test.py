#!/usr/bin/env python3
"""The pages of --html in a real browser: tests/report/pages_test.py PROGRAM FOLDER.

Pages, pictures of them and PDFs are left in the folder. Without Chromium nothing is tested, and the
output says so.
"""

import json
import pathlib
import random
import subprocess
import sys
import traceback

import chromium
import tiny_onnx

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HOSTILE = '</script><script>document.title = "broken"</script><img src=x onerror=alert(1)>&lt;"\'\u2028'


class Pages:
    def __init__(self, browser: chromium.Browser, program: str, folder: pathlib.Path):
        self.browser, self.program, self.folder = browser, program, folder

    def make(self, name: str, *arguments, option: str = "--html") -> pathlib.Path:
        page = self.folder / f"{name}.html"
        subprocess.run([self.program, *arguments, option, page], cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL, timeout=60)  # fmt: skip
        return page

    def open(self, page: pathlib.Path, **size):
        self.browser.open(page, **size)
        self.check_quiet()

    def check_quiet(self):
        if self.browser.problems:
            raise chromium.PageError(f"the console says {self.browser.problems}")

    def expect(self, script: str, wanted=True):
        found = self.browser.run(script)
        if found != wanted:
            raise chromium.PageError(f"{script} is {found!r}, not {wanted!r}")

    def pictures(self, page: pathlib.Path):
        """Light, dark, on a phone and on paper; nowhere wider than its window."""
        background = "getComputedStyle(document.body).backgroundColor"
        shades = set()
        for mode, width in [("light", 1280), ("dark", 1280), ("phone", 390)]:
            self.browser.scheme("dark" if mode == "dark" else "light")
            self.open(page, width=width)
            self.expect("document.documentElement.scrollWidth <= innerWidth")
            shades.add(self.browser.run(background))
            self.browser.screenshot(page.with_name(f"{page.stem}-{mode}.png"))
        if len(shades) != 2:
            raise chromium.PageError(f"light and dark both look like {shades}")
        if self.browser.print(page.with_suffix(".pdf")) < 1:
            raise chromium.PageError("nothing to print")
        self.check_quiet()

    def cells(self, title: str) -> str:
        """A script that gives the texts of a column of the last table."""
        return f"""(() => {{
            const table = [...document.querySelectorAll("table")].at(-1);
            const at = [...table.querySelectorAll("th")].findIndex((th) => th.textContent === "{title}");
            return [...table.querySelectorAll("tbody tr")].map((row) => row.cells[at].textContent);
        }})()"""


def sorts_filters_and_shows(pages: Pages):
    browser = pages.browser
    page = pages.make("profile", "profile", "models/lenet/model.onnx", "-d", "N=1", "--seconds", "0.1")
    pages.pictures(page)
    pages.open(page)
    order = browser.run(pages.cells("#"))
    browser.click("th:nth-child(4) button")  # by time
    sorted_by_time = browser.run(pages.cells("#"))
    if sorted_by_time == order or sorted(sorted_by_time) != sorted(order):
        raise chromium.PageError(f"sorting gives {sorted_by_time}")
    pages.expect("document.querySelector('th:nth-child(4)').ariaSort", "descending")
    browser.click("th:nth-child(1) button")
    browser.click("th:nth-child(1) button")
    pages.expect(pages.cells("#"), order)
    browser.click("input[type=search]")
    browser.call("Input.insertText", text="conv")
    operators = set(browser.run(pages.cells("operator")))
    if operators != {"Conv"}:
        raise chromium.PageError(f"the filter 'conv' shows {operators}")
    pages.expect("document.querySelectorAll('.node.faint').length > 3")
    browser.click("tbody tr")
    pages.expect("document.querySelector('.details h3').textContent.startsWith('Conv')")
    pages.expect("document.querySelectorAll('.node.selected').length", 1)
    pages.check_quiet()


def graph_moves_and_zooms(pages: Pages, node: str = '[data-node="1"]'):
    browser = pages.browser
    scale = "Number(document.querySelector('.graph').dataset.scale)"
    box = "document.querySelector('.graph').getAttribute('viewBox')"
    browser.click(node)
    pages.expect("document.querySelectorAll('.node.selected').length", 1)
    pages.expect("document.querySelectorAll('tr[aria-selected]').length", 1)
    before = browser.run(scale)
    x, y = browser.middle(".graph")
    browser.mouse("mouseWheel", x, y, deltaX=0, deltaY=-200, modifiers=2)
    browser.until(f"{scale} > {before * 1.2}")
    browser.click('button[title="Zoom out"]')
    browser.click('button[title="Zoom out"]')
    browser.until(f"{scale} < {before * 1.2}")
    view = browser.run(box)
    x, y = browser.middle(".graph")
    browser.mouse("mousePressed", x, y, button="left", clickCount=1)
    browser.mouse("mouseMoved", x + 40, y - 60, button="left", buttons=1)
    browser.mouse("mouseReleased", x + 40, y - 60, button="left", clickCount=1)
    browser.until(f"{box} !== '{view}'")
    browser.click('button[title="Show the whole graph"]')
    pages.check_quiet()


def activations_are_pictures(pages: Pages):
    page = pages.make(
        "activations", "run", "models/lenet/model.onnx", "-i", "image=@models/samples/bag-18.png",
        "--labels", "models/labels.txt", option="--show-activations")  # fmt: skip
    pages.pictures(page)
    pages.open(page)
    flat = pages.browser.run("""[...document.querySelectorAll("canvas.maps")].map((canvas) => {
        const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size;
    })""")
    if len(flat) < 8 or min(flat) < 3:
        raise chromium.PageError(f"the pictures have {flat} colours")
    pages.expect("document.querySelector('.bars .label').textContent", "bag")


def comparisons(pages: Pages):
    browser = pages.browser
    lenet = ["compare", "models/lenet/model.onnx", "-d", "N=1", "--backends", "reference,native,onednn"]
    pages.pictures(pages.make("compare", *lenet))
    pages.expect("document.querySelectorAll('.chart rect').length > 1")
    page = pages.make("compare-layers", *lenet, "--per-layer")
    pages.pictures(page)
    pages.open(page)
    pages.expect("document.querySelectorAll('.line').length", 2)
    browser.click("circle:last-of-type")
    pages.expect("document.querySelectorAll('.node.selected').length", 1)
    page = pages.make("compare-speed", *lenet, "--speed", "--seconds", "0.2")
    pages.pictures(page)
    pages.open(page)
    browser.click("tbody tr:last-of-type")
    pages.expect("document.querySelectorAll('.node.selected').length", 1)
    pages.check_quiet()


def latencies(pages: Pages):
    page = pages.make("bench", "bench", "models/lenet/model.onnx", "-d", "N=1", "--seconds", "0.2")
    pages.pictures(page)
    pages.expect("document.querySelectorAll('.chart').length", 2)


def lenet_graph(pages: Pages):
    page = pages.make("inspect", "inspect", "models/lenet/model.onnx", "-d", "N=1")
    pages.pictures(page)
    pages.open(page)
    graph_moves_and_zooms(pages)


def three_thousand_nodes(pages: Pages):
    """Stays usable: everything that works on a small graph does on this one."""
    chance = random.Random(1)
    nodes = []
    for i in range(3000):
        sources = [f"v{i}"]
        if i > 4 and chance.random() < 0.3:
            sources.append(f"v{chance.randrange(max(i - 40, 0), i)}")
        nodes.append(("Relu" if len(sources) == 1 else "Add", f"layer{i}", sources, f"v{i + 1}"))
    model = pages.folder / "large.onnx"
    model.write_bytes(tiny_onnx.model(nodes, ["v0"], ["v3000"], [1, 8]))
    page = pages.make("large", "inspect", model, "--as-written")
    pages.open(page)
    ready, drawn = pages.browser.run(
        "[document.documentElement.dataset.ready, document.querySelector('.graph-view').dataset.drawnMs]")
    print(f"3,000 nodes: the page is there after {ready} ms, {drawn} ms of them for the graph")
    pages.browser.screenshot(page.with_name("large.png"))
    pages.expect("document.querySelectorAll('.node').length", 3002)
    graph_moves_and_zooms(pages)
    pages.browser.click("input[type=search]")
    pages.browser.call("Input.insertText", text="layer2999")
    pages.expect(pages.cells("name"), ["layer2999"])


def hostile_names(pages: Pages):
    """Names from a model are text wherever they appear."""
    nodes = [("Relu", HOSTILE + "node", [HOSTILE], HOSTILE + "y")]
    model = pages.folder / "hostile.onnx"
    model.write_bytes(tiny_onnx.model(nodes, [HOSTILE], [HOSTILE + "y"], [1, 8]))
    pages.open(pages.make("hostile", "inspect", model, "--as-written"))
    pages.expect("document.title.startsWith('inspect')")
    pages.expect("document.querySelectorAll('img').length", 0)
    pages.expect("document.scripts.length", 2)
    pages.expect(f"[...document.querySelectorAll('td')].some((td) => td.textContent === {json.dumps(HOSTILE + 'node')})")
    pages.browser.click('[data-node="1"]')
    pages.check_quiet()


def what_went_wrong(pages: Pages):
    """An error is on the page too; a page that cannot be written is an error."""
    model = pages.folder / "unknown.onnx"
    model.write_bytes(tiny_onnx.model([("Nonesuch", "n", ["x"], "y")], ["x"], ["y"], [1, 8]))
    page = pages.folder / "unknown.html"
    failed = subprocess.run([pages.program, "inspect", model, "--html", page], capture_output=True)
    if failed.returncode != 1:
        raise chromium.PageError(f"status {failed.returncode}")
    pages.open(page)
    pages.expect("document.querySelector('[role=alert]').textContent.includes('Nonesuch')")
    unwritable = page / "no.html"
    failed = subprocess.run([pages.program, "inspect", "models/lenet/model.onnx", "--html", unwritable],
                            cwd=ROOT, capture_output=True, text=True)  # fmt: skip
    if failed.returncode != 1 or "cannot write" not in failed.stderr:
        raise chromium.PageError(f"status {failed.returncode}, {failed.stderr}")


TESTS = (sorts_filters_and_shows, lenet_graph, activations_are_pictures, comparisons, latencies,
         three_thousand_nodes, hostile_names, what_went_wrong)  # fmt: skip


def main() -> int:
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    found = chromium.find()
    if not found:
        print("there is no Chromium here, so no page is opened")
        print(f"0 passed, 0 failed, {len(TESTS)} skipped")
        return 0
    passed = failed = 0
    with chromium.Browser(found) as browser:
        pages = Pages(browser, str(pathlib.Path(program).resolve()), folder)
        for test in TESTS:
            try:
                test(pages)
                passed += 1
            except (chromium.PageError, subprocess.SubprocessError):
                failed += 1
                print(f"FAILED {test.__name__}: {traceback.format_exc(limit=-3)}")
    print(f"pages, pictures of them and PDFs are in {folder}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
