"""How the page of a comparison looks: on a phone, on a wide screen, printed, light and dark."""

SHEET = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --dim: #57606a; --line: #d0d7de; --differs: #fff8e1;
  --error: #b3261e; --warning: #8a5a00; --good: #1a6b2e; --link: #0550ae; --mark: #ffe08a; --mark-ink: #1b1f24; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0d1117; --dim: #9da7b1; --line: #3d444d;
  --differs: #2a2410; --error: #ff8e86; --warning: #e3b341; --good: #6fdd8b; --link: #79b8ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.45 system-ui, sans-serif; }
main { max-width: 75rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5em; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.2em; margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1em; margin: 1rem 0 .25rem; font-weight: normal; }
section > h3 { font-weight: bold; }
p, ul, dl { margin: .25rem 0; }
a { color: var(--link); }
small, caption { color: var(--dim); font-size: .85em; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
.outcomes { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .5rem; }
li[class], article { border: 1px solid var(--line); border-left: .35rem solid var(--dim); padding: .4rem .7rem; }
li[class] { flex: 1 1 14rem; }
li.error, article.error { border-left-color: var(--error); } .error > h3 strong { color: var(--error); }
li.warning, article.warning { border-left-color: var(--warning); } .warning > h3 strong { color: var(--warning); }
li.good { border-left-color: var(--good); }
article { margin: .75rem 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; table-layout: fixed; width: 100%; }
caption { text-align: left; padding: .25rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .5rem; border-top: 1px solid var(--line); }
thead td { width: 7.5rem; } tbody th { font-weight: normal; color: var(--dim); white-space: nowrap; }
td small, td code { display: block; }
.differs > * { background: var(--differs); }
.differs [role=img] { color: var(--warning); font-weight: bold; }
dt { font-weight: bold; margin-top: .5rem; } dd { margin: 0 0 0 1rem; }
pre { overflow-x: auto; margin: .25rem 0; padding: .4rem .6rem; border: 1px solid var(--line); }
mark { background: var(--mark); color: var(--mark-ink); }
@media (max-width: 40rem) { table { min-width: 0 !important; } thead td { display: none; }
  tr { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); border-top: 1px solid var(--line); }
  tr > * { border-top: 0; } tbody th, td[colspan] { grid-column: 1 / -1; } tbody th { padding-bottom: 0; } }
@media print { :root { color-scheme: light; --ink: #000; --paper: #fff; --dim: #444; --line: #999; --differs: #fff;
  --error: #000; --warning: #000; --good: #000; --link: #000; --mark: #fff; --mark-ink: #000; }
  body { font-size: 10pt; } main { max-width: none; padding: 0; } .wide, pre { overflow: visible; }
  pre { white-space: pre-wrap; } tr, article, dd { break-inside: avoid; } h2, h3 { break-after: avoid; }
  mark { text-decoration: underline; font-weight: bold; } a { text-decoration: none; } }
"""
