/// What pages look like. Text in the program: one small file needs no folder beside the binary.
enum Stylesheet {
    static let icon = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" \
        fill="#2f6f62"/><path d="M4 17h6l3-8 5 15 3-7h7" fill="none" stroke="#fff" stroke-width="2.6" \
        stroke-linecap="round" stroke-linejoin="round"/></svg>
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
        .skip { position: absolute; left: -999rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .3rem .7rem; border-radius: 6px; }
        header { display: flex; align-items: center; flex-wrap: wrap; gap: .3rem 2rem; padding-top: 1rem; padding-bottom: 1rem; }
        .brand { display: flex; align-items: center; gap: .55rem; font-weight: 650; color: var(--ink); text-decoration: none; }
        nav { display: flex; flex-wrap: wrap; gap: .1rem 1.15rem; }
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
        a.long { display: inline-block; max-width: 19rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; vertical-align: bottom; }
        h1 a.long { max-width: 100%; white-space: normal; } .nowrap { white-space: nowrap; }
        .columns { display: grid; grid-template-columns: 3fr 2fr; gap: 1rem; align-items: start; }
        .columns section { margin: 0; min-width: 0; }
        table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
        th { text-align: left; font-size: .8rem; font-weight: 500; color: var(--faint); padding: .2rem .8rem .35rem 0; }
        td { padding: .42rem .8rem .42rem 0; border-top: 1px solid var(--line); vertical-align: baseline; overflow-wrap: anywhere; }
        td:last-child, th:last-child { padding-right: 0; }
        time, .badge { white-space: nowrap; }
        td { min-width: 5rem; } td code { white-space: nowrap; } td .why code { white-space: normal; }
        td:first-child { white-space: normal; overflow-wrap: break-word; }
        section th:first-child { width: 24%; }
        .badge { display: inline-block; font-size: .82rem; font-weight: 550; border-radius: 99px; padding: .05rem .6rem; }
        .badge.good { color: var(--good); background: var(--good-back); } .badge.bad { color: var(--bad); background: var(--bad-back); }
        .badge.warn { color: var(--warn); background: var(--warn-back); } .badge.busy { color: var(--busy); background: var(--busy-back); }
        .badge.calm { color: var(--calm); background: var(--calm-back); }
        .faint { color: var(--faint); font-weight: 400; }
        .why { color: var(--faint); font-size: .92rem; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; }
        .empty { color: var(--faint); margin: .2rem 0; } .plain { list-style: none; padding: 0; margin: .3rem 0 .8rem; columns: 14rem; }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .4rem 1.4rem; margin: 0; }
        dt { color: var(--faint); } dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
        code, pre { font: .88em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
        pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
        pre.output { background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: .8rem 1rem; max-height: 70vh; overflow: auto; }
        pre.output:empty::before { content: attr(data-empty); color: var(--faint); font-style: italic; }
        pre .stderr { color: var(--bad); } pre .note { color: var(--warn); font-style: italic; }
        form { display: flex; flex-wrap: wrap; gap: .7rem 1rem; align-items: end; margin: .4rem 0 1rem; }
        label { font-size: .85rem; color: var(--faint); display: flex; flex-direction: column; gap: .2rem; }
        input, select, button { font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 0 .65rem; height: 2.3rem; }
        form[role="search"] input { width: 10.2rem; }
        button { white-space: nowrap; cursor: pointer; color: var(--link); font-weight: 550; }
        button.grave { color: var(--bad); }
        td .acts.small { flex-wrap: nowrap; gap: .3rem; margin: .25rem 0 0; } .acts.small button { font-size: .82rem; height: 1.7rem; padding: 0 .5rem; }
        td form, td .acts { margin: 0; } .acts { display: flex; flex-wrap: wrap; gap: .6rem; margin: .4rem 0 1rem; } .acts form { margin: 0; }
        :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
        main > table { background: var(--card); border: 1px solid var(--line); border-radius: 10px; border-collapse: separate; border-spacing: 0; padding: .7rem 1.15rem; }
        footer { color: var(--faint); font-size: .85rem; padding-top: 1rem; padding-bottom: 2.5rem; }
        footer a { color: inherit; }
        footer p { margin: .1rem 0; } kbd { font: inherit; font-size: .85em; border: 1px solid var(--line); border-bottom-width: 2px; border-radius: 4px; padding: 0 .35em; background: var(--card); }
        dialog { border: 1px solid var(--line); border-radius: 10px; background: var(--card); color: var(--ink); padding: 1.2rem 1.4rem; min-width: 18rem; }
        dialog::backdrop { background: #0008; } dialog form { margin: 1rem 0 0; }
        h3 { font-size: .95rem; margin: .9rem 0 .3rem; font-weight: 600; }
        .big { font-size: 1.15rem; margin: .5rem 0 1rem; }
        .turning { display: flex; gap: 1.2rem; } .warned { color: var(--warn); font-size: .9em; }
        .life { list-style: none; margin: 0; padding: 0; } .life li { position: relative; padding: .22rem 0 .22rem 1.3rem; overflow-wrap: anywhere; }
        .life li::before { content: ""; position: absolute; left: .1rem; top: .72rem; width: .55rem; height: .55rem; border-radius: 50%; background: var(--faint); }
        .life li::after { content: ""; position: absolute; left: .33rem; top: 1.3rem; bottom: -.7rem; width: 2px; background: var(--line); } .life li:last-child::after { display: none; }
        .life li.good::before { background: var(--good); } .life li.bad::before { background: var(--bad); } .life li.busy::before { background: var(--busy); }
        .drawing { overflow-x: auto; padding-bottom: .3rem; } .drawing svg { display: block; max-width: none; height: auto; } .drawing.fit svg { max-width: 100%; }
        .zoom { display: flex; align-items: center; gap: .7rem; margin: 0 0 .6rem; font-size: .9rem; } .title .zoom { margin: 0 0 0 auto; } .title .zoom a, .zoom a { color: var(--link); }
        .zoom a[aria-current] { color: var(--ink); font-weight: 600; text-decoration: none; } .zoom button { width: 2.3rem; padding: 0; } .zoom [hidden] { display: none; }
        .rule { color: var(--faint); display: inline-block; max-width: 13rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; vertical-align: bottom; }
        ::highlight(found) { background-color: var(--warn-back); color: var(--warn); } ::highlight(shown) { background-color: var(--warn); color: var(--paper); }
        .edge { fill: none; stroke: var(--faint); stroke-width: 1.5; opacity: .65; } .edge.critical { stroke: var(--link); stroke-width: 3; opacity: 1; }
        .node { text-decoration: none; } .node rect { fill: var(--card); stroke: var(--line); stroke-width: 1.5; }
        .node text { fill: var(--faint); font-size: 12px; } .node .name { fill: var(--ink); font-size: 14px; font-weight: 550; }
        .node.good rect { stroke: var(--good); } .node.bad rect { stroke: var(--bad); fill: var(--bad-back); } .node.warn rect { stroke: var(--warn); fill: var(--warn-back); }
        .node.busy rect { stroke: var(--busy); fill: var(--busy-back); } .node.calm rect { stroke: var(--faint); }
        .node.bad text { fill: var(--ink); } .node.warn text { fill: var(--ink); } .node.busy text { fill: var(--ink); }
        .node.critical rect { stroke-width: 3; } .node:hover rect, .node:focus-visible rect { stroke: var(--link); stroke-width: 3; }
        .strip { display: block; margin: .1rem 0; }
        svg .good { fill: var(--good); } svg .bad { fill: var(--bad); } svg .warn { fill: var(--warn); } svg .busy { fill: var(--busy); } svg .calm { fill: var(--faint); opacity: .6; }
        svg .coming { fill: var(--faint); opacity: .3; }
        svg a:focus-visible rect { stroke: var(--ink); stroke-width: 2; }
        .chart { display: block; width: 100%; height: 110px; margin: .8rem 0 0; border-bottom: 1px solid var(--line); }
        .chart rect { opacity: .75; } .chart line { stroke-width: 1.5; vector-effect: non-scaling-stroke; stroke-dasharray: 5 4; }
        .chart .half { stroke: var(--busy); } .chart .most { stroke: var(--warn); }
        .legend { font-size: .85rem; color: var(--faint); margin: .3rem 0 .9rem; } .legend span { display: inline-block; width: 1.3rem; margin-right: .4rem; border-top: 2px dashed; vertical-align: middle; }
        .legend .half { color: var(--busy); } .legend .most { color: var(--warn); margin-left: .8rem; }
        .hours { display: block; width: 100%; height: 76px; border-bottom: 1px solid var(--line); } .hours .now { stroke: var(--ink); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
        .axis { display: flex; justify-content: space-between; font-size: .8rem; color: var(--faint); } .axis + p { margin: .3rem 0 0; font-size: .9rem; }
        .heat { display: grid; grid-template-columns: 3.1rem repeat(24, minmax(0, 1fr)); gap: 2px; font-size: .75rem; color: var(--faint); align-items: center; }
        .heat i { display: block; height: 1.35rem; border-radius: 3px; background: var(--line); } .heat .none { background: none; }
        .heat .h0 { background: var(--paper); } .heat .h1 { background: color-mix(in srgb, var(--link) 18%, var(--card)); } .heat .h2 { background: color-mix(in srgb, var(--link) 36%, var(--card)); }
        .heat .h3 { background: color-mix(in srgb, var(--link) 56%, var(--card)); } .heat .h4 { background: color-mix(in srgb, var(--link) 78%, var(--card)); } .heat .h5 { background: var(--link); }
        meter { width: 5rem; height: .8rem; vertical-align: middle; }
        pre .black { color: var(--faint); } pre .red { color: var(--bad); } pre .green { color: var(--good); } pre .yellow { color: var(--warn); }
        pre .blue, pre .magenta { color: var(--busy); } pre .cyan { color: var(--link); } pre .white { color: var(--ink); } pre .bold { font-weight: 700; }
        .follow { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem 1.6rem; margin: .4rem 0 0; } .follow p { margin: 0; display: flex; align-items: center; gap: .6rem; flex-wrap: wrap; }
        .follow label { flex-direction: row; align-items: center; } .follow [type="checkbox"] { height: auto; } .follow [hidden] { display: none; }
        @media (max-width: 46rem) {
          header { gap: .3rem 1.1rem; }
          .wide { display: none; }
          table, tbody, tr { display: block; } thead { display: none; }
          tr { border-top: 1px solid var(--line); padding: .4rem 0; }
          td { display: inline-block; min-width: 0; border: 0; padding: .1rem .8rem .1rem 0; max-width: 100%; }
          td.reason { display: block; padding-right: 0; }
          .columns { grid-template-columns: 1fr; }
          section, main > table { padding: .8rem .85rem; }
          dl { grid-template-columns: 1fr; gap: .1rem; } dd { margin-bottom: .5rem; }
          td .faint time, td br + .faint { display: inline; white-space: normal; }
        }

        """
}
