"""A headless Chromium that looks at pages as a reader would.

    browser.py PAGE [WIDTH [PICTURE [SECTION]]]

opens a page, says after how many seconds its first figure was drawn, and takes a picture of it, or
of what a window shows from a section on.
"""

import base64
import json
import pathlib
import sys
import time

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By


class Browser:
    """One browser with one page at a time."""

    def __init__(self):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                         "--force-color-profile=srgb"]:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.driver.set_page_load_timeout(120)
        self.resize(1280)

    def close(self):
        self.driver.quit()

    def resize(self, width, height=900):
        """Gives the page a size, which may be smaller than a window can be."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def media(self, scheme="light", medium=""):
        """Chooses the colour scheme and the medium, screen or print."""
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "media": medium, "features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def open(self, path, choice=""):
        """Opens a file, and waits until all figures of the chosen layer are drawn."""
        if choice:  # Only from elsewhere does it load the page.
            self.driver.get("about:blank")
        self.driver.get(pathlib.Path(path).resolve().as_uri() + choice)
        self.wait("return document.documentElement.dataset.drawn !== undefined")

    def wait(self, script, seconds=60):
        """Waits until a script returns something true, and returns it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.driver.execute_script(script)
            if found:
                return found
            time.sleep(0.05)
        raise TimeoutError(script)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def drawn(self, state):
        """Waits until the figures of a layer, projection and order are drawn."""
        self.wait(f"return document.documentElement.dataset.drawn === {json.dumps(state)}")

    def first_figure(self):
        """After how many seconds the first figure was there, counted from the beginning."""
        return self.run("return performance.getEntriesByName('first-figure')[0].startTime") / 1000

    def requests(self):
        """The addresses that were asked for since the last call."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [event["params"]["request"]["url"] for event in events
                if event["method"] == "Network.requestWillBeSent"]

    def complaints(self):
        """What stands in the console since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def picture(self, path, section=None):
        """Takes a picture of the whole page, or of what a window shows from a section on."""
        if section:
            self.run("document.getElementById(arguments[0]).scrollIntoView({behavior: 'instant'})", section)
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {
            "captureBeyondViewport": section is None, "format": "png"})
        pathlib.Path(path).write_bytes(base64.b64decode(shot["data"]))

    def print(self, path, width, height):
        """Prints the page to a PDF of that paper, in inches."""
        sheet = self.driver.execute_cdp_cmd("Page.printToPDF", {"paperWidth": width, "paperHeight": height})
        pathlib.Path(path).write_bytes(base64.b64decode(sheet["data"]))


if __name__ == "__main__":
    browser = Browser()
    try:
        browser.resize(int(sys.argv[2]) if len(sys.argv) > 2 else 1280)
        browser.open(sys.argv[1])
        print(f"first figure after {browser.first_figure():.2f} s, "
              f"{pathlib.Path(sys.argv[1]).stat().st_size / 1e6:.1f} MB")
        if len(sys.argv) > 3:
            browser.picture(*sys.argv[3:5])
    finally:
        browser.close()
