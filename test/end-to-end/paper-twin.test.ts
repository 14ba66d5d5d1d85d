/** A halted desk and its paper twin in one FERMATA_HOME: the same desk, with nothing of the one in the other. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { deskPaths, homePaths, secretFile } from '../../src/home/runtime.js';
import { connectTrader } from '../../src/trader/client.js';
import { withStore } from '../support/desk-store.js';
import { type DeskUnderTest, deskUnderTest, repository } from '../support/desk-under-test.js';
import { until } from '../support/eventually.js';

const live = deskUnderTest();
let twin: DeskUnderTest;
afterAll(async () => {
  await twin?.dispose();
  await live.dispose();
});

const TWIN = 'crypto-bot-paper';
const KEY = { BINANCE_API_KEY: 'a'.repeat(64), BINANCE_SECRET_KEY: 'b'.repeat(64) };
const person = { by: 'anna', reason: 'a strategy under suspicion' };

/** What the database of a desk has on record is of these desks. */
const onRecordOf = (desk: DeskUnderTest): Promise<readonly string[]> =>
  withStore(desk, async (pool) => {
    const { rows } = await pool.query<{ desk: string }>(
      'select desk from evidence union select desk from journal_entry union select desk from settings_version',
    );
    return rows.map((row) => row.desk);
  });

it('is written by one command, and starts nowhere but beside its desk', async () => {
  const { code } = await live.ask('init', '--twin-of', 'crypto-bot', '--yes');
  expect(code).toBe(0);
  const file = join(live.home, 'desks', TWIN, 'desk.yaml');
  expect(readFileSync(file, 'utf8')).toBe(`desk: ${TWIN}\ntwinOf: crypto-bot\n`);
  const again = await live.ask('init', '--twin-of', 'crypto-bot', '--yes');
  expect(again.stderr).toContain(`${file} exists already`);
  const twinOfTwin = await live.ask('init', '--twin-of', TWIN, '--yes');
  expect(twinOfTwin.stderr).toContain('a desk that is no twin itself');
  const early = await live.run('up', '--desk', TWIN);
  expect(early.stderr).toContain('the paper twin of crypto-bot, which never ran with FERMATA_HOME');
  expect(existsSync(join(live.home, 'run', 'first-desk'))).toBe(false);
});

it('trades by what is in force on its halted desk, without a key, and each has only its own on record', async () => {
  await live.up('--market', 'simulated');
  const { strategies } = await until('the desk trades', async () => {
    const status = await live.status();
    return status.mode === 'ACTIVE' && status;
  });
  const strategy = strategies[0]?.name ?? '';
  const trader = connectTrader(deskPaths(homePaths(live.home), 'crypto-bot').controlSocket);
  const values = { 'risk.dailyLossLimitPct': 1 };
  const reload = { baseVersion: 0, decisions: [], approvalId: '', values };
  await trader.call('reload', { ...person, commandId: 'tighter', ...reload });
  await trader.call('resize', { ...person, commandId: 'smaller', sizePct: 50, decisions: [] });
  await trader.call('toggle', { ...person, commandId: 'off', strategy, enabled: false });
  trader.close();
  expect((await live.ask('stop', '--reason', 'a drawdown')).code).toBe(0);

  twin = deskUnderTest(TWIN, KEY, live);
  const screen = await twin.up('--desk', TWIN, '--market', 'simulated');
  expect(screen).toMatchObject({ desk: TWIN, twinOf: 'crypto-bot', trading: 'paper' });
  const status = await until('the twin trades', async () => {
    const now = await twin.status();
    return now.mode === 'ACTIVE' && now;
  });
  expect(status).toMatchObject({ sizePct: 50, settings: { changed: values } });
  expect(status.strategies.find(({ name }) => name === strategy)?.enabled).toBe(false);
  expect((await live.status()).mode).toBe('HALTED');
  expect(status.incarnation).not.toBe((await live.status()).incarnation);

  for (const [name, pid] of [...twin.pids(), ['supervisor', twin.supervisorPid()] as const])
    if (existsSync(`/proc/${pid}/environ`) && name !== 'supervisor')
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8'), name).not.toContain('BINANCE_');

  await until('what the twin does is on record', async () => (await onRecordOf(twin)).includes(TWIN));
  expect(await onRecordOf(twin)).toEqual([TWIN]);
  expect(await onRecordOf(live)).toEqual(['crypto-bot']);
  const { desks } = JSON.parse((await live.ask('desks', '--json')).stdout);
  expect(desks.find(({ name }: { name: string }) => name === TWIN)).toMatchObject({
    ...{ twinOf: 'crypto-bot', runs: true, mode: 'ACTIVE' },
  });
});

it('says what it did since the halt to who decides, which is kept with the decision', async () => {
  const did =
    /crypto-bot-paper, its paper twin, since .*: (no trade|\d+ trades?) closed.*; equity [+-]\d+\.\d\d %, largest drawdown \d+\.\d\d %/;
  await until('what it did', async () => did.test((await live.ask('status', '--desk', 'crypto-bot')).stdout));
  expect((await twin.ask('status', '--desk', TWIN)).stdout).not.toContain('its paper twin');
  const password = join(homePaths(live.home).secrets, 'operator-password');
  await live.ask('login', 'operator', '--password-file', password, '--desk', 'crypto-bot');
  const resumed = await live.ask('resume', '--desk', 'crypto-bot', '--reason', 'the twin did well');
  expect(resumed.code).toBe(0);
  const { rows } = await withStore(live, (pool) =>
    pool.query<{ parameters: { twins: string[] } }>(
      "select parameters from audit where action = 'resume' order by wall limit 1",
    ),
  );
  expect(rows[0]?.parameters.twins).toEqual([expect.stringMatching(did)]);
});

it('never trades real money, and a name is never that of a desk and a twin', async () => {
  const preflight = await twin.ask('preflight', '--desk', TWIN);
  expect(preflight.stderr).toContain('is the paper twin of crypto-bot and never trades real money');
  const password = secretFile(twin.home, 'operatorPassword');
  expect((await twin.ask('login', 'operator', '--password-file', password, '--desk', TWIN)).code).toBe(0);
  const goLive = await twin.ask('go-live', '--desk', TWIN, '--reason', 'it did well');
  expect(`${goLive.stdout}${goLive.stderr}`).toContain('go live with crypto-bot itself');
  expect(goLive.code).not.toBe(0);
  expect(await twin.interrupt()).toBe(0);
  const whole = readFileSync(join(repository, 'desks/crypto-bot/desk.yaml'), 'utf8');
  writeFileSync(join(live.home, 'desks', TWIN, 'desk.yaml'), whole.replace(/^desk: .*$/m, `desk: ${TWIN}`));
  const own = await twin.run('up', '--desk', TWIN);
  expect(own.stderr).toContain(`the name ${TWIN} is taken: here it ran as the paper twin of crypto-bot`);
});
