/** What people are woken for is explained, by the desk itself, and what is explained is true. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anchorOf, renderMarkdown } from '../../src/api/routes/documents.js';
import { WOKEN } from '../../src/contracts/notice.js';
import { HALT_CAUSES } from '../../src/domain/mode.js';
import { programAsTyped } from '../../src/home/desk-in-process.js';
import { SHIPPED_KINDS, topicOfIncident } from '../../src/playbooks/registry.js';
import { startWebUnderTest, type WebUnderTest } from './web-under-test.js';

const ROOT = join(import.meta.dirname, '../..');
const DOCS = join(ROOT, 'docs');

const TOPICS = [...HALT_CAUSES, ...SHIPPED_KINDS, topicOfIncident('late-bank'), ...Object.keys(WOKEN)];

const sections = new Map(
  readFileSync(join(DOCS, 'WOKEN.md'), 'utf8')
    .split(/^### /m)
    .slice(1)
    .map((section) => [section.split('\n', 1)[0] ?? '', section]),
);

describe('docs/WOKEN.md', () => {
  it.each(TOPICS)('says of %s what happened, what is safe, what to look at and what to do', (topic) => {
    const section = sections.get(topic) ?? '';
    for (const part of ['What happened', 'Safe already', 'Look at', 'Do'])
      expect(section).toMatch(new RegExp(`^- \\*\\*${part}\\*\\*: \\S`, 'm'));
  });

  it('explains nothing that nobody is woken for', () => {
    expect([...sections.keys()].filter((name) => !TOPICS.includes(name))).toEqual([]);
  });

  it('explains each declared notice, and somebody sends it', () => {
    const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && name !== 'contracts/notice.ts')
      .map((name) => readFileSync(join(ROOT, 'src', name), 'utf8'));
    const unsent = Object.keys(WOKEN).filter(
      (topic) =>
        !sources.some((text) => text.includes(`woken('${topic}'`) || text.includes(`about: '${topic}'`)),
    );
    expect(unsent).toEqual([]);
  });

  it('is where every critical notice of the sources leads', () => {
    // What a playbook says is how severe its incident is; the notice about that leads to its kind.
    const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.ts') && !name.startsWith('playbooks/') && name !== 'contracts/notice.ts',
    );
    const silent = files.flatMap((name) => {
      const text = readFileSync(join(ROOT, 'src', name), 'utf8');
      return [...text.matchAll(/severity: (?:'critical'|.*\? 'critical')/g)]
        .filter(({ index }) => !/\babout\b|\bwoken\(/.test(text.slice(Math.max(0, index - 160), index + 120)))
        .map(() => name);
    });
    expect(silent).toEqual([]);
  });
});

describe('the documents as pages', () => {
  let web: WebUnderTest;
  beforeAll(async () => {
    web = await startWebUnderTest(null);
  });
  afterAll(() => web?.stop());

  it('are there for whoever is woken, signed in or not, with a place for each topic', async () => {
    const answer = await web.call('GET', '/docs/WOKEN');
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const page = await answer.text();
    for (const topic of TOPICS) expect(page).toContain(`<h3 id="${topic}">`);
    expect(page).toContain('<a href="/docs/INCIDENTS#the-playbooks">');
    expect(page).toContain(`<code>${programAsTyped()} incident ack ID</code>`);
    expect(page).not.toMatch(/<script|style=|(?:href|src)="https?:/);
    const none = await web.call('GET', '/docs/..%2Fpackage.json');
    expect(none.status).toBe(404);
    expect(await none.json()).toMatchObject({ detail: 'There is no such document.' });
  });

  it('link to nothing that is not there', async () => {
    const names = readdirSync(DOCS).filter((name) => name.endsWith('.md'));
    const pages = new Map<string, string>();
    for (const name of names) {
      const path = `/docs/${name.replace('.md', '')}`;
      pages.set(path, await (await web.call('GET', path)).text());
    }
    const dead = [...pages].flatMap(([path, page]) =>
      [...page.matchAll(/href="((?:\/docs\/[A-Z_]+)?(?:#[^"]+)?)"/g)].flatMap(([, href = '']) => {
        const [to = '', section] = href.split('#');
        const target = pages.get(to || path);
        const there = target !== undefined && (section === undefined || target.includes(` id="${section}"`));
        return there ? [] : [`${path}: ${href}`];
      }),
    );
    expect(dead).toEqual([]);
  });
});

it('Markdown becomes HTML, and nothing that is written becomes a tag', () => {
  const text = [
    '# A `b` & c',
    '',
    'Words **bold *and* more**, `2 ** 3 ** 4` [there](B.md#x) [gone](../x.ts) <b>',
    'go on.',
    '',
    '- one',
    '  goes on',
    '  - inner',
    '- two',
    '',
    '| a | b |',
    '|---|---|',
    '| `x|y` | |',
    '',
    '```sh',
    'a <b>',
    '```',
  ].join('\n');
  const { title, html } = renderMarkdown(text, (target) => (target.startsWith('B') ? '/docs/B#x' : null));
  expect(title).toBe('A b & c');
  expect(html.split('\n')).toEqual([
    '<h1 id="a-b--c">A <code>b</code> &amp; c</h1>',
    '<p>Words <b>bold <i>and</i> more</b>, <code>2 ** 3 ** 4</code> <a href="/docs/B#x">there</a> gone &lt;b&gt; go on.</p>',
    '<ul><li>one goes on<ul><li>inner</li></ul></li><li>two</li></ul>',
    '<div class="table"><table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td><code>x|y</code></td><td></td></tr></tbody></table></div>',
    '<pre><code>a &lt;b&gt;</code></pre>',
  ]);
  expect(anchorOf('stop, close-all, resume')).toBe('stop-close-all-resume');
});
