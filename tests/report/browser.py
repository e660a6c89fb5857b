"""A headless Chromium spoken to over a pipe, with nothing but the standard library.

Only where one is installed: `browser` skips the test elsewhere, and nothing here installs one.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_WAIT = 60.0
# Chromium reads commands from descriptor 3 and answers on 4.
_START = """
import os, sys
read, write = (os.dup(int(number)) for number in sys.argv[1:3])
os.dup2(read, 3), os.dup2(write, 4)
os.set_inheritable(3, True), os.set_inheritable(4, True)
os.execv(sys.argv[3], sys.argv[3:])
"""


def installed() -> str | None:
    """Return the path of a Chromium, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One tab. `requests` are the addresses it asked for, `logged` what its console said."""

    def __init__(self, binary: str, profile: Path) -> None:
        self._out, theirs_in = os.pipe()
        theirs_out, self._in = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, str(theirs_out), str(theirs_in), binary,
             "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--remote-debugging-pipe", "--no-first-run", "--disable-extensions",
             "--disable-background-networking", "--disable-component-update",
             "--disable-dev-shm-usage", f"--user-data-dir={profile}"],
            pass_fds=(theirs_out, theirs_in), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs_out)
        os.close(theirs_in)
        self._buffer = b""
        self._count = 0
        self._session: str | None = None
        self._events: list[dict[str, Any]] = []
        self.requests: list[str] = []
        self.logged: list[str] = []

    def attach(self) -> None:
        """Open the tab."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "Accessibility"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        """End the browser that was started here."""
        for descriptor in (self._in, self._out):
            os.close(descriptor)
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Return the result of a command of the devtools protocol."""
        self._count += 1
        number = self._count
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._in, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self._note(answer)

    def open(self, page: Path, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """Open a file and wait until it is loaded; forgets what was noted before."""
        self.requests, self.logged, self._events = [], [], []
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=scheme)
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        self.call("Page.navigate", url=page.resolve().as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self._events):
            self._note(self._next())

    def run(self, script: str) -> Any:
        """Return the value of an expression in the page; a promise is waited for."""
        result = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def press(self, key: str, code: int = 0) -> None:
        """Press and let go of a key such as `Tab` or `Enter`, or type one letter."""
        typed = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key,
                text=typed if kind == "keyDown" else "",
                windowsVirtualKeyCode=code or {"Tab": 9, "Enter": 13}.get(key, 0),
            )  # fmt: skip

    def picture(self, top: int = 0, height: int | None = None) -> bytes:
        """Return a PNG of the page from `top`, `height` pixels high or down to its end."""
        width, end = self.run("[innerWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": top, "width": width, "height": height or end - top, "scale": 1}
        shot = self.call(
            "Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True
        )
        return base64.b64decode(shot["data"])

    def _next(self) -> dict[str, Any]:
        deadline = time.monotonic() + _WAIT
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._out], [], [], max(0, deadline - time.monotonic()))
            piece = os.read(self._out, 1 << 20) if ready else b""
            assert piece, "the browser does not answer"
            self._buffer += piece
        message, _, self._buffer = self._buffer.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer

    def _note(self, event: dict[str, Any]) -> None:
        if "method" not in event:
            return
        self._events.append(event)
        parameters = event["params"]
        if event["method"] == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif event["method"] == "Log.entryAdded":
            self.logged.append(parameters["entry"]["text"])
        elif event["method"] == "Runtime.consoleAPICalled":
            self.logged.append(str(parameters["args"]))
        elif event["method"] == "Runtime.exceptionThrown":
            self.logged.append(str(parameters["exceptionDetails"]))


@contextmanager
def browsing() -> Iterator[Browser]:
    """Yield a browser with an empty profile. Raises LookupError where none is installed."""
    binary = installed()
    if binary is None:
        raise LookupError(f"no browser is installed (looked for {', '.join(NAMES)})")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(binary, Path(profile))
        try:
            browser.attach()
            yield browser
        finally:
            browser.close()
