/**
 * Our documents as pages, served by the desk itself: a link in a message must work when nothing outside
 * answers.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { asTyped } from '../../home/desk-in-process.js';
import type { WebDependencies } from '../dependencies.js';
import { notFound, sendProblem } from '../problem-details.js';

export function documentsRoute(app: FastifyInstance, { documentsDirectory }: WebDependencies): void {
  const names = documentsDirectory === null ? [] : namesIn(documentsDirectory);
  const pages = new Map<string, string>();
  const pageOf = (name: string): string => {
    const kept = pages.get(name);
    if (kept !== undefined) return kept;
    const text = readFileSync(join(documentsDirectory ?? '', `${name}.md`), 'utf8');
    const page = pageHtml(asTyped(text), names);
    pages.set(name, page);
    return page;
  };
  // Public: they contain nothing about this desk, and may be needed by somebody who can't sign in.
  app.get<{ Params: { readonly name: string } }>(
    '/docs/:name',
    { schema: { hide: true }, config: { access: 'public' } },
    async (request, reply) => {
      const name = request.params.name.replace(/\.md$/, '');
      if (!names.includes(name))
        return sendProblem(reply, notFound('There is no such document.', `There are: ${names.join(', ')}.`));
      return reply.header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(pageOf(name));
    },
  );
}

const namesIn = (directory: string): readonly string[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.md'))
    .map((name) => name.slice(0, -'.md'.length))
    .sort();

function pageHtml(text: string, names: readonly string[]): string {
  const { title, html } = renderMarkdown(text, (target) => {
    const [, name, section = ''] = /^([A-Z_]+)?(?:\.md)?(#[\w-]+)?$/.exec(target) ?? [];
    if (name === undefined) return section === '' ? null : section;
    return names.includes(name) ? `/docs/${name}${section}` : null;
  });
  const others = names.map((name) => `<a href="/docs/${name}">${name}</a>`).join(' ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – Fermata</title>
<link rel="stylesheet" href="/docs.css">
<link rel="icon" href="/favicon.svg">
</head>
<body>
<nav>
<a href="/">Back to the desk</a>
<details><summary>Documents</summary>${others}</details>
</nav>
<main>
${html}
</main>
</body>
</html>
`;
}

/** The address for a link between documents; null if there is none here: then only the link's text stays. */
type AddressOf = (target: string) => string | null;

interface RenderedDocument {
  /** Text of the first heading. */
  readonly title: string;
  readonly html: string;
}

/**
 * Renders the part of Markdown that our own documents use as HTML: headings with GitHub's anchors, paragraphs, lists,
 * tables, code, emphasis and links. Everything is escaped first, so that no text becomes a tag.
 */
export function renderMarkdown(text: string, addressOf: AddressOf): RenderedDocument {
  const lines = text.split('\n');
  const inline = (words: string): string => inlineHtml(words, addressOf);
  const parts: string[] = [];
  let title = '';
  let at = 0;
  /** Takes the following lines of one kind. */
  const take = (isOne: (line: string) => boolean): string[] => {
    const from = at;
    while (at < lines.length && isOne(lines[at] ?? '')) at += 1;
    return lines.slice(from, at);
  };
  while (at < lines.length) {
    const line = lines[at] ?? '';
    const heading = /^(#{1,4}) (.+)$/.exec(line);
    if (line.trim() === '') at += 1;
    else if (heading !== null) {
      const [, marks = '', words = ''] = heading;
      title ||= plain(words);
      parts.push(`<h${marks.length} id="${anchorOf(words)}">${inline(words)}</h${marks.length}>`);
      at += 1;
    } else if (/^ *```/.test(line)) {
      at += 1;
      const code = take((one) => !/^ *```/.test(one));
      at += 1;
      parts.push(codeHtml(code));
    } else if (line.startsWith('    ')) parts.push(codeHtml(take((one) => one.startsWith('    '))));
    else if (line.startsWith('|'))
      parts.push(
        tableHtml(
          take((one) => one.startsWith('|')),
          inline,
        ),
      );
    else if (isItem(line))
      parts.push(
        listHtml(
          take((one) => isItem(one) || /^ +\S/.test(one)),
          inline,
        ),
      );
    else parts.push(`<p>${inline(take(isProse).join(' '))}</p>`);
  }
  return { title, html: parts.join('\n') };
}

/** The anchor that GitHub makes for a heading. */
export function anchorOf(heading: string): string {
  return plain(heading)
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

const isItem = (line: string): boolean => /^ *(?:[-*]|\d+\.) /.test(line);

const isProse = (line: string): boolean =>
  line.trim() !== '' && !/^(?:#{1,4} |\||```)/.test(line) && !isItem(line);

const plain = (words: string): string =>
  words.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/[`*]/g, '');

const escaped = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

function codeHtml(code: readonly string[]): string {
  const indents = code.filter((line) => line.trim() !== '').map((line) => line.search(/\S/));
  const indent = Math.min(...indents, Number.MAX_SAFE_INTEGER);
  return `<pre><code>${escaped(code.map((line) => line.slice(indent)).join('\n'))}</code></pre>`;
}

function tableHtml(rows: readonly string[], inline: (words: string) => string): string {
  const [head = '', , ...body] = rows;
  const row = (line: string, tag: 'th' | 'td'): string =>
    `<tr>${cellsOf(line)
      .map((cell) => `<${tag}>${inline(cell)}</${tag}>`)
      .join('')}</tr>`;
  const lines = body.map((line) => row(line, 'td')).join('');
  return `<div class="table"><table><thead>${row(head, 'th')}</thead><tbody>${lines}</tbody></table></div>`;
}

/** A bar inside code or after a backslash does not separate cells. */
function cellsOf(line: string): readonly string[] {
  const cells =
    line
      .trim()
      .replace(/^\||\|$/g, '')
      .match(/(?:`[^`]*`|\\\||[^|])+|(?<=\|)(?=\|)|^(?=\|)/g) ?? [];
  return cells.map((cell) => cell.replaceAll('\\|', '|').trim());
}

/** `lines`: one list, including the lines indented below its items. */
function listHtml(lines: readonly string[], inline: (words: string) => string): string {
  const depth = (line: string): number => line.search(/\S/);
  const [first = ''] = lines;
  const outer = depth(first);
  const items: string[][] = [];
  for (const line of lines) {
    if (isItem(line) && depth(line) <= outer) items.push([line]);
    else items.at(-1)?.push(line);
  }
  const tag = /^ *\d/.test(first) ? 'ol' : 'ul';
  const html = items.map(([head = '', ...rest]) => {
    const inner = rest.findIndex(isItem);
    const words = [head.replace(/^ *(?:[-*]|\d+\.) /, ''), ...(inner < 0 ? rest : rest.slice(0, inner))];
    const nested = inner < 0 ? '' : listHtml(rest.slice(inner), inline);
    return `<li>${inline(words.map((word) => word.trim()).join(' '))}${nested}</li>`;
  });
  return `<${tag}>${html.join('')}</${tag}>`;
}

/** Code comes first: nothing inside it is markup. */
function inlineHtml(words: string, addressOf: AddressOf): string {
  // A private-use character stands in for each piece of code meanwhile.
  const code: string[] = [];
  const marked = words.replace(/`([^`]+)`/g, (_, inside: string) => `\uE000${code.push(inside) - 1}\uE000`);
  return escaped(marked)
    .replace(/\[([^\]]*)\]\(([^)\s]*)\)/g, (_, label: string, target: string) => {
      const address = addressOf(target);
      return address === null ? label : `<a href="${address}">${label}</a>`;
    })
    .replace(/\*\*(.+?)\*\*/g, '<b>$1</b>')
    .replace(/(?<![\w*])\*(\S(?:.*?\S)?)\*(?![\w*])/g, '<i>$1</i>')
    .replace(/\uE000(\d+)\uE000/g, (_, at: string) => `<code>${escaped(code[Number(at)] ?? '')}</code>`);
}
