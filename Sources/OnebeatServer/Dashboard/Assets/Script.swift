/// What pages do beyond being read. Everything it makes is text nodes and classes of ours: it never writes markup that it
/// was sent, but for pages of this server, which are escaped there.
enum Script {
    static let text = #"""
        "use strict";
        (() => {
          // Moments in the reader's own zone, and which that is.
          const pad = (n) => String(n).padStart(2, "0");
          const day = (d) => d.getFullYear() + "-" + pad(d.getMonth() + 1) + "-" + pad(d.getDate());
          const offset = (d) => {
            const m = -d.getTimezoneOffset(), a = Math.abs(m);
            return m === 0 ? "UTC" : (m < 0 ? "-" : "+") + pad(Math.floor(a / 60)) + ":" + pad(a % 60);
          };
          const clock = (d) => pad(d.getHours()) + ":" + pad(d.getMinutes()) + ":" + pad(d.getSeconds()) + " " + offset(d);
          const whole = (d) => day(d) + " " + clock(d);
          const localise = (root) => {
            const today = day(new Date());
            for (const element of root.querySelectorAll("time[datetime]")) {
              const moment = new Date(element.dateTime);
              if (isNaN(moment)) continue;
              element.title = whole(moment) + " = " + element.dateTime;
              if ("clock" in element.dataset) element.textContent = day(moment) === today ? clock(moment) : whole(moment);
            }
            const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
            if (zone) for (const element of root.querySelectorAll("[data-zone]")) element.textContent = zone;
          };

          // The page as things are: its parts are asked for again, and put in where the reader does not hold them.
          const main = document.querySelector("main");
          const sent = new WeakMap();
          const remember = () => { for (const part of main.children) if (!sent.has(part)) sent.set(part, part.outerHTML); };
          const isHeld = (part) => {
            if (part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea, button, summary")) return true;
            if (part.querySelector("dialog[open], details[open]")) return true;
            const selection = document.getSelection();
            return selection !== null && !selection.isCollapsed && selection.containsNode(part, true);
          };
          const replace = (fresh) => {
            const old = [...main.children], next = [...fresh.children];
            next.forEach((part, place) => {
              const before = old[place];
              if (before === undefined) { main.append(part); sent.set(part, part.outerHTML); localise(part); return; }
              if (sent.get(before) === part.outerHTML || isHeld(before) || "keep" in before.dataset) return;
              const held = before.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
              const across = [...before.querySelectorAll(".drawing")].map((drawing) => drawing.scrollLeft);
              const text = part.outerHTML;
              before.replaceWith(part);
              sent.set(part, text);
              localise(part);
              reveal(part);
              resize(part);
              [...part.querySelectorAll(".drawing")].forEach((drawing, index) => { drawing.scrollLeft = across[index] || 0; });
              if (held !== null) [...part.querySelectorAll("a")].find((a) => a.getAttribute("href") === held)?.focus({preventScroll: true});
            });
            for (const part of old.slice(next.length)) if (!isHeld(part)) part.remove();
          };
          const foot = document.querySelector("[data-live-state]");
          const tell = (isOn) => { if (foot) foot.textContent = isOn ? foot.dataset.on : foot.dataset.off; };
          let asking = false, again = false, lastAsked = 0;
          const refresh = async () => {
            if (asking) { again = true; return; }
            const wait = lastAsked + 1500 - Date.now();
            if (wait > 0) { clearTimeout(refresh.timer); refresh.timer = setTimeout(refresh, wait); return; }
            asking = true;
            lastAsked = Date.now();
            try {
              const answer = await fetch(location.href, {headers: {accept: "text/html"}, redirect: "error"});
              const page = new DOMParser().parseFromString(await answer.text(), "text/html");
              const fresh = page.querySelector("main");
              if (answer.ok && fresh) {
                const top = scrollY;
                replace(fresh);
                if (scrollY !== top) scrollTo({top, behavior: "instant"});
                document.title = page.title;
                if (!("live" in fresh.dataset)) { stop(); delete main.dataset.live; }
              }
            } catch { tell(false); }
            asking = false;
            if (again) { again = false; refresh(); }
          };

          // What happened comes as a stream; where it drops, it is tried again ever later.
          let source = null, pause = 1000, last = "", slow = 0, retry = 0;
          const stop = () => { source?.close(); source = null; clearInterval(slow); clearTimeout(retry); };
          const start = () => {
            if (source || !("live" in main.dataset) || document.hidden) return;
            source = new EventSource("/api/v1/stream" + (last ? "?after=" + last : ""));
            source.addEventListener("open", () => { pause = 1000; tell(true); });
            for (const kind of ["event", "runs"]) source.addEventListener(kind, (message) => {
              if (message.lastEventId) last = message.lastEventId;
              refresh();
            });
            source.addEventListener("error", () => {
              // A stream that ended in good order is opened again by the browser.
              if (source?.readyState === EventSource.CONNECTING) return;
              stop();
              tell(false);
              retry = setTimeout(() => { refresh(); start(); }, pause * (0.75 + Math.random() / 2));
              pause = Math.min(pause * 2, 30000);
            });
            // Time goes on where nothing happens, and so do lengths of it.
            slow = setInterval(refresh, Math.max(5, Number(main.dataset.every) || 30) * 1000);
          };

          // Output as it comes.
          const names = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
          const colours = (before) => {
            let colour = names.find((name) => before.includes(name)) || "", bold = before.includes("bold");
            const apply = (codes) => {
              codes = codes.split(";").map((code) => code === "" ? 0 : Number(code));
              while (codes.length) {
                const code = codes.shift();
                if (code === 0) { colour = ""; bold = false; }
                else if (code === 1) bold = true;
                else if (code === 22) bold = false;
                else if (code === 39) colour = "";
                else if (code >= 30 && code <= 37) colour = names[code - 30];
                else if (code >= 90 && code <= 97) colour = names[code - 90];
                else if (code === 38 || code === 48) codes.splice(0, codes[0] === 5 ? 2 : codes[0] === 2 ? 4 : 0);
              }
            };
            return (text, into) => {
              const plain = text.replace(/\r\n?/g, "\n").replace(/\x1b\][^\x07\n]*\x07?/g, "");
              for (const part of plain.split(/(\x1b\[[\x20-\x3f]*[\x40-\x7e])/)) {
                if (part.startsWith("\x1b[")) { if (part.endsWith("m")) apply(part.slice(2, -1)); continue; }
                const clean = part.replace(/[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
                if (clean === "") continue;
                const span = document.createElement("span");
                span.className = [colour, bold ? "bold" : ""].filter(Boolean).join(" ");
                span.textContent = clean;
                into.append(span);
              }
            };
          };
          const mostKept = 5000;
          const follow = async (box) => {
            const write = colours(box.dataset.ansi || "");
            const control = box.parentElement.querySelector("[data-follow]");
            control.closest("[data-follows]").hidden = false;
            let next = box.dataset.next, wait = 500;
            for (;;) {
              let found = 0, done = false;
              try {
                const answer = await fetch(box.dataset.logs + "?limit=200&after=" + encodeURIComponent(next), {redirect: "error"});
                if (!answer.ok) throw new Error(String(answer.status));
                const logs = await answer.json();
                for (const piece of logs.pieces) {
                  // A further attempt: the page shows that one from its start.
                  if (String(piece.attempt) !== box.dataset.attempt) { delete box.closest("section").dataset.keep; refresh(); return; }
                  const span = document.createElement("span");
                  span.className = piece.stream;
                  write(piece.text, span);
                  box.append(span);
                  found += 1;
                }
                while (box.childNodes.length > mostKept) box.firstChild.remove();
                next = logs.next || next;
                done = logs.complete;
                if (found && control.checked) box.scrollTop = box.scrollHeight;
              } catch { wait = Math.min(wait * 2, 15000); }
              if (done) { refresh(); return; }
              wait = found ? 500 : Math.min(wait * 1.5, 5000);
              await new Promise((resolve) => setTimeout(resolve, document.hidden ? 15000 : wait));
            }
          };

          // Looks for words in the output that is shown, also as it grows. What is found is marked without touching it.
          const mostFound = 2000;
          const find = (box) => {
            const section = box.parentElement, field = section.querySelector("[data-find]");
            if (!field) return;
            const tells = section.querySelector("[data-found]"), follows = section.querySelector("[data-follow]");
            section.querySelector("[data-finds]").hidden = false;
            let ranges = [], at = -1, later = 0;
            const mark = () => {
              if (window.Highlight && CSS.highlights) {
                CSS.highlights.set("found", new Highlight(...ranges));
                if (at >= 0) CSS.highlights.set("shown", Object.assign(new Highlight(ranges[at]), {priority: 1}));
                else CSS.highlights.delete("shown");
              } else if (at >= 0) {
                const selection = document.getSelection();
                selection.removeAllRanges();
                selection.addRange(ranges[at]);
              }
              tells.textContent = field.value === "" ? "" : at < 0 ? tells.dataset.none
                : (at + 1) + " / " + ranges.length + (ranges.length === mostFound ? "+" : "");
            };
            const show = () => {
              if (at >= 0) {
                if (follows) follows.checked = false;
                const place = ranges[at].getBoundingClientRect(), frame = box.getBoundingClientRect();
                if (place.top < frame.top || place.bottom > frame.bottom) box.scrollTop += place.top - frame.top - frame.height / 2;
                if (place.left < frame.left || place.right > frame.right) box.scrollLeft += place.left - frame.left - 40;
              }
              mark();
            };
            const search = () => {
              ranges = [];
              const words = field.value.toLowerCase();
              if (words !== "") {
                // Words may go on from one piece to the next.
                const nodes = [], walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
                let text = "";
                while (walker.nextNode()) { nodes.push({node: walker.currentNode, start: text.length}); text += walker.currentNode.data; }
                const small = text.toLowerCase(), whole = small.length === text.length ? small : text;
                let first = 0;
                const point = (place, isEnd) => {
                  while (first + 1 < nodes.length && (isEnd ? nodes[first + 1].start < place : nodes[first + 1].start <= place)) first += 1;
                  return [nodes[first].node, place - nodes[first].start];
                };
                for (let place = whole.indexOf(words); place >= 0 && ranges.length < mostFound; place = whole.indexOf(words, place + words.length)) {
                  const range = document.createRange();
                  range.setStart(...point(place, false));
                  range.setEnd(...point(place + words.length, true));
                  ranges.push(range);
                }
              }
              at = Math.min(at, ranges.length - 1);
            };
            const step = (by) => {
              if (ranges.length) at = (at + by + ranges.length) % ranges.length;
              show();
            };
            field.addEventListener("input", () => { at = -1; search(); step(1); });
            field.addEventListener("keydown", (event) => {
              if (event.key === "Enter") { event.preventDefault(); step(event.shiftKey ? -1 : 1); }
            });
            section.querySelector("[data-find-next]").addEventListener("click", () => step(1));
            new MutationObserver(() => {
              if (field.value === "" || later) return;
              later = setTimeout(() => { later = 0; search(); mark(); }, 300);
            }).observe(box, {childList: true});
          };

          // How large drawings are: a part of how they are drawn, or no wider than the page. Also where the page is renewed.
          const bar = document.querySelector(".zoom");
          let zoom = bar?.querySelector("[aria-current]")?.dataset.zoom || "full";
          const resize = (root) => {
            if (!bar) return;
            for (const drawing of root.querySelectorAll(".drawing")) {
              const svg = drawing.querySelector("svg");
              drawing.classList.toggle("fit", zoom === "fit");
              svg.style.width = typeof zoom === "number" ? Math.round(Number(svg.getAttribute("width")) * zoom) + "px" : "";
            }
            const current = zoom === 1 ? "full" : zoom;
            for (const link of document.querySelectorAll(".zoom a")) {
              if (link.dataset.zoom === current) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
            }
          };
          const change = (word) => {
            const svg = document.querySelector(".drawing svg");
            if (!svg) return;
            const now = svg.getBoundingClientRect().width / Number(svg.getAttribute("width")) || 1;
            zoom = word === "in" ? Math.min(now * 1.25, 4) : word === "out" ? Math.max(now / 1.25, 0.1) : word;
            resize(document);
          };
          document.addEventListener("click", (event) => {
            const control = event.target.closest(".zoom [data-zoom]");
            if (!control || event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            change(control.dataset.zoom);
          });
          const reveal = (root) => { for (const button of root.querySelectorAll(".zoom button")) button.hidden = false; };

          // The keyboard goes where the menu goes.
          const list = document.querySelector("dialog[data-keys]");
          let isGoing = 0;
          document.addEventListener("keydown", (event) => {
            if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
            if (event.target.closest("input, select, textarea, [contenteditable]")) {
              if (event.key === "Escape") event.target.blur();
              return;
            }
            const goes = Date.now() - isGoing < 1500;
            isGoing = 0;
            if (goes) {
              const link = document.querySelector(`nav a[data-key="${CSS.escape(event.key)}"]`);
              if (link) { event.preventDefault(); location.assign(link.href); }
            } else if (event.key === "g") {
              isGoing = Date.now();
            } else if (event.key === "/") {
              event.preventDefault();
              const search = document.querySelector("[data-search]");
              if (search) { search.focus(); search.select(); } else location.assign("/jobs");
            } else if (bar && ["+", "=", "-", "0", "1"].includes(event.key)) {
              event.preventDefault();
              change({"+": "in", "=": "in", "-": "out", "0": "fit", "1": "full"}[event.key]);
            } else if (event.key === "?" && list) {
              event.preventDefault();
              list.showModal();
            }
          });

          remember();
          localise(document);
          for (const hint of document.querySelectorAll("[data-keys-hint]")) hint.hidden = false;
          for (const box of document.querySelectorAll("pre[data-logs]")) follow(box);
          reveal(document);
          for (const box of document.querySelectorAll("pre.output")) find(box);
          for (const box of document.querySelectorAll("[data-scroll] pre")) box.scrollTop = box.scrollHeight;
          document.addEventListener("visibilitychange", () => {
            if (document.hidden) stop(); else if ("live" in main.dataset) { refresh(); start(); }
          });
          addEventListener("pagehide", stop);
          start();
        })();

        """#
}
