"""A headless Chromium, driven through the DevTools protocol on a pair of pipes."""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
TIME_LIMIT_S = 60


class PageError(AssertionError):
    """The page did what it should not, or not in time."""


def find() -> str | None:
    """A browser that starts; in some distributions the program only tells how to get one."""
    for name in PROGRAMS:
        path = shutil.which(name)
        if path and subprocess.run([path, "--version"], capture_output=True).returncode == 0:
            return path
    return None


class Browser:
    """One browser with one tab, for a with statement."""

    def __init__(self, program: str):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        read_here, write_there = os.pipe()
        read_there, write_here = os.pipe()
        # The protocol's descriptors are 3 for what the browser reads and 4 for what it writes.
        self.process = subprocess.Popen(
            ["bash", "-c", 'exec 3<&"$0" 4>&"$1"; exec "${@:2}"', str(read_there), str(write_there),
             program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", "--disable-background-networking", "--disable-component-update",
             "--remote-debugging-pipe", f"--user-data-dir={self.folder.name}", "about:blank"],
            pass_fds=(read_there, write_there), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        os.close(read_there)
        os.close(write_there)
        self.input, self.output = os.fdopen(write_here, "wb", 0), os.fdopen(read_here, "rb", 0)
        self.number, self.session, self.problems, self.arrived = 0, None, [], b""

    def __enter__(self):
        targets = self.call("Target.getTargets")["targetInfos"]
        tab = next(target["targetId"] for target in targets if target["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=tab, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *_):
        self.input.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.output.close()
        self.folder.cleanup()

    def call(self, method: str, **parameters):
        """A command's result; what the page complains about meanwhile is kept in `problems`."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        self.input.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise PageError(f"{method}: {answer['error']}")
                return answer["result"]

    def receive(self):
        while b"\0" not in self.arrived:
            part = self.output.read(1 << 20)
            if not part:
                raise PageError("the browser has ended")
            self.arrived += part
        text, self.arrived = self.arrived.split(b"\0", 1)
        answer = json.loads(text)
        kind, what = answer.get("method"), answer.get("params", {})
        if kind == "Runtime.exceptionThrown":
            details = what["exceptionDetails"]
            self.problems.append(details.get("exception", details).get("description", str(details)))
        elif kind == "Runtime.consoleAPICalled" and what["type"] in ("error", "warning", "assert"):
            self.problems.append(str([item.get("value") for item in what["args"]]))
        elif kind == "Log.entryAdded" and what["entry"]["level"] in ("error", "warning"):
            self.problems.append(what["entry"]["text"])
        return answer

    def open(self, path: pathlib.Path, width: int = 1280, height: int = 900):
        """Opens a page and waits until it has drawn itself."""
        self.problems = []
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)  # fmt: skip
        self.call("Page.navigate", url=path.resolve().as_uri())
        self.until("document.readyState === 'complete' && document.documentElement.dataset.ready")
        self.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def run(self, script: str):
        """The value of an expression, awaited."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True,
                           awaitPromise=True, userGesture=True)  # fmt: skip
        if "exceptionDetails" in result:
            raise PageError(f"{script}: {result['exceptionDetails']['exception']['description']}")
        return result["result"].get("value")

    def until(self, script: str):
        end = time.monotonic() + TIME_LIMIT_S
        while not self.run(script):
            if time.monotonic() > end:
                raise PageError(f"never became true: {script}; {self.problems}")
            time.sleep(0.02)

    def scheme(self, name: str):
        """Light or dark, as the user's system asks for."""
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": name}])  # fmt: skip

    def middle(self, selector: str) -> tuple[float, float]:
        """Of an element, scrolled into view."""
        return self.run(f"""(() => {{
            const node = document.querySelector({json.dumps(selector)});
            node.scrollIntoView({{block: "center"}});
            const box = node.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];
        }})()""")

    def mouse(self, kind: str, x: float, y: float, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, selector: str):
        x, y = self.middle(selector)
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.mouse(kind, x, y, button="left", clickCount=1)

    def screenshot(self, path: pathlib.Path, whole: bool = True):
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {**size, "scale": 1} if whole else None
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=whole,
                         **({"clip": clip} if clip else {}))  # fmt: skip
        path.write_bytes(base64.b64decode(shot["data"]))

    def print(self, path: pathlib.Path) -> int:
        """As PDF; returns the number of its pages."""
        pdf = base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])
        path.write_bytes(pdf)
        return pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ")
