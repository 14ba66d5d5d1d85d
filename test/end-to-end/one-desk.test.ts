import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operationsQueue } from '../../src/contracts/queues.js';
import { homePaths } from '../../src/home/runtime.js';
import type { UpSummary } from '../../src/supervisor/up-options.js';
import { openTemporal } from '../../src/temporal/open-temporal.js';
import { deskWithRestingEntry, withOwnCheck } from '../support/desk-files.js';
import { runtimeOf, withStore } from '../support/desk-store.js';
import { type DeskUnderTest, deskUnderTest, repository } from '../support/desk-under-test.js';
import { until } from '../support/eventually.js';
import { openBrowser, openDashboard } from '../support/page.js';
import { profitableRecording } from '../support/profitable-recording.js';

interface Step {
  readonly expected: string;
  readonly observed: string;
}

const desk: DeskUnderTest = deskUnderTest();
let file: string;
let screen: UpSummary;
let browser: Browser | undefined;
let page: Page;

beforeAll(async () => {
  file = withOwnCheck(deskWithRestingEntry(desk.home));
  screen = await desk.up('--market', 'simulated', '--desk', file);
  // Its end is noticed up to 15 seconds later, while the first tests wait for prices.
  await terminateRun();
});

afterAll(async () => {
  await browser?.close();
  await desk.dispose();
});

async function terminateRun(): Promise<void> {
  const { client, close } = openTemporal(runtimeOf(desk));
  const taskQueue = operationsQueue(desk.desk);
  const input = { workflowId: 'by-hand:backup', taskQueue, args: [{ desk: desk.desk }] };
  const run = await client.workflow.start('backup', input);
  await run.terminate('by hand');
  await close();
}

describe('one desk, from the command to flat', () => {
  it('names desk, mode, prices and addresses on its screen', () => {
    expect(screen).toMatchObject({ desk: 'crypto-bot', trading: 'paper', simulated: true });
    expect(screen.prices).toMatch(/simulated/i);
    expect(screen.signInUrl).toMatch(/^http:\/\/(127\.0\.0\.1|localhost):\d+\/.*#/);
  });

  it('runs its pre-market routine, arms itself and makes its first paper trade within a minute', async () => {
    const status = await until('a first fill', async () => {
      const now = await desk.status();
      return now.mode === 'ACTIVE' && now.fills > 0 ? now : null;
    });
    expect(status.trading).toBe('paper');
    const run = await desk.ask('status', '--json');
    expect(run.code).toBe(0);
    const shown = JSON.parse(run.stdout);
    for (const key of [
      'desk',
      'mode',
      'reason',
      'marketData',
      'equity',
      'openPositions',
      'openOrders',
      'fills',
    ]) {
      expect(shown, `status --json has ${key}`).toHaveProperty(key);
    }
    expect(shown.temporal).toMatchObject({ kind: 'managed', isolation: 'own-network', namespace: 'fermata' });
  });

  it('is stopped in the browser while an entry rests: no entry is left, positions and their stops stay', async () => {
    const before = await until('an entry that rests beside a protected position', async () => {
      const now = await desk.status();
      const guarded = now.positions.some((position) => position.protection === 'confirmed');
      return now.mode === 'ACTIVE' && now.entriesWorking > 0 && guarded ? now : null;
    });
    browser = await openBrowser();
    page = await openDashboard(browser, screen.signInUrl);
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    const guarded = before.positions
      .filter((one) => one.protection === 'confirmed')
      .map(({ symbol }) => symbol);
    // An exit that was under way is taken back, and its stop rests again a moment later; a stop may also fill by itself.
    const after = await until('HALTED without an entry, and a stop for what is still held', async () => {
      const now = await desk.status();
      const bare = now.positions.filter(
        ({ symbol, protection }) => guarded.includes(symbol) && protection !== 'confirmed',
      );
      return now.mode === 'HALTED' && now.entriesWorking === 0 && bare.length === 0 ? now : null;
    });
    expect(after.halts.some((halt) => halt.cause === 'person')).toBe(true);
  });

  it('closes everything from the page and proves it flat by reading the venue back', async () => {
    await page.getByRole('button', { name: 'Close all', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox').fill('end-to-end test');
    await dialog.getByRole('button', { name: /close all/i }).click();
    const after = await until('flat', async () => {
      const now = await desk.status();
      return now.closeAll === 'flat' && now.openPositions === 0 ? now : null;
    });
    expect(after.openOrders).toBe(0);
    expect(after.mode).toBe('HALTED');
    // A page that nobody looks at any more is drawn anew with each price.
    await browser?.close();
  });

  it('is resumed by a person on the command line, and trades on', async () => {
    await desk.signIn();
    const run = await desk.ask('resume', '--reason', 'end-to-end test');
    expect(run.stderr + run.stdout).not.toMatch(/Error:/);
    expect(run.code).toBe(0);
    expect((await desk.status()).mode).toBe('ACTIVE');
  });

  it('does what docs/TOUR.md has typed, command by command', async () => {
    for (const [name, price] of [['btc', 60_000] as const, ['eth', 3_000] as const])
      profitableRecording(desk.home, name, price, 1_440);
    const text = readFileSync(join(repository, 'docs/TOUR.md'), 'utf8');
    const lines = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
      block.trim().split('\n'),
    );
    expect(lines.length).toBeGreaterThan(8);
    for (const line of lines) {
      const words = line.match(/"[^"]*"|\S+/g)?.map((word) => word.replaceAll('"', '')) ?? [];
      expect(words.slice(0, 2)).toEqual(['npx', 'fermata']);
      const [name = '', ...options] = words.slice(2);
      const end = await desk.run(name, ...options.map((word) => word.replace('.fermata', desk.home)));
      // Three hours are too little for a GO: the tour says so.
      expect(end.code, `${line}: ${end.stdout}${end.stderr}`).toBe(name === 'validate' ? 1 : 0);
      if (name === 'validate') expect(end.stdout).toMatch(/^✗ NO-GO/m);
    }
    expect(existsSync(join(desk.home, 'page.html'))).toBe(true);
    expect((await desk.status()).mode).toBe('ACTIVE');
  });

  it('shows the evidence of every step of its routine to programs', async () => {
    expect((await desk.ask('run', 'pre-market')).code).toBe(0);
    const password = readFileSync(screen.passwordFile ?? '', 'utf8').trim();
    const signedIn = await fetch(`${screen.dashboardUrl}api/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'operator', password }),
    });
    const { accessToken } = (await signedIn.json()) as { accessToken: string };
    const answer = await fetch(`${screen.dashboardUrl}api/routines`, {
      headers: { authorization: `Bearer ${accessToken}` },
    });
    const { runs } = (await answer.json()) as { runs: { routine: string; steps: Step[] }[] };
    const [latest] = runs.filter((run) => run.routine === 'pre-market' && run.steps.length > 0);
    expect(latest?.steps.length).toBeGreaterThanOrEqual(8);
    // Of the desk's own folder.
    const own = { expected: 'at least 1', observed: 'crypto-bot has its equity in USDT' };
    expect(latest?.steps).toContainEqual(expect.objectContaining(own));
    for (const { expected, observed } of latest?.steps ?? []) {
      expect(expected).not.toBe('');
      expect(observed).not.toBe('');
    }
  });

  it('tells of a run that was terminated', () =>
    withStore(desk, (pool) =>
      until(
        'its notice',
        async () => {
          const told = await pool.query("select from notice where title like '%abandoned: the backup'");
          return told.rowCount === 1;
        },
        300_000,
      ),
    ));

  it('says before an upgrade whether what is open would go on with that build', async () => {
    const fits = await desk.ask('upgrade', '--check', '--json');
    expect([fits.code, JSON.parse(fits.stdout)]).toMatchObject([0, { ok: true }]);
    const build = join(desk.home, 'next-build');
    mkdirSync(join(build, 'dist'), { recursive: true });
    for (const name of ['workflows-operations.js', 'workflows-emergency.js']) {
      const now = readFileSync(join(repository, 'dist', name), 'utf8');
      writeFileSync(join(build, 'dist', name), now.replaceAll('deskOwner', 'ownerOfDesk'));
    }
    const { code, stdout } = await desk.ask('upgrade', '--check', '--build', build);
    expect(code).toBe(1);
    expect(stdout).toMatch(/STANDS STILL deskOwner .*desk-owner:/);
    expect(stdout).toMatch(/1 of \d+ open runs would stand still with this build\. Nothing was changed/);
  });

  it('makes no QR code of an address that a phone would look for on itself', async () => {
    const run = await desk.ask('link', '--qr');
    expect([run.code, run.stdout]).toEqual([1, '']);
    expect(run.stderr).toMatch(
      /leads to this machine alone[\s\S]*kept safe: no link was made[\s\S]*api\.publicUrl/,
    );
  });

  it('tells a second start that it already runs, and does no harm', async () => {
    const run = await desk.run('up', '--market', 'simulated', '--port', '0');
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/already runs/);
    expect((await desk.status()).mode).toBe('ACTIVE');
  });

  it('ends in order on Ctrl-C, leaves no process, and goes on where it ended', async () => {
    const before = await desk.status();
    const pids = [...desk.pids().values()];
    expect(await desk.interrupt()).toBe(0);
    for (const pid of pids) expect(() => process.kill(pid, 0), `process ${pid} has ended`).toThrow();
    expect(existsSync(homePaths(desk.home).sockets)).toBe(false);
    await desk.up('--market', 'simulated', '--desk', file);
    const after = await until('armed again', async () => {
      const now = await desk.status();
      return now.mode === 'ACTIVE' ? now : null;
    });
    expect(after.incarnation).toBe(before.incarnation);
    expect(after.fills).toBeGreaterThanOrEqual(before.fills);
    expect(after.marketData.marketMs).toBeGreaterThanOrEqual(before.marketData.marketMs);
  });
});
