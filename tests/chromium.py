"""A real Chromium, driven over its DevTools protocol."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = """
--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync --remote-debugging-port=0 --remote-allow-origins=* --hide-scrollbars
--window-size=1500,900
""".split()


class Browser:
    """One process with a fresh profile; `open` gives a page."""

    def __init__(self) -> None:
        assert PROGRAM is not None
        self._profile = tempfile.mkdtemp(prefix="chromium-")
        self._process = subprocess.Popen(
            [PROGRAM, *FLAGS, f"--user-data-dir={self._profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        port_file = Path(self._profile, "DevToolsActivePort")
        wait_for(lambda: port_file.exists() and "\n" in port_file.read_text(), 60)
        self._port = int(port_file.read_text().split()[0])

    def open(self, url: str) -> Page:
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}/json/new?about:blank", method="PUT")
        with urllib.request.urlopen(request, timeout=60) as reply:
            return Page(json.load(reply)["webSocketDebuggerUrl"], url)

    def frame(self) -> Page:
        """The first sandboxed frame of any page: it is a target of its own."""
        found: list[str] = []

        def look() -> bool:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/json/list", timeout=60) as reply:
                found[:] = [t["webSocketDebuggerUrl"] for t in json.load(reply) if t["type"] == "iframe"]
            return bool(found)

        wait_for(look)
        return Page(found[0])

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(30)
        shutil.rmtree(self._profile, ignore_errors=True)


class Page:
    def __init__(self, socket_url: str, url: str | None = None) -> None:
        import websocket

        self._socket = websocket.create_connection(socket_url, timeout=60)
        self._number = 0
        self.events: list[dict[str, Any]] = []
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility", "DOM"):
            self.call(f"{domain}.enable")
        if url is not None:
            self.go(url)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == self._number:
                assert "error" not in message, message["error"]
                return dict(message["result"])
            self.events.append(message)

    def go(self, url: str) -> None:
        self.call("Page.navigate", url=url)
        wait_for(lambda: self.run("document.readyState") == "complete")

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        reply = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in reply, reply["exceptionDetails"]
        return reply["result"].get("value")

    def press(self, key: str, code: int, text: str = "") -> None:
        shared = {"key": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **shared)
        self.call("Input.dispatchKeyEvent", type="keyUp", **shared)

    def middle(self, selector: str, across: float = 0.5) -> tuple[float, float]:
        x, y, width, height = self.run(
            f"(r => [r.x, r.y, r.width, r.height])(document.querySelector({selector!r}).getBoundingClientRect())"
        )
        return x + across * width, y + height / 2

    def move(self, x: float, y: float) -> None:
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def click(self, selector: str, across: float = 0.5) -> None:
        x, y = self.middle(selector, across)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def spoken(self) -> list[tuple[str, str]]:
        """(role, name) of everything in the accessible tree."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [
            (node.get("role", {}).get("value", ""), node.get("name", {}).get("value", ""))
            for node in nodes
            if not node.get("ignored")
        ]

    def complaints(self) -> list[str]:
        """Uncaught exceptions, console errors and log entries so far."""
        self.run("1")
        bad = []
        for event in self.events:
            method, parameters = event["method"], event["params"]
            if method == "Runtime.exceptionThrown" or method == "Log.entryAdded":
                bad.append(json.dumps(parameters))
            elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
                bad.append(json.dumps(parameters))
        return bad

    def requests(self) -> list[str]:
        return [e["params"]["request"]["url"] for e in self.events if e["method"] == "Network.requestWillBeSent"]

    def close(self) -> None:
        self._socket.close()


def wait_for(ready: Any, seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < until, "Chromium did not get there"
        time.sleep(0.02)
