"""Pages of sdmoe in a real browser: what a reader sees, and that nothing is asked of the network."""

import csv
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from browser import Browser
from synthetic_run import write_run

ROOT = pathlib.Path(__file__).resolve().parents[2]
SDMOE = ROOT / ".build" / "release" / "sdmoe"
PICTURES = ROOT / ".build" / "browser"
HOSTILE = "<script>alert(1)</script>\"&"


def sdmoe(*arguments):
    subprocess.run([SDMOE, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


class PageTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        PICTURES.mkdir(parents=True, exist_ok=True)
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        fixture = ROOT / "Fixtures" / "qwen2-moe-tiny"
        cls.run_folder = cls.folder / "run"
        sdmoe("analyze", fixture, "-o", cls.run_folder, "--captures",
              fixture / "captures" / "activations.h5", "--gradients", fixture / "captures" / "gradients.safetensors")
        cls.browser = Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        shutil.rmtree(cls.folder)

    def setUp(self):
        self.browser.media()
        self.browser.resize(1280)

    def open(self, folder=None):
        self.browser.requests()
        self.browser.complaints()
        self.browser.open((folder or self.run_folder) / "index.html")

    def table(self, name, folder=None):
        with open((folder or self.run_folder) / "tables" / f"{name}.csv", newline="") as file:
            return list(csv.DictReader(file))

    def assert_quiet(self):
        """Nothing in the console, and nothing asked for but the page and what it carries."""
        self.assertEqual(self.browser.complaints(), [])
        others = [url for url in self.browser.requests() if not url.startswith("data:")]
        self.assertEqual(len(others), 1, others)
        self.assertTrue(others[0].startswith("file:") and others[0].endswith("/index.html"))

    # Figures

    def test_every_section_shows_figures(self):
        self.open()
        self.assert_quiet()
        for section in ["profiles", "dominant", "similarity", "router", "activation", "gradients", "data", "routing"]:
            panels = self.browser.all(f"#{section} figure")
            self.assertGreaterEqual(len(panels), 2, section)
        for plot in self.browser.all("figure .plot"):
            self.assertGreater(plot.size["height"], 100)
        colours = self.browser.run("""
          return [...document.querySelectorAll('canvas')].map((canvas) => {
            const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            const seen = new Set();
            for (let at = 0; at < data.length; at += 4) seen.add(data[at] * 65536 + data[at + 1] * 256 + data[at + 2]);
            return seen.size;
          });""")
        self.assertGreaterEqual(len(colours), 7)
        self.assertTrue(all(count > 10 for count in colours), colours)

    def test_words_do_not_lie_on_one_another(self):
        for width in [1280, 400]:
            self.browser.resize(width)
            self.open()
            clashes = self.browser.run("""
              const clashes = [];
              for (const svg of document.querySelectorAll('.plot > svg')) {
                const texts = [...svg.querySelectorAll('text')].map((text) => [text.textContent, text.getBoundingClientRect()]);
                texts.forEach(([a, first], at) => texts.slice(at + 1).forEach(([b, second]) => {
                  const wide = Math.min(first.right, second.right) - Math.max(first.left, second.left);
                  const high = Math.min(first.bottom, second.bottom) - Math.max(first.top, second.top);
                  if (wide > 1 && high > 4) clashes.push([svg.closest('figure').dataset.figure, a, b, wide, high]);
                }));
              }
              return clashes;""")
            self.assertEqual(clashes, [], f"at {width} pixels")

    def test_links_lead_to_files(self):
        self.open()
        links = {link.get_attribute("href") for link in self.browser.all("figure a, footer a")}
        self.assertGreater(len(links), 20)
        for link in links:
            self.assertTrue(pathlib.Path(link.removeprefix("file://")).is_file(), link)

    def test_figures_have_words_for_those_who_do_not_see(self):
        self.open()
        labels = [each.get_attribute("aria-label") for each in self.browser.all("canvas, .plot > svg[role=img]")]
        self.assertGreater(len(labels), 15)
        for label in labels:
            self.assertRegex(label, r"\d", label)
        self.assertTrue(any(re.search(r"Mean 0\.\d+, from 0\.\d+ to 0\.\d+, floor 0\.101", label) for label in labels))

    def test_svg_files_are_xml(self):
        files = sorted((self.run_folder / "figures").glob("*.svg"))
        self.assertGreater(len(files), 80)
        subprocess.run(["xmllint", "--noout", *files], check=True)

    # Controls

    def title(self):
        return self.browser.one("#similarity figure h3").text

    def test_controls_choose_layer_and_projection(self):
        self.open()
        self.assertIn("Layer 0 · gate_proj", self.title())
        before = self.browser.one("#similarity canvas").get_attribute("aria-label")
        Select(self.browser.one("#layer")).select_by_value("2")
        self.browser.drawn("2/gate_proj/index")
        self.assertIn("Layer 2 · gate_proj", self.title())
        self.assertNotEqual(self.browser.one("#similarity canvas").get_attribute("aria-label"), before)
        Select(self.browser.one("#projection")).select_by_value("down_proj")
        self.browser.drawn("2/down_proj/index")
        self.assertIn("Layer 2 · down_proj", self.title())
        # No router looks at the output's side.
        self.assertIn("Nothing was measured here", self.browser.one("#router").text)
        self.assertEqual(self.browser.complaints(), [])

    def test_keys_choose_too(self):
        self.open()
        self.browser.one("#layer").send_keys(Keys.ARROW_DOWN)
        self.browser.drawn("1/gate_proj/index")
        self.assertIn("Layer 1", self.title())

    def test_the_overview_leads_to_each_heatmap(self):
        self.open()
        rows = [row for row in self.table("summary") if row["side"] == "hidden"]
        buttons = self.browser.all(".overview button")
        self.assertEqual(len(buttons), len(rows))
        for button, row in zip(buttons, rows):
            self.assertAlmostEqual(float(button.text), float(row["mean"]), delta=0.000_51)
            self.assertIn("floor 0.101", button.get_attribute("aria-label"))
        self.browser.run("arguments[0].scrollIntoView({behavior: 'instant', block: 'center'})", buttons[5])
        buttons[5].click()
        self.browser.drawn("1/down_proj/index")
        self.assertIn("Layer 1 · down_proj", self.title())
        self.assertEqual(buttons[5].get_attribute("aria-pressed"), "true")

    def test_experts_in_the_order_of_groups(self):
        self.open()
        Select(self.browser.one("#order")).select_by_value("groups")
        self.browser.drawn("0/gate_proj/groups")
        rows = [row for row in self.table("groups") if row["layer"] == "0" and row["projection"] == "gate_proj"]
        expected = [row["expert"] for row in sorted(rows, key=lambda row: int(row["order"]))] + ["shared"]
        labels = self.browser.run("""
          return [...document.querySelector('#similarity figure svg').querySelectorAll('text[text-anchor=end]')]
            .map((text) => text.textContent);""")
        self.assertEqual(labels[:len(expected)], expected)

    def test_pairs_and_groups_are_listed(self):
        self.open()
        words = self.browser.one("#similarity").text
        rows = [row for row in self.table("redundant_pairs") if row["layer"] == "0" and row["projection"] == "gate_proj"]
        self.assertIn(f"{rows[0]['expert_a']} and {rows[0]['expert_b']}", words)
        self.assertIn("Groups of alike experts", words)

    # Tooltips

    def shown(self):
        tooltip = self.browser.one("#tooltip")
        return tooltip.text if tooltip.is_displayed() else None

    def value(self, a, b):
        for row in self.table("similarity"):
            if (row["layer"], row["projection"], row["side"], row["expert_a"], row["expert_b"]) == (
                    "0", "gate_proj", "hidden", a, b):
                return float(row["mean_cosine"]), float(row["floor_mean_cosine"])
        raise KeyError((a, b))

    def check_tooltip(self, words):
        found = re.fullmatch(
            r"experts (\w+) and (\w+)\nmean cosine ([\d.]+)\nfloor ([\d.]+), gap ([+-]?[\d.]+)", words)
        self.assertIsNotNone(found, words)
        a, b = sorted(found.groups()[:2], key=lambda name: (not name.isdigit(), name.isdigit() and int(name)))
        value, floor = self.value(a, b)
        self.assertAlmostEqual(float(found[3]), value, delta=0.000_51)
        self.assertAlmostEqual(float(found[4]), floor, delta=0.000_51)
        self.assertAlmostEqual(float(found[5]), value - floor, delta=0.001_1)

    def test_a_tooltip_tells_the_pair_the_value_the_floor_and_the_gap(self):
        self.open()
        canvas = self.browser.one("#similarity canvas")
        self.browser.run("arguments[0].scrollIntoView({behavior: 'instant', block: 'center'})", canvas)
        size = canvas.size["width"]
        for x, y in [(0.3, -0.2), (-0.44, 0.1), (0.46, -0.4)]:
            ActionChains(self.browser.driver).move_to_element_with_offset(canvas, int(x * size), int(y * size)).perform()
            self.check_tooltip(self.shown())
        ActionChains(self.browser.driver).move_to_element(self.browser.one("#similarity h2")).perform()
        self.assertIsNone(self.shown())

    def test_arrow_keys_move_the_tooltip(self):
        self.open()
        canvas = self.browser.one("#similarity canvas")
        canvas.send_keys(Keys.ARROW_RIGHT)
        first = self.shown()
        self.check_tooltip(first)
        canvas.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
        self.check_tooltip(self.shown())
        self.assertNotEqual(self.shown(), first)
        canvas.send_keys(Keys.ESCAPE)
        self.assertIsNone(self.shown())

    # Looks

    def luminance(self):
        colour = self.browser.run("return getComputedStyle(document.body).backgroundColor")
        return sum(map(int, re.findall(r"\d+", colour)[:3])) / 3

    def test_the_dark_scheme_applies(self):
        self.open()
        self.browser.picture(PICTURES / "page-1280.png")
        self.assertGreater(self.luminance(), 240)
        self.browser.media("dark")
        self.open()
        self.assertLess(self.luminance(), 60)
        text = self.browser.run("return getComputedStyle(document.querySelector('.plot text')).fill")
        self.assertGreater(sum(map(int, re.findall(r"\d+", text)[:3])) / 3, 150)
        self.browser.picture(PICTURES / "page-1280-dark.png")

    def test_narrow_screens_scroll_in_one_direction(self):
        self.browser.resize(400)
        self.open()
        self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth"), 400)
        for canvas in self.browser.all("canvas"):
            self.assertLessEqual(canvas.rect["x"] + canvas.rect["width"], 400)
        self.browser.picture(PICTURES / "page-400.png")

    def test_paper_has_no_controls(self):
        self.open()
        self.browser.media(medium="print")
        self.assertFalse(self.browser.one(".controls").is_displayed())
        self.assertTrue(self.browser.one("#similarity canvas").is_displayed())

    # Other pages

    def test_hostile_names_are_text(self):
        run = self.folder / "hostile"
        shutil.copytree(self.run_folder, run)
        manifest = json.loads((run / "manifest.json").read_text())
        manifest["checkpoint"]["model_type"] = HOSTILE
        (run / "manifest.json").write_text(json.dumps(manifest))
        sdmoe("report", run)
        self.open(run)
        self.assertEqual(self.browser.one("h1").text, HOSTILE)
        self.assertEqual(self.browser.driver.title, f"{HOSTILE}: spectra of experts")
        self.assert_quiet()

    def test_a_comparison_shows_both_and_the_difference(self):
        factored, other, out = (self.folder / name for name in ["factored", "other", "comparison"])
        sdmoe("convert", ROOT / "Fixtures" / "qwen2-moe-tiny", "-o", factored, "-q")
        sdmoe("analyze", factored, "-o", other)
        sdmoe("compare", self.run_folder, other, "-o", out)
        self.open(out)
        self.assert_quiet()
        self.assertEqual(len(self.browser.all("#maps canvas")), 3)
        self.assertIn("the excess over chance fell in 9", self.browser.one("#verdicts").text)
        self.assertEqual(len(self.browser.all("table.numbers tbody tr")), 25)
        subprocess.run(["xmllint", "--noout", *(out / "figures").glob("*.svg")], check=True)
        self.browser.picture(PICTURES / "comparison-1280.png")
        self.browser.resize(400)
        self.open(out)
        self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth"), 400)
        self.browser.picture(PICTURES / "comparison-400.png")

    def test_many_experts_and_layers(self):
        for layers, experts in [(1, 896), (12, 128)]:
            run = self.folder / f"{layers}x{experts}"
            write_run(layers, experts, run)
            sdmoe("report", run)
            self.assertLess((run / "index.html").stat().st_size, 40e6)
            self.open(run)
            self.assert_quiet()
            print(f"{layers} layers of {experts} experts: first figure after {self.browser.first_figure():.2f} s")
            canvas = self.browser.one("#similarity canvas")
            canvas.send_keys(Keys.ARROW_RIGHT)
            self.assertRegex(self.shown(), r"^experts 0 and 1\nmean cosine 0\.\d+\nfloor 0\.0717, gap")
            Select(self.browser.one("#order")).select_by_value("groups")
            self.browser.drawn("0/gate_proj/groups")
            self.browser.picture(PICTURES / f"page-{experts}-experts.png")
            subprocess.run(["xmllint", "--huge", "--noout", *(run / "figures").glob("*.svg")], check=True)


if __name__ == "__main__":
    unittest.main()
