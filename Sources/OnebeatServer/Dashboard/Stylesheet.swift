/// What pages look like. Text in the program: one small file needs no folder beside the binary.
enum Stylesheet {
    static let icon = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" \
        fill="#2f6f62"/><path d="M4 17h6l3-8 5 15 3-7h7" fill="none" stroke="#fff" stroke-width="2.6" \
        stroke-linecap="round" stroke-linejoin="round"/></svg>
        """

    /// Turns moments into the reader's own zone, and says which that is.
    static let zoneScript = """
        "use strict";
        (() => {
          const pad = (n) => String(n).padStart(2, "0");
          const day = (d) => d.getFullYear() + "-" + pad(d.getMonth() + 1) + "-" + pad(d.getDate());
          const offset = (d) => {
            const m = -d.getTimezoneOffset(), a = Math.abs(m);
            return m === 0 ? "UTC" : (m < 0 ? "-" : "+") + pad(Math.floor(a / 60)) + ":" + pad(a % 60);
          };
          const whole = (d) => day(d) + " " + clock(d);
          const clock = (d) => pad(d.getHours()) + ":" + pad(d.getMinutes()) + ":" + pad(d.getSeconds()) + " " + offset(d);
          const today = day(new Date());
          for (const element of document.querySelectorAll("time[datetime]")) {
            const moment = new Date(element.dateTime);
            if (isNaN(moment)) continue;
            element.title = whole(moment) + " = " + element.dateTime;
            if ("clock" in element.dataset) element.textContent = day(moment) === today ? clock(moment) : whole(moment);
          }
          const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
          if (zone) for (const element of document.querySelectorAll("[data-zone]")) element.textContent = zone;
        })();

        """

    static let text = """
        :root {
          color-scheme: light dark;
          --paper: #f6f6f3; --card: #ffffff; --ink: #1d2321; --faint: #66706c; --line: #e3e5e0; --link: #1f6657;
          --good: #1e6b45; --good-back: #e2f2e8; --bad: #a32a20; --bad-back: #fbe7e4;
          --warn: #835400; --warn-back: #faf0d7; --busy: #1d5a99; --busy-back: #e2eefb; --calm: #545e5a; --calm-back: #ecefec;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --paper: #141817; --card: #1c2220; --ink: #e6ebe8; --faint: #94a09b; --line: #2d3532; --link: #7fd0bb;
            --good: #86d9a8; --good-back: #17352a; --bad: #ff9d91; --bad-back: #43201c;
            --warn: #f0c771; --warn-back: #3a2e14; --busy: #8fc4ff; --busy-back: #182f47; --calm: #b1bbb7; --calm-back: #2a312e;
          }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0; background: var(--paper); color: var(--ink);
          font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
        }
        a { color: var(--link); text-decoration-thickness: 1px; text-underline-offset: 3px; }
        header, main, footer { max-width: 68rem; margin: 0 auto; padding: 0 1.25rem; }
        header { display: flex; align-items: center; gap: 2rem; padding-top: 1rem; padding-bottom: 1rem; }
        .brand { display: flex; align-items: center; gap: .55rem; font-weight: 650; color: var(--ink); text-decoration: none; }
        nav { display: flex; gap: 1.25rem; }
        nav a { color: var(--faint); text-decoration: none; padding: .2rem 0; border-bottom: 2px solid transparent; }
        nav a[aria-current] { color: var(--ink); border-color: var(--link); }
        h1 { font-size: 1.5rem; line-height: 1.25; margin: 0; letter-spacing: -.01em; overflow-wrap: anywhere; }
        h2 { font-size: 1rem; margin: 0 0 .6rem; display: flex; align-items: baseline; gap: .9rem; }
        h2 .more { font-size: .85rem; font-weight: 400; }
        section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.15rem; margin: 1rem 0; }
        .headline { border-radius: 10px; padding: 1.2rem 1.3rem; margin: .5rem 0 1rem; }
        .headline p { margin: .3rem 0 0; }
        .headline.good { background: var(--good-back); } .headline.good h1 { color: var(--good); }
        .headline.bad { background: var(--bad-back); } .headline.bad h1 { color: var(--bad); }
        .headline.calm { background: var(--calm-back); } .headline.calm h1 { color: var(--calm); }
        .title { display: flex; align-items: center; gap: .8rem; flex-wrap: wrap; margin: .6rem 0 .8rem; }
        .title a { color: inherit; }
        .lead { margin: .2rem 0 .6rem; max-width: 48rem; overflow-wrap: anywhere; }
        .notice { border-radius: 8px; padding: .7rem .95rem; margin: .8rem 0; overflow-wrap: anywhere; }
        .notice.bad { background: var(--bad-back); } .notice.calm { background: var(--calm-back); }
        .columns { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; align-items: start; }
        .columns section { margin: 0; min-width: 0; }
        table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
        th { text-align: left; font-size: .8rem; font-weight: 500; color: var(--faint); padding: .2rem .8rem .35rem 0; }
        td { padding: .42rem .8rem .42rem 0; border-top: 1px solid var(--line); vertical-align: baseline; overflow-wrap: anywhere; }
        td:last-child, th:last-child { padding-right: 0; }
        time, .badge { white-space: nowrap; }
        td:first-child { white-space: normal; overflow-wrap: break-word; }
        section th:first-child { width: 24%; }
        .badge { display: inline-block; font-size: .82rem; font-weight: 550; border-radius: 99px; padding: .05rem .6rem; }
        .badge.good { color: var(--good); background: var(--good-back); } .badge.bad { color: var(--bad); background: var(--bad-back); }
        .badge.warn { color: var(--warn); background: var(--warn-back); } .badge.busy { color: var(--busy); background: var(--busy-back); }
        .badge.calm { color: var(--calm); background: var(--calm-back); }
        .faint { color: var(--faint); font-weight: 400; }
        .why { color: var(--faint); font-size: .92rem; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; }
        .empty { color: var(--faint); margin: .2rem 0; }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .4rem 1.4rem; margin: 0; }
        dt { color: var(--faint); } dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
        code, pre { font: .88em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
        pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
        pre.output { background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: .8rem 1rem; max-height: 70vh; overflow: auto; }
        pre .stderr { color: var(--bad); } pre .note { color: var(--warn); font-style: italic; }
        form { display: flex; flex-wrap: wrap; gap: .7rem 1rem; align-items: end; margin: .4rem 0 1rem; }
        label { font-size: .85rem; color: var(--faint); display: flex; flex-direction: column; gap: .2rem; }
        input, select, button { font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 0 .65rem; height: 2.3rem; }
        button { cursor: pointer; color: var(--link); font-weight: 550; }
        button.grave { color: var(--bad); }
        .acts { display: flex; flex-wrap: wrap; gap: .6rem; margin: .4rem 0 1rem; } .acts form { margin: 0; }
        :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
        main > table { background: var(--card); border: 1px solid var(--line); border-radius: 10px; border-collapse: separate; border-spacing: 0; padding: .7rem 1.15rem; }
        footer { color: var(--faint); font-size: .85rem; padding-top: 1rem; padding-bottom: 2.5rem; }
        footer a { color: inherit; }
        @media (max-width: 46rem) {
          header { gap: 1.1rem; flex-wrap: wrap; row-gap: .3rem; }
          .wide { display: none; }
          table, tbody, tr { display: block; } thead { display: none; }
          tr { border-top: 1px solid var(--line); padding: .4rem 0; }
          td { display: inline-block; border: 0; padding: .1rem .8rem .1rem 0; max-width: 100%; }
          td.reason { display: block; padding-right: 0; }
          .columns { grid-template-columns: 1fr; }
          section, main > table { padding: .8rem .85rem; }
          dl { grid-template-columns: 1fr; gap: .1rem; } dd { margin-bottom: .5rem; }
          td .faint time, td br + .faint { display: inline; white-space: normal; }
        }

        """
}
