import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readLinesBackwards } from '../../src/checks/find-log-lines.js';
import { readErrors } from '../../src/operations/test-alert.js';
import { rolesInOrder } from '../../src/supervisor/roles.js';
import { CheckBench, MINUTE } from './check-bench.js';

const ROLES = rolesInOrder(true);
const bench = new CheckBench();
beforeAll(() => bench.open());
beforeEach(() => bench.renew());
afterAll(() => bench.close());

describe('log-errors', () => {
  const logs = (): string => join(bench.home, 'logs');
  const line = (minutesAgo: number, level: string, message: string): string =>
    `${JSON.stringify({ time: new Date(Date.now() - minutesAgo * MINUTE).toISOString(), role: 'web', level, message })}\n`;
  beforeEach(() => {
    rmSync(logs(), { recursive: true, force: true });
    mkdirSync(logs(), { recursive: true });
  });

  it('counts the errors of the time asked for, over rotated files, and quotes the newest', async () => {
    writeFileSync(
      join(logs(), 'fermata.jsonl.1'),
      line(3_000, 'error', 'too old') + line(120, 'error', 'before'),
    );
    writeFileSync(join(logs(), 'fermata.jsonl'), line(60, 'info', 'calm') + line(30, 'error', 'the newest'));
    appendFileSync(join(logs(), 'fermata.jsonl'), 'a torn line');
    expect(await bench.check('log-errors', { hours: 24 })).toEqual({
      verdict: 'fail',
      observed: '2 errors (web 2); the newest: web: the newest',
      expected: 'at most 0 errors logged in the last 24 hours',
    });
    expect(await bench.check('log-errors', { hours: 1, errorsMax: 1 })).toMatchObject({ verdict: 'pass' });
  });

  it('counts the errors from before a start with the clock behind, and ends where all before is too old', async () => {
    const behind = line(30_000, 'info', 'started with the clock behind').repeat(20);
    const written = line(60, 'error', 'what ended it') + behind + line(30, 'info', 'the clock is right');
    writeFileSync(join(logs(), 'fermata.jsonl'), written);
    expect(await bench.check('log-errors')).toMatchObject({
      verdict: 'fail',
      observed: '1 error (web 1); the newest: web: what ended it',
    });
    const old = line(30_000, 'info', 'old').repeat(2_000);
    writeFileSync(join(logs(), 'fermata.jsonl'), line(60, 'error', 'of another clock') + old + written);
    expect(await bench.check('log-errors')).toMatchObject({ observed: expect.stringMatching(/^1 error /) });
  });

  it('looks back from when its routine was due, so that no error is between two runs, however late one begins', async () => {
    writeFileSync(join(logs(), 'fermata.jsonl'), line(51, 'error', 'before') + line(49, 'error', 'between'));
    expect(await bench.check('log-errors', { hours: 0.5 })).toMatchObject({ verdict: 'pass' });
    bench.context = { ...bench.context, lateMs: 20 * MINUTE };
    expect(await bench.check('log-errors', { hours: 0.5 })).toEqual({
      verdict: 'fail',
      observed: '1 error (web 1); the newest: web: between',
      expected: 'at most 0 errors logged since 0.5 hours before it was due',
    });
  });

  it('counts in every log where each role keeps its own, and quotes the newest of all', async () => {
    for (const role of ROLES) writeFileSync(join(logs(), `${role}.jsonl`), line(1, 'info', 'calm'));
    writeFileSync(join(logs(), 'auditor.jsonl'), line(20, 'error', 'the older'));
    writeFileSync(join(logs(), 'web.jsonl.1'), line(10, 'error', 'the newer'));
    expect(await bench.check('log-errors')).toMatchObject({
      verdict: 'fail',
      observed: '2 errors (web 2); the newest: web: the newer',
    });
  });

  it('is not run where a log can’t be found, and fails for what the others hold', async () => {
    expect(await bench.check('log-errors')).toMatchObject({
      verdict: 'not_run',
      observed: `there is no log in ${logs()}: nothing was counted`,
    });
    for (const role of ROLES.filter((name) => name !== 'trader'))
      writeFileSync(join(logs(), `${role}.jsonl`), line(1, 'info', 'calm'));
    expect(await bench.check('log-errors')).toMatchObject({
      verdict: 'not_run',
      observed: 'no errors; no log of trader',
    });
    appendFileSync(join(logs(), 'ledger.jsonl'), line(1, 'error', 'broken'));
    expect(await bench.check('log-errors')).toMatchObject({
      verdict: 'fail',
      observed: '1 error (web 1); the newest: web: broken; no log of trader',
    });
  });

  it('as of log-search: quotes the lines that have a text, the newest first, and fails where there are too few', async () => {
    expect(await bench.check('log-search', { has: 'halt' })).toMatchObject({ verdict: 'not_run' });
    const lines = [line(90, 'warn', 'halt one'), line(50, 'warn', 'halt two'), line(20, 'info', 'calm')];
    writeFileSync(join(logs(), 'fermata.jsonl'), lines.join(''));
    expect(await bench.check('log-search', { has: 'halt' })).toEqual({
      verdict: 'pass',
      observed: '2 lines; the newest: web: halt two | web: halt one',
      expected: '1 or more lines with "halt" logged in the last 24 hours',
    });
    expect(await bench.check('log-search', { has: 'halt', hours: 1, linesMin: 2 })).toMatchObject({
      ...{ verdict: 'fail', observed: '1 line; the newest: web: halt two' },
    });
  });

  it('as the page lists them: of the hours asked for, the newest 50 first, and that nobody knows without a log', async () => {
    const { context } = bench;
    const read = (hours: number) => readErrors(context, { hours });
    expect(await read(24)).toMatchObject({ known: false, count: 0, errors: [] });
    const path = join(logs(), 'fermata.jsonl');
    writeFileSync(path, line(90, 'error', 'too old') + line(30, 'warn', 'slow'));
    expect(await read(1)).toEqual({ known: true, missing: [], count: 0, errors: [] });
    for (let at = 0; at < 51; at += 1) appendFileSync(path, line(25 - at / 10, 'error', `number ${at}`));
    const { count, errors } = await read(1);
    expect([count, errors.length]).toEqual([51, 50]);
    expect(errors[0]).toMatchObject({ role: 'web', message: 'number 50', atMs: expect.any(Number) });
    expect(errors.at(-1)?.message).toBe('number 1');
  });

  it('reads long files from their end', async () => {
    const path = join(logs(), 'long.txt');
    const lines = Array.from({ length: 20_000 }, (_, number) => `line ${number}`);
    writeFileSync(path, `${lines.join('\n')}\n`);
    const read = [];
    for await (const text of readLinesBackwards(path)) read.push(text);
    expect(read).toEqual(lines.toReversed());
  });
});
