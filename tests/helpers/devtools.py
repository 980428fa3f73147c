"""Drive a headless chromium by its DevTools protocol."""
import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request

import websocket

MODIFIERS = {"Control": 2}
KEYS = {"Enter": 13, "Escape": 27, "ArrowUp": 38, "ArrowDown": 40,
        "ArrowLeft": 37, "ArrowRight": 39, "Tab": 9}


class Browser:
    """A page of a browser of its own, which ends with it."""

    def __init__(self, program, patience=60):
        self.patience = patience
        self.home = tempfile.mkdtemp(prefix="skel-chromium-")
        self.dialogs, self.messages, self.requests = [], [], []
        self.last = 0
        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu",
             "--disable-extensions", "--disable-background-networking",
             "--hide-scrollbars", "--user-data-dir=" + self.home,
             "--remote-debugging-port=0", "--window-size=1240,900",
             "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            self.socket = self.connect()
        except BaseException:
            self.close()
            raise
        for domain in "Page", "Runtime", "Log", "Network":
            self.call(domain + ".enable")

    def wait_for(self, what, get):
        end = time.monotonic() + self.patience
        while (got := get()) is None or got is False:
            if time.monotonic() > end:
                raise TimeoutError("chromium: no " + what)
            time.sleep(0.05)
        return got

    def read_port(self):
        try:
            with open(os.path.join(self.home, "DevToolsActivePort")) as f:
                lines = f.read().split()
        except FileNotFoundError:
            return None
        return lines[0] if len(lines) == 2 else None

    def connect(self):
        port = self.wait_for("port", self.read_port)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as r:
            page = next(p for p in json.load(r) if p["type"] == "page")
        return websocket.create_connection(
            page["webSocketDebuggerUrl"], suppress_origin=True,
            timeout=self.patience)

    def note(self, event):
        method, params = event["method"], event["params"]
        if method == "Page.javascriptDialogOpening":
            self.dialogs.append(params["message"])
        elif method == "Runtime.exceptionThrown":
            self.messages.append(str(params["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled":
            self.messages.append(str(params["args"]))
        elif method == "Log.entryAdded":
            self.messages.append(params["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])

    def call(self, method, **params):
        self.last += 1
        self.socket.send(json.dumps(
            {"id": self.last, "method": method, "params": params}))
        while True:
            answer = json.loads(self.socket.recv())
            if "method" in answer:
                self.note(answer)
            elif answer["id"] == self.last:
                break
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def run(self, script, wait=False):
        """The value of a JavaScript expression in the page, or of its promise."""
        got = self.call("Runtime.evaluate", expression=script,
                        returnByValue=True, awaitPromise=wait)
        if "exceptionDetails" in got:
            raise RuntimeError(str(got["exceptionDetails"]))
        return got["result"].get("value")

    def open(self, path):
        self.dialogs, self.messages, self.requests = [], [], []
        self.call("Page.navigate", url="file://" + os.path.abspath(path))
        self.wait_for("page", lambda: self.run(
            "document.readyState === 'complete' && "
            "location.protocol === 'file:'"))

    def click(self, x, y):
        for kind in "mouseMoved", "mousePressed", "mouseReleased":
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y,
                      button="none" if kind == "mouseMoved" else "left",
                      clickCount=0 if kind == "mouseMoved" else 1)

    def hover(self, x, y):
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def press(self, key, modifier=None):
        event = {"key": key, "modifiers": MODIFIERS.get(modifier, 0),
                 "windowsVirtualKeyCode": KEYS.get(key, ord(key[0].upper()))}
        self.call("Input.dispatchKeyEvent", type="rawKeyDown", **event)
        self.call("Input.dispatchKeyEvent", type="keyUp", **event)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def screenshot(self, path, **clip):
        more = {"clip": {"scale": 1, **clip},
                "captureBeyondViewport": True} if clip else {}
        data = self.call("Page.captureScreenshot", format="png", **more)["data"]
        with open(path, "wb") as f:
            f.write(base64.b64decode(data))

    def close(self):
        if hasattr(self, "socket"):
            try:
                self.call("Browser.close")
            except Exception:
                pass
            self.socket.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)
            self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)
