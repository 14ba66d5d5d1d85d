/**
 * Our documents as pages, served by the desk itself: what a message links to must be readable when nothing outside
 * answers.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { asTyped } from '../../home/as-typed.js';
import type { WebDependencies } from '../dependencies.js';
import { renderMarkdown } from '../documents/markdown.js';
import { notFound, sendProblem } from '../problem.js';

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
