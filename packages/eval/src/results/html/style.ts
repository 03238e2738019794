// The look of the report. Colours are variables, for light and dark; every text has at least 4.5 : 1 on what is behind it.

/** The style sheet. */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --ink: #1b1f24; --soft: #57606a; --line: #d5dae0; --panel: #f5f7f9;
  --accent: #1f5fbf; --warn: #8a4b00; --gap: #c2410c;
  --s0: #1f5fbf; --s1: #b4450c; --s2: #1d7a4f; --s3: #8a3fa0; --s4: #8a6a00; --s5: #4a5560;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --ink: #e8ebee; --soft: #a3adb8; --line: #363d45; --panel: #1d2228;
    --accent: #7fb2ff; --warn: #f0b35f; --gap: #ff9a66;
    --s0: #7fb2ff; --s1: #ff9a66; --s2: #6bd39c; --s3: #d79bea; --s4: #e3c451; --s5: #b4bec9;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 68rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: anywhere;
}
header { border-bottom: 2px solid var(--ink); padding-bottom: 1rem; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .35rem; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; padding-bottom: .2rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
h4 { font-size: .95rem; margin: 0 0 .25rem; display: flex; justify-content: space-between; gap: .75rem; }
p { margin: .4rem 0; }
header p, .remark, small { color: var(--soft); }
.remark, small, figure .remark { font-size: .85rem; }
.headline { display: flex; flex-wrap: wrap; gap: .5rem 2rem; margin: 1rem 0 0; padding: 0; list-style: none; }
.headline strong { display: block; font-size: 1.55rem; line-height: 1.15; font-variant-numeric: tabular-nums; }
.headline span { color: var(--soft); font-size: .85rem; }
.scroll { overflow-x: auto; }
.scroll:focus-visible, pre:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .7rem; border-bottom: 1px solid var(--line); text-align: left; overflow-wrap: normal; }
thead th { color: var(--soft); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 600; }
tfoot th, tfoot td { border-top: 2px solid var(--line); border-bottom: 0; }
.scores { width: 100%; } .scores tbody th { white-space: nowrap; }
.scores td, .scores thead th:not(:first-child), .number { text-align: right; white-space: nowrap; }
.scores .words, .scores thead th.words { text-align: left; white-space: normal; min-width: 12rem; }
.notes { margin: .8rem 0 0; padding: .6rem .9rem .6rem 2rem; background: var(--panel); border-left: 3px solid var(--line); font-size: .9rem; }
.warning strong { color: var(--warn); }
.figures { display: grid; gap: 1.25rem 2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); align-items: start; }
.figures > figure { max-width: 36rem; }
figure { margin: 0; min-width: 0; }
figcaption { font-weight: 600; font-size: .95rem; margin-bottom: .3rem; }
figure > svg { display: block; width: 100%; height: auto; }
svg text { font-size: 11px; fill: var(--soft); font-variant-numeric: tabular-nums; }
svg .name { fill: var(--ink); } svg .count { font-size: 9px; }
.rule { stroke: var(--line); stroke-width: .75; }
.line { fill: none; stroke-width: 1.6; stroke-linejoin: round; stroke-linecap: round; }
.line.s0 { stroke: var(--s0); } .line.s1 { stroke: var(--s1); stroke-dasharray: 6 3; } .line.s2 { stroke: var(--s2); stroke-dasharray: 2 3; }
.line.s3 { stroke: var(--s3); stroke-dasharray: 9 3 2 3; } .line.s4 { stroke: var(--s4); stroke-dasharray: 4 2 1 2; } .line.s5 { stroke: var(--s5); stroke-dasharray: 1 4; }
.line.other { stroke: var(--soft); stroke-width: .8; opacity: .45; }
.dot { stroke: none; } .dot.s0 { fill: var(--s0); } .dot.s1 { fill: var(--s1); } .dot.s2 { fill: var(--s2); } .dot.s3 { fill: var(--s3); } .dot.s4 { fill: var(--s4); } .dot.s5 { fill: var(--s5); }
.area { fill: var(--accent); opacity: .14; } .bar { fill: var(--accent); opacity: .75; }
.gap { fill: url(#hatch); stroke: var(--gap); stroke-width: .75; } #hatch path { stroke: var(--gap); stroke-width: 1.1; }
.diagonal { fill: none; stroke: var(--ink); stroke-width: 1; stroke-dasharray: 4 3; }
.defs { position: absolute; width: 0; height: 0; }
.legend { list-style: none; margin: .3rem 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; font-size: .85rem; color: var(--soft); }
.legend svg { width: 22px; height: 8px; margin-right: .4rem; vertical-align: middle; }
.bars { width: 100%; } .bars th, .bars td { padding: .2rem .5rem .2rem 0; border: 0; } .bars td:nth-child(2) { width: 55%; white-space: nowrap; }
.track { display: inline-block; width: calc(100% - 3.6rem); height: .7rem; background: var(--panel); border-radius: 2px; vertical-align: middle; overflow: hidden; }
.fill { display: block; height: 100%; background: var(--accent); }
.value { font-variant-numeric: tabular-nums; font-weight: 600; } .bars .value { display: inline-block; width: 3.4rem; text-align: right; }
.grid td, .grid th { text-align: center; border: 2px solid var(--page); } .grid tbody th { text-align: right; }
.heat { min-width: 6.5rem; line-height: 1.25; background: color-mix(in srgb, var(--accent) calc(var(--warmth, 0) * 42%), var(--panel)); }
.heat small { color: var(--ink); } .grid .chosen { outline: 2px solid var(--ink); outline-offset: -2px; } .mark { font-size: .75rem; font-weight: 600; }
.cards { list-style: none; margin: 0; padding: 0; display: grid; gap: .9rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); }
.card { border: 1px solid var(--line); border-radius: 6px; padding: .7rem .8rem; } .card p { margin: 0 0 .5rem; font-size: .85rem; color: var(--soft); }
.pictures { list-style: none; margin: 0; padding: 0; display: grid; gap: .45rem; grid-template-columns: repeat(5, minmax(0, 1fr)); }
.pictures.wide { grid-template-columns: repeat(auto-fill, minmax(5.5rem, 1fr)); gap: .6rem; }
.pictures img { display: block; width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: 3px; background: var(--panel); }
.missing { display: flex; align-items: center; justify-content: center; aspect-ratio: 1; padding: .2rem; overflow: hidden; border-radius: 3px; background: var(--panel); font-size: .65rem; line-height: 1.2; text-align: center; }
.answer { display: block; font-size: .72rem; line-height: 1.3; color: var(--soft); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.classes .track { width: 8rem; } .classes strong { display: inline-block; width: 4rem; } .swatch { display: inline-block; width: .8rem; height: .8rem; margin-right: .4rem; border-radius: 2px; vertical-align: -.08rem; border: 1px solid var(--line); }
.examples { list-style: none; margin: 0; padding: 0; } .examples > li { padding: .6rem 0 1rem; border-bottom: 1px solid var(--line); }
.example { display: grid; gap: .5rem; grid-template-columns: repeat(4, minmax(0, 1fr)); } .example.alone { grid-template-columns: minmax(0, 22rem); }
.example img { display: block; width: 100%; height: auto; border-radius: 3px; background: var(--panel); } .example .missing { aspect-ratio: 4 / 3; font-size: .8rem; } .example figcaption { font-weight: 400; font-size: .8rem; color: var(--soft); margin: .2rem 0 0; }
details { margin: .6rem 0; } details.set { border: 1px solid var(--line); border-radius: 6px; padding: 0 .9rem; } details.set[open] { padding-bottom: 1rem; }
summary { cursor: pointer; font-weight: 600; padding: .45rem 0; }
dl { margin: 0; } dl div { display: grid; grid-template-columns: 12rem 1fr; gap: 0 1rem; padding: .25rem 0; border-bottom: 1px solid var(--line); }
dt { color: var(--soft); } dd { margin: 0; }
pre { margin: .3rem 0; padding: .8rem; overflow-x: auto; background: var(--panel); border-radius: 4px; font-size: .8rem; line-height: 1.4; overflow-wrap: normal; }
.plain { margin: .2rem 0; padding-left: 1.2rem; font-size: .88rem; }
footer { margin-top: 2.5rem; color: var(--soft); font-size: .85rem; }
@media (max-width: 32rem) { dl div { grid-template-columns: 1fr; } th, td { padding: .3rem .5rem; } .example { grid-template-columns: repeat(2, minmax(0, 1fr)); } h1 { font-size: 1.3rem; } }
@media print { body { max-width: none; } details.set, .card, figure { break-inside: avoid; } }
`;
