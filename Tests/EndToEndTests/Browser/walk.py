"""Walks pages in a real browser: walk.py PLAN, a file of JSON.

Prints a line for each thing that a reader would stumble over, and nothing when there is none. Pictures of the pages go
into the plan's folder.
"""

import json
import sys
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import sync_playwright

WIDTHS = (1400, 390)
THEMES = ("light", "dark")
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": [
    "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}}


class Walk:
    def __init__(self, plan, browser):
        self.plan = plan
        self.folder = Path(plan["folder"])
        self.folder.mkdir(parents=True, exist_ok=True)
        self.found = []
        self.at = ""
        self.browser = browser

    def say(self, problem):
        self.found.append(f"{self.at}: {problem}")

    def context(self, language="en-US", **options):
        context = self.browser.new_context(
            locale=language, timezone_id="Asia/Shanghai", viewport={"width": WIDTHS[0], "height": 900}, **options)
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.on("console", lambda line: line.type in ("error", "warning") and self.say(f"the console says {line.text}"))
        page.on("pageerror", lambda error: self.say(f"a script fails: {error}"))
        page.on("requestfailed", lambda request: self.lost(request))
        return page

    def lost(self, request):
        # What a page asks for in the background ends with it.
        if request.failure != "net::ERR_ABORTED":
            self.say(f"{request.url} is not had: {request.failure}")

    def open(self, page, path):
        # A stream of events never ends, so the network is never idle.
        answer = page.goto(self.plan["base"] + path, wait_until="load")
        if answer is None or answer.status != 200:
            self.say(f"answers {answer and answer.status}")

    def look(self, page, name, shows=True):
        """All that must hold of a page in both themes and on both screens."""
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            for theme in THEMES:
                page.emulate_media(color_scheme=theme)
                self.at = f"{name} ({theme}, {width} px)"
                wide, seen = page.evaluate(
                    "[document.scrollingElement.scrollWidth, document.scrollingElement.clientWidth]")
                if wide > seen:
                    self.say(f"it scrolls sideways: {wide} px on {seen} px: {self.widest(page)}")
                if shows or (width, theme) == (WIDTHS[0], "light"):
                    page.screenshot(path=self.folder / f"{name}-{theme}-{width}.png", full_page=True)
                if (theme == "light") == (width == WIDTHS[0]):
                    self.check_access(page)

    def widest(self, page):
        return page.evaluate(
            """() => [...document.querySelectorAll("body *")].filter(e =>
                e.getBoundingClientRect().right > document.scrollingElement.clientWidth + 1)
                .slice(0, 3).map(e => e.outerHTML.slice(0, 160)).join(" | ")""")

    def check_access(self, page):
        page.evaluate(AXE)
        answer = page.evaluate("rules => axe.run(document, rules)", RULES)
        for violation in answer["violations"]:
            where = "; ".join(node["html"][:160] for node in violation["nodes"][:3])
            self.say(f"axe says {violation['id']}: {violation['help']}: {where}")


def pages(walk):
    for language, suffix in (("en-US", ""), ("zh-CN", "-zh")):
        page = walk.context(language)
        for name, path in walk.plan["pages"].items():
            walk.at = name + suffix
            walk.open(page, path)
            walk.look(page, name + suffix, shows=suffix == "")
        page.context.close()


def main():
    plan = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=plan["chromium"], args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        walk = Walk(plan, browser)
        for step in (pages,):
            step(walk)
        browser.close()
    print("\n".join(walk.found))
    return 1 if walk.found else 0


if __name__ == "__main__":
    sys.exit(main())
