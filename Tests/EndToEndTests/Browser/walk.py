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

    def seen(self):
        """What the newest page shows."""
        pages = [page for context in self.browser.contexts for page in context.pages]
        return f"{pages[-1].url} shows {pages[-1].locator('main').inner_text()[:300]!r}" if pages else "no page is open"

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


def readers_without_scripts(walk):
    """All that a page says is there before any script runs."""
    page = walk.context(java_script_enabled=False)
    for name, path in walk.plan["pages"].items():
        walk.at = f"{name} without scripts"
        walk.open(page, path)
        if page.locator("main h1").count() != 1:
            walk.say("it has no heading of its own")
        if len(page.locator("main").inner_text()) < 20:
            walk.say("it says next to nothing")
    page.context.close()


def pictures(walk):
    """What the READMEs show, made of these very pages; docs/pictures has copies."""
    page = walk.context(device_scale_factor=1)
    page.set_viewport_size({"width": 1000, "height": 620})
    for name in ("overview", "flow", "calendar"):
        walk.at = f"{name}, as a picture"
        walk.open(page, walk.plan["pages"][name])
        page.screenshot(path=walk.folder / f"readme-{name}.png")
    page.context.close()


def acting(walk):
    """A job is run by its button, its output comes, its end shows, and other pages tell of it, without being loaded."""
    watching = walk.context()
    walk.at = "events, live"
    walk.open(watching, "/events")
    watching.evaluate("window.isTheSame = true")
    watching.locator("input[name=job]").fill("half typ")
    watching.get_by_text("Live.").wait_for()

    page = walk.context()
    walk.at = "job, by its button"
    walk.open(page, "/jobs/talker")
    page.get_by_role("button", name="Run now").click()
    page.wait_for_url("**/runs/*")
    walk.at = "run, live"
    page.evaluate("window.isTheSame = true")
    page.locator("pre.output .green", has_text="line 2").wait_for()
    # It may still be called scheduled: that it runs comes by another way than its output.
    if page.locator("h1 + .badge").inner_text() not in ("scheduled", "running"):
        walk.say("its output came only after its end")
    page.locator(".badge", has_text="succeeded").wait_for()
    page.locator("pre.output .green", has_text="line 12").wait_for()
    finding(walk, page)
    if "<i>not markup</i>" not in page.locator("pre.output").inner_text():
        walk.say("its output is not shown as it was written")
    if not page.evaluate("window.isTheSame === true"):
        walk.say("it was loaded anew")

    walk.at = "events, live"
    watching.locator("td", has_text="talker").first.wait_for()
    held = watching.evaluate("[window.isTheSame === true, document.activeElement.name, document.activeElement.value]")
    if held != [True, "job", "half typ"]:
        walk.say(f"it took the reader's place in it away: {held}")
    watching.context.close()

    walk.at = "a job is silenced"
    walk.open(page, "/jobs/flaky")
    page.get_by_role("link", name="Tell nobody of it for a while").click()
    page.wait_for_url("**/alerts?pattern=flaky")
    if page.locator("input[name=pattern]").input_value() != "flaky":
        walk.say("its name is not in the form")
    page.locator("input[name=because]").fill("new paper is on its way")
    page.get_by_role("button", name="Silence", exact=True).click()
    page.locator(".notice", has_text="Silenced").wait_for()
    page.get_by_role("button", name="Acknowledge").first.click()
    page.locator(".notice", has_text="Acknowledged").wait_for()
    page.locator("td code", has_text="flaky").wait_for()
    page.screenshot(path=walk.folder / "alerts-silenced.png", full_page=True)
    page.get_by_role("button", name="End it").click()
    page.locator("p.empty", has_text="Nothing is silenced.").wait_for()

    walk.at = "a backfill"
    walk.open(page, walk.plan["pages"]["backfills-shown"])
    page.get_by_role("button", name="Begin", exact=True).click()
    page.locator(".notice", has_text="as you wanted it").wait_for()
    page.screenshot(path=walk.folder / "backfills-begun.png", full_page=True)

    walk.at = "run, cancelled by its button"
    walk.open(page, walk.plan["running"])
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.locator("h1 + .badge", has_text="cancelled").wait_for()
    page.context.close()


def finding(walk, page):
    """Words are found in the output, one after the other, also where they go on from one piece to the next."""
    before, walk.at = walk.at, "output, searched"
    page.keyboard.press("/")
    page.keyboard.type("LINE 1")
    told = page.locator("[data-found]")
    told.filter(has_text="1 / 4").wait_for()
    page.keyboard.press("Enter")
    told.filter(has_text="2 / 4").wait_for()
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    told.filter(has_text="4 / 4").wait_for()
    shown = page.evaluate("[...CSS.highlights.get('shown')].map(String)")
    if shown != ["line 1"]:
        walk.say(f"{shown} is marked")
    page.locator("section", has=page.locator("pre.output")).screenshot(path=walk.folder / "run-find.png")
    page.keyboard.type("x")
    told.filter(has_text="not found").wait_for()
    page.keyboard.press("Escape")
    walk.at = before


def zooming(walk):
    page = walk.context()
    walk.at = "a flow, larger and smaller"
    walk.open(page, walk.plan["pages"]["flow"])
    svg = page.locator(".drawing svg")

    def width():
        return svg.evaluate("svg => svg.getBoundingClientRect().width")

    whole = width()
    page.keyboard.press("+")
    if not width() > whole * 1.2:
        walk.say(f"+ makes {width()} px of {whole} px")
    page.screenshot(path=walk.folder / "flow-larger.png")
    page.get_by_role("button", name="Smaller").click()
    page.get_by_role("button", name="Smaller").click()
    if not width() < whole:
        walk.say(f"- makes {width()} px of {whole} px")
    page.keyboard.press("1")
    if width() != whole:
        walk.say(f"1 makes {width()} px of {whole} px")
    page.set_viewport_size({"width": 390, "height": 900})
    page.get_by_role("link", name="Fit").click()
    if width() > 390:
        walk.say(f"it does not fit: {width()} px")
    page.screenshot(path=walk.folder / "flow-fit-390.png", full_page=True)
    svg.locator("a").first.click()
    page.wait_for_url("**/runs/*")
    page.context.close()


def keyboard(walk):
    page = walk.context()
    walk.at = "the keyboard"
    walk.open(page, "/")
    page.keyboard.press("g")
    page.keyboard.press("j")
    page.wait_for_url("**/jobs")
    page.keyboard.press("/")
    page.keyboard.type("flak?")
    if page.locator("input[name=name]").input_value() != "flak?":
        walk.say("/ does not search, or keys do more than to write there")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.locator("dialog[open]").wait_for()
    walk.check_access(page)
    page.keyboard.press("Escape")
    if page.locator("dialog[open]").count():
        walk.say("the list of keys does not close")
    walk.at = "the languages"
    page.get_by_role("link", name="简体中文").click()
    page.locator("html[lang=zh-CN] h1", has_text="作业").wait_for()
    page.get_by_role("link", name="English").click()
    page.locator("html[lang=en] h1", has_text="Jobs").wait_for()
    page.context.close()


def signing_in(walk):
    """Somebody signs in, is known to another node as well, and signs out everywhere."""
    page = walk.context()
    walk.at = "signing in"
    walk.open(page, "/jobs")
    page.wait_for_url("**/sign-in?then=*")
    walk.look(page, "sign-in")
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill("wrong horse")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").get_by_text("the name or the password is wrong").wait_for()
    if page.get_by_label("Name").input_value() != "ann" or page.get_by_label("Password").input_value():
        walk.say("after a wrong password the name is gone, or the password is still there")
    # The browser itself tells of the refusal.
    walk.found = [line for line in walk.found if "status of 403" not in line]
    page.get_by_label("Password").fill(walk.plan["password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/jobs")
    page.locator("footer", has_text="signed in as ann").wait_for()
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    if not cookies.get("onebeat", {}).get("httpOnly") or cookies["onebeat"]["sameSite"] != "Lax":
        walk.say(f"its cookies are {cookies}")

    walk.at = "the session at another node"
    page.goto(walk.plan["other"] + "/jobs")
    page.locator("footer", has_text="signed in as ann").wait_for()
    page.goto(walk.plan["other"] + "/sign-in")
    page.screenshot(path=walk.folder / "signed-in.png", full_page=True)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")

    walk.at = "signed out"
    for place in ("base", "other"):
        page.goto(walk.plan[place] + "/jobs")
        page.wait_for_url("**/sign-in?then=*")
    page.context.close()


ALL = (pages, readers_without_scripts, pictures, acting, zooming, keyboard)


def main():
    plan = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=plan["chromium"], args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        walk = Walk(plan, browser)
        for step in [signing_in] if "password" in plan else ALL:
            try:
                step(walk)
            except Exception as problem:  # What it waited for did not come: say where, with all else that was found.
                walk.say(f"{step.__name__} stops: {str(problem).splitlines()[0]}; {walk.seen()}")
        browser.close()
    print("\n".join(walk.found))
    return 1 if walk.found else 0


if __name__ == "__main__":
    sys.exit(main())
