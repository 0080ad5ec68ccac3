"""Pages of sdmoe in a real browser: what a reader sees, and that nothing is asked of the network."""

import csv
import hashlib
import json
import os
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
from printed import printed_pages
from synthetic_run import write_run

ROOT = pathlib.Path(__file__).resolve().parents[2]
SDMOE = pathlib.Path(os.environ.get("SDMOE", ROOT / ".build" / "release" / "sdmoe"))
PICTURES = ROOT / ".build" / "browser"
HOSTILE = "<script>alert(1)</script>\"&"


def plan(manifest):
    """The digest of a manifest, but for the content and name of the input and the state of units."""
    manifest = json.loads(json.dumps(manifest))
    manifest["checkpoint"]["fingerprint"] = ""
    manifest["checkpoint"].pop("name", None)
    for name in ("captures", "gradients", "seal"):
        manifest.pop(name, None)
    for unit in manifest["units"]:
        unit["state"] = "open"
    text = json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False,
                      separators=(",", " : "))
    return hashlib.sha256((text + "\n").encode()).hexdigest()


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

    def open(self, folder=None, choice=""):
        self.browser.requests()
        self.browser.complaints()
        self.browser.open((folder or self.run_folder) / "index.html", choice)

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

    # Addresses

    def sections(self):
        """The titles of the page's sections."""
        return self.browser.run(
            "return [...document.querySelectorAll('main h2')].map((title) => title.firstChild.textContent.trim())")

    def test_an_address_chooses_and_choosing_writes_it(self):
        self.open(choice="#layer=2&projection=up_proj&order=groups")
        self.browser.drawn("2/up_proj/groups")
        shown = [self.browser.one(f"#{name}").get_attribute("value") for name in ["layer", "projection", "order"]]
        self.assertEqual(shown, ["2", "up_proj", "groups"])
        self.assertIn("Layer 2 · up_proj", self.title())
        Select(self.browser.one("#layer")).select_by_value("1")
        self.browser.drawn("1/up_proj/groups")
        self.assertEqual(self.browser.run("return location.hash"), "#layer=1&projection=up_proj&order=groups")
        Select(self.browser.one("#order")).select_by_value("index")
        self.browser.drawn("1/up_proj/index")
        self.assertEqual(self.browser.run("return location.hash"), "#layer=1&projection=up_proj")
        for choice, shown in [("#layer=2", "2/gate_proj/index"), ("#layer=99&projection=nothing", "0/gate_proj/index"),
                              ("#projection=down_proj&layer=1e0", "0/down_proj/index"), ("#layer=%", "0/gate_proj/index")]:
            self.browser.run("location.hash = arguments[0]", choice)
            self.browser.drawn(shown)
        self.assert_quiet()

    def test_the_contents_lead_to_each_section_and_leave_the_choice(self):
        self.open(choice="#layer=1&projection=up_proj")
        self.browser.run("document.documentElement.style.scrollBehavior = 'auto'")
        links = self.browser.all(".contents a")
        self.assertEqual([link.text for link in links], self.sections())
        for link in links:
            link.click()
            place = self.browser.run(
                "return document.querySelector(arguments[0]).getBoundingClientRect().top", "#" + link.get_attribute("href").split("#")[1])
            end = self.browser.run("return document.documentElement.scrollHeight - innerHeight - scrollY")
            self.assertTrue(0 <= place <= 80 or end < 2, (link.text, place))
            self.browser.run("scrollTo(0, 0)")
        self.assertEqual(self.browser.run("return document.documentElement.dataset.drawn"), "1/up_proj/index")

    # Words

    def test_the_name_stands_first_and_conclusions_have_their_numbers(self):
        self.open()
        self.assertEqual(self.browser.one("h1").text, "qwen2-moe-tiny qwen2_moe")
        found = self.browser.one(".findings div").text
        self.assertIn("Experts moderately share their leading directions, 3.0 times chance, in 9 of 9 layers and projections", found)
        self.assertIn("0.303 similarity", found)

    def test_a_term_is_explained_on_a_click_and_by_keyboard(self):
        self.open()
        explanation = self.browser.one("#explanation")
        for width in [1280, 400]:
            self.browser.resize(width)
            for link in self.browser.all("a.term"):
                self.assertFalse(explanation.is_displayed())
                self.browser.run("arguments[0].scrollIntoView({behavior: 'instant', block: 'center'})", link)
                self.browser.wait("return !document.querySelector('#explanation').matches(':popover-open')")
                link.send_keys(Keys.ENTER)
                meaning = self.browser.run("return document.getElementById(arguments[0]).textContent",
                                           link.get_attribute("href").split("#")[1])
                self.assertEqual(explanation.get_attribute("textContent"), meaning)
                box = explanation.rect
                self.assertTrue(0 <= box["x"] and box["x"] + box["width"] <= width, box)
                link.send_keys(Keys.ESCAPE)
        link = self.browser.one("a.term")
        self.browser.run("arguments[0].scrollIntoView({behavior: 'instant', block: 'center'})", link)
        link.click()
        self.assertTrue(explanation.is_displayed())
        self.browser.one("h1").click()
        self.assertFalse(explanation.is_displayed())
        self.assert_quiet()

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

    def test_no_column_is_half_empty(self):
        one, two = self.folder / "one", self.folder / "two"
        sdmoe("analyze", ROOT / "Fixtures" / "qwen2-moe-tiny", "-o", one, "--analyses", "similarity", "--layers", "1")
        sdmoe("analyze", ROOT / "Fixtures" / "qwen2-moe-tiny", "-o", two, "--analyses", "bands", "--layers", "1")
        for run in [self.run_folder, one, two]:
            self.open(run)
            # In each column something stands beside the last of the other.
            torn = self.browser.run("""
              return [...document.querySelectorAll('.panels, .findings')].filter((panels) => {
                const whole = panels.getBoundingClientRect();
                const boxes = [...panels.children].map((child) => child.getBoundingClientRect());
                const [left, right] = [0.25, 0.75].map((share) => boxes.filter((box) =>
                  box.left <= whole.left + share * whole.width && box.right >= whole.left + share * whole.width).at(-1));
                return !left || !right || left.top >= right.bottom || right.top >= left.bottom;
              }).map((panels) => panels.parentElement.id);""")
            self.assertEqual(torn, [])
        # A heatmap alone has its words beside it.
        plot, words = self.browser.one("#similarity .plot").rect, self.browser.one("#similarity figcaption").rect
        self.assertGreater(words["x"], plot["x"] + plot["width"])
        self.browser.picture(PICTURES / "page-one-analysis.png")

    # Paper

    def test_paper_has_no_controls(self):
        self.open()
        self.browser.media(medium="print")
        self.assertFalse(self.browser.one(".controls").is_displayed())
        self.assertTrue(self.browser.one("#similarity canvas").is_displayed())

    def heatmaps(self):
        """The rows and columns of all heatmaps of the chosen layer, in the order of the page."""
        return self.browser.run("""
          const chosen = [...document.querySelectorAll('script.unit')].filter((block) => block.dataset.layer === select('layer')
            && (block.dataset.projection ?? select('projection')) === select('projection')).map((block) => JSON.parse(block.textContent));
          function select(id) { return document.getElementById(id).value; }
          return [...document.querySelectorAll('section[data-section]')].flatMap((section) =>
            chosen.flatMap((unit) => (unit.sections[section.dataset.section] ?? []).filter((panel) => panel.heatmap)
              .map(({ heatmap }) => [heatmap.rows, heatmap.columns ?? heatmap.rows])));""")

    def check_labels(self, page, picture, rows, columns):
        """Each label of a heatmap stands beside its own row, or under its own column."""
        left, bottom, right, top = picture
        high, wide = (top - bottom) / len(rows), (right - left) / len(columns)
        beside = [((top - (box[1] + box[3]) / 2) / high - 0.5, rows.index(word))
                  for word, box in page.words_in(left - 45, bottom, left, top) if word in rows]
        under = [(((box[0] + box[2]) / 2 - left) / wide - 0.5, columns.index(word))
                 for word, box in page.words_in(left, bottom - 30, right, bottom) if word in columns]
        self.assertGreater(len(beside), len(rows) / 3)
        self.assertGreater(len(under), len(columns) / 3)
        for place, expected in beside + under:
            # Shared experts stand apart, a fifth of a cell.
            self.assertAlmostEqual(place, expected, delta=0.3)

    def test_printed_labels_stand_at_their_cells_and_each_section_begins_a_page(self):
        # The dark scheme and a phone's width must not reach the paper.
        for name, paper, width, scheme in [("A4", (8.27, 11.69), 1280, "light"), ("Letter", (8.5, 11), 400, "dark")]:
            self.browser.resize(width)
            self.browser.media(scheme)
            self.open()
            titles = self.sections()
            self.browser.print(PICTURES / f"page-{name}.pdf", *paper)
            pages = printed_pages(PICTURES / f"page-{name}.pdf")
            self.assertTrue(any("qwen2-moe-tiny" in line for line in pages[0].text[:3]), pages[0].text[:3])
            self.assertIn("Contents", pages[0].text)
            # Each section begins on a page of its own; one with many charts may need a second.
            begun = [title for page in pages[1:] for title in titles if any(line.startswith(title) for line in page.text[:2])]
            self.assertEqual(begun, titles)
            self.assertLessEqual(len(pages), 2 + len(titles))
            self.assertTrue(all(page.text for page in pages))
            pictures = [(page, picture) for page in pages for picture in page.pictures]
            heatmaps = self.heatmaps()
            self.assertEqual(len(pictures), len(heatmaps))
            self.assertGreater(len(heatmaps), 6)
            for (page, picture), (rows, columns) in zip(pictures, heatmaps):
                self.check_labels(page, picture, rows, columns)
            # The page is as it was before.
            self.assertEqual(self.browser.run("return document.documentElement.dataset.printing ?? null"), None)
            canvas = self.browser.one("#similarity canvas").rect
            self.assertLessEqual(canvas["x"] + canvas["width"], width)

    # Other pages

    def test_hostile_names_are_text(self):
        run = self.folder / "hostile"
        shutil.copytree(self.run_folder, run)
        manifest = json.loads((run / "manifest.json").read_text())
        former = plan(manifest)
        manifest["checkpoint"]["model_type"] = HOSTILE
        manifest["checkpoint"]["name"] = HOSTILE
        # As of a build that sealed nothing.
        del manifest["seal"]
        (run / "manifest.json").write_text(json.dumps(manifest))
        # Units belong to a plan, which is told by the manifest.
        for contents in run.glob("units/*/contents.txt"):
            text = contents.read_text()
            self.assertTrue(text.startswith(f"plan {former}\n"), text)
            contents.write_text(text.replace(former, plan(manifest), 1))
        sdmoe("report", run)
        self.open(run)
        self.assertEqual(self.browser.one("h1").text, f"{HOSTILE} {HOSTILE}")
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
        for conclusion in self.browser.all("#verdicts .conclusion"):
            self.assertRegex(conclusion.text, r"[^.]\.$")
        subprocess.run(["xmllint", "--noout", *(out / "figures").glob("*.svg")], check=True)
        self.browser.picture(PICTURES / "comparison-1280.png")
        self.browser.resize(400)
        self.open(out)
        self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth"), 400)
        self.browser.picture(PICTURES / "comparison-400.png")

    def test_a_deep_model_fits_its_pages(self):
        run = self.folder / "deep"
        write_run(30, 16, run)
        sdmoe("report", run)
        self.open(run)
        self.browser.print(PICTURES / "page-30-layers.pdf", 8.27, 11.69)
        pages = printed_pages(PICTURES / "page-30-layers.pdf")
        self.assertEqual(len(pages), 1 + len(self.sections()))
        for page, title in zip(pages[1:], self.sections()):
            self.assertTrue(any(line.startswith(title) for line in page.text[:2]), (title, page.text[:2]))

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
