/** Two desks in one FERMATA_HOME, as a person has them: started in two shells, stopped, killed, ended, restored alone. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeskUnderTest, deskUnderTest, repository, until } from '../support/desk-under-test.js';

const first = deskUnderTest();
let second: DeskUnderTest;

beforeAll(async () => {
  const folder = join(first.home, 'desks', 'second');
  mkdirSync(folder, { recursive: true });
  const text = readFileSync(join(repository, 'desks/crypto-bot/desk.yaml'), 'utf8');
  writeFileSync(join(folder, 'desk.yaml'), text.replace(/^desk: .*$/m, 'desk: second'));
  const starting = first.up('--market', 'simulated');
  await until('the first desk’s place', () => first.pids().size > 0);
  second = deskUnderTest('second', {}, first);
  await Promise.all([starting, second.up('--market', 'simulated', '--desk', 'second', '--seed', '8')]);
});

afterAll(async () => {
  await second?.dispose();
  await first.dispose();
});

const active = (desk: DeskUnderTest) =>
  until(`${desk.desk} trades`, async () => (await desk.status()).mode === 'ACTIVE');

describe('two desks in one FERMATA_HOME', () => {
  it('trade at the same time, and no command guesses which one is meant', async () => {
    await Promise.all([active(first), active(second)]);
    const { code, stderr } = await first.run('close-all');
    expect(code).toBe(1);
    expect(stderr).toContain('with --desk crypto-bot, or with --desk second');
    expect((await first.status()).mode).toBe('ACTIVE');
    const { desks } = JSON.parse((await first.run('desks', '--json')).stdout);
    const running = desks.filter(({ runs }: { runs: boolean }) => runs);
    expect(running).toMatchObject([
      { name: 'crypto-bot', mode: 'ACTIVE' },
      { name: 'second', mode: 'ACTIVE' },
    ]);
    const pages: string[] = running.map(({ page }: { page: string }) => page);
    expect(new Set(pages).size).toBe(2);
    // What a page says is to be typed is about its own desk.
    const texts = await Promise.all(pages.map(async (page) => (await fetch(page)).text()));
    expect(texts.map((text) => /name="command-line" content="([^"]*)"/.exec(text)?.[1])).toEqual([
      expect.stringMatching(/fermata --desk crypto-bot$/),
      expect.stringMatching(/fermata --desk second$/),
    ]);
  });

  it('a stop is one desk’s, and so is the death of a trader', async () => {
    const before = first.pids().get('trader');
    const stop = await first.run('stop', '--desk', 'second', '--reason', 'only this one');
    expect(stop.stdout).toContain('✓ stop: proven');
    expect(stop.code).toBe(0);
    const killed = await second.pidOf('trader');
    process.kill(killed, 'SIGKILL');
    await until('its trader again', async () => second.pids().get('trader') !== killed && second.status());
    expect((await second.status()).mode).toBe('HALTED');
    expect((await first.status()).mode).toBe('ACTIVE');
    expect(first.pids().get('trader')).toBe(before);
  });

  it('one that ends leaves the other its servers, and is restored alone', async () => {
    const backup = await first.run('backup', '--desk', 'crypto-bot', '--json');
    expect(JSON.parse(backup.stdout)).toMatchObject({ ok: true, proven: true });
    const trader = second.pids().get('trader');
    expect(await first.interrupt()).toBe(0);
    // Only one runs: no name is needed.
    const other = await until('a backup of the other', async () => {
      const { stdout, code } = await first.run('backup', '--json');
      return code === 0 && JSON.parse(stdout);
    });
    expect(other).toMatchObject({ ok: true, workflowId: 'backup:second' });
    const restore = ['restore', '--latest', '--desk', 'crypto-bot', '--confirm', 'crypto-bot'];
    const restored = await first.run(...restore);
    expect(restored.stdout + restored.stderr).toContain('✓ crypto-bot is what the backup holds');
    expect((await second.status()).mode).toBe('HALTED');
    expect(second.pids().get('trader')).toBe(trader);
    expect((await first.run('evidence', 'verify', '--desk', 'second')).code).toBe(0);
  });
});
