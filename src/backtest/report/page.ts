/**
 * A self-contained page: no script, no font, no external host. Made of plain strings, because the published
 * package does not contain the renderer of the page's library.
 */
import { escapeHtml } from './chart.js';

export function pageHtml(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, row: readonly string[]) =>
    row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('');
  const body = rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('\n');
  return `<table><thead><tr>${cells('th', head)}</tr></thead><tbody>\n${body}\n</tbody></table>`;
}

/** Empty if there is nothing to list. */
export function list(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  return `<h2>${escapeHtml(title)}</h2><ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>`;
}

const STYLE = `
:root{color-scheme:light dark;--line:#8884;--ink:#1a1a1a;--paper:#fff;--soft:#666;--good:#16794c;--bad:#b3261e;--curve:#2456c4}
@media (prefers-color-scheme:dark){:root{--ink:#e8e8e8;--paper:#16181c;--soft:#a0a4ab;--good:#4cc38a;--bad:#ff8078;--curve:#7aa2ff}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:1000px;margin:2rem auto;padding:0 1rem}
h1{font-size:2.2rem;margin:0}h1.go{color:var(--good)}h1.nogo{color:var(--bad)}h2{font-size:1.1rem;margin:2rem 0 .5rem}
table{border-collapse:collapse;width:100%;display:block;overflow-x:auto;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid var(--line);white-space:nowrap}
.formulas td:last-child{white-space:normal;min-width:18rem}
.wrapped th,.wrapped td{white-space:normal}.wrapped td:first-child,.wrapped td:nth-child(4){white-space:pre}
figure{margin:1rem 0}figcaption{color:var(--soft)}svg{width:100%;height:auto}
svg text{font:11px system-ui,sans-serif;fill:var(--soft)}.grid{stroke:var(--line)}.bound{stroke:var(--bad);stroke-dasharray:4 4}
.curve{fill:none;stroke:var(--curve);stroke-width:1.5}.area{fill:var(--bad);fill-opacity:.25;stroke:var(--bad)}
.win{fill:var(--good)}.loss{fill:var(--bad)}li{overflow-wrap:anywhere}footer{margin:3rem 0 1rem;color:var(--soft);font-size:.8rem;overflow-wrap:anywhere}
.beside{fill:none;stroke:var(--soft);stroke-dasharray:5 4}.rose,.fell{stroke:var(--soft);stroke-width:.7;fill:none}.fell{fill:var(--soft)}
svg.narrow{display:none}
@media (max-width:640px){
svg.wide{display:none}svg.narrow{display:block}
th:first-child,td:first-child{position:sticky;left:0;background:var(--paper)}
.formulas thead{display:none}.formulas tbody{display:block}
.formulas tr{display:grid;grid-template-columns:1fr auto;padding:.25rem 0;border-bottom:1px solid var(--line)}
.formulas td{padding:0;border:0;white-space:normal}
.formulas td:last-child{grid-column:1/-1;min-width:0;color:var(--soft);font-size:.8rem}
}
.drawn{fill:none;stroke:currentColor;stroke-width:1.1}.tone-0{color:var(--curve)}.tone-1{color:#b26a00}.tone-2{color:#8e44ad}.tone-3{color:#00838f}
g.win{stroke:var(--good)}g.loss{stroke:var(--bad)}.exit{fill:var(--paper)}
`;
