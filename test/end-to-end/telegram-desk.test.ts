/** A whole desk as it ships, payloads sealed, whose people sit in Telegram: the real bot on a simulated Bot API. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_TOKEN } from '../../simulators/telegram/simulation.js';
import { startTelegramSimulator, type TelegramSimulator } from '../../simulators/telegram/start.js';
import type { Incident } from '../../src/contracts/incident.js';
import { type Chat, chatOf } from '../support/chat-of.js';
import { deskWithTwoPeople } from '../support/desk-files.js';
import { type DeskUnderTest, deskUnderTest } from '../support/desk-under-test.js';
import { until } from '../support/eventually.js';
import { type CallApi, signedIn } from '../support/signed-in.js';

const SIZE = 'risk.maxPositionSizePct';

const PASSWORD = 'a-password-of-bens-own';
let simulator: TelegramSimulator;
let desk: DeskUnderTest;
let api: CallApi;
let alerts: Chat;
let operator: Chat;
let ben: Chat;

beforeAll(async () => {
  simulator = await startTelegramSimulator();
  alerts = chatOf(simulator, 500);
  operator = chatOf(simulator, 501);
  ben = chatOf(simulator, 502);
  desk = deskUnderTest('crypto-bot', {
    TELEGRAM_BOT_TOKEN: DEFAULT_TOKEN,
    TELEGRAM_CHAT_ID: String(alerts.id),
    TELEGRAM_API_ROOT: simulator.address,
    FERMATA_PERSON_PASSWORD: PASSWORD,
  });
  api = await signedIn(await desk.up('--market', 'simulated', '--desk', deskWithTwoPeople(desk.home)));
});

afterAll(async () => {
  await desk?.dispose();
  await simulator?.close();
});

const mode = (wanted: string) =>
  until(wanted, async () => {
    const status = await desk.status();
    return status.mode === wanted ? status : null;
  });

async function link(chat: Chat, person: string): Promise<void> {
  const { stdout } = await desk.ask('telegram', 'link', person, '--json');
  chat.write(`/start ${(JSON.parse(stdout) as { code: string }).code}`);
  await chat.reads(new RegExp(`You are ${person} on crypto-bot`));
}

async function resumeByTwo(): Promise<void> {
  for (const chat of [operator, ben]) {
    chat.write('/resume');
    expect(await chat.tap(await chat.isAsked(/Trade again on crypto-bot/), 'Resume')).toBe(
      'It is being done.',
    );
    if (chat === operator) {
      await chat.reads(/⏳ Resume: not yet\. .*waits for 1 more of two people to decide/);
      await ben.reads(/operator wants crypto-bot to trade again/);
    }
  }
  await ben.reads(/✅ Resume: proven/);
  await mode('ACTIVE');
}

const inForce = async (): Promise<number | undefined> =>
  (await api<{ settings: { key: string; value: number }[] }>('GET', 'settings')).body.settings.find(
    ({ key }) => key === SIZE,
  )?.value;

async function loosenTo(value: number): Promise<void> {
  const asked = await api('PUT', 'settings', { values: { [SIZE]: value }, reason: `larger: ${value}` });
  expect(asked.status).toBe(202);
}

describe('a desk whose people sit in Telegram', () => {
  it('knows them by a one-time code, answers them, and ignores and records strangers', async () => {
    expect((await desk.ask('person', 'add', 'ben')).code).toBe(0);
    await desk.signIn('ben', PASSWORD);
    await Promise.all([link(operator, 'operator'), link(ben, 'ben')]);
    const stranger = chatOf(simulator, 666);
    stranger.write('/stop');
    await mode('ACTIVE');
    operator.write('/status');
    await operator.reads(/^crypto-bot: ACTIVE \(paper\)/);
    const { body } = await api<{ entries: { person: string }[] }>('GET', 'audit?action=telegram.stranger');
    expect(body.entries).toMatchObject([{ person: 'telegram:666', parameters: { text: '/stop' } }]);
    expect(stranger.texts()).toEqual([]);
    expect((await desk.status()).halts).toEqual([]);
  });

  it('proves in its daily routine that alerts arrive', async () => {
    const { stdout } = await desk.ask('run', 'daily', '--json');
    const { steps } = JSON.parse(stdout) as { steps: { key: string; verdict: string; observed: string }[] };
    expect(steps.find(({ key }) => key === 'telegram')).toMatchObject({
      verdict: 'pass',
      observed: expect.stringMatching(/^delivered in \d+ ms/),
    });
    await alerts.reads(/alerts arrive/);
  });

  it('loosens a setting by a tap that saw the exact values, however often it is tapped', async () => {
    await loosenTo(4);
    const question = await ben.isAsked(/Approval: Settings version 1: larger: 4/);
    expect(question.text).toContain(`${SIZE}: 3 → 4`);
    await ben.tap(question, 'Details');
    expect((await ben.reads(/State: open/)).text).toMatch(
      new RegExp(`${SIZE}: 3 → 4[^]*Parameters [0-9a-f]{64}`),
    );
    expect(await inForce()).toBe(3);
    const approve = question.reply_markup?.inline_keyboard[0]?.[0]?.callback_data ?? '';
    const notes = await Promise.all([ben.tap(question, 'Approve'), ben.tapAgain(question, approve)]);
    expect(notes).toContain('✅ approved by ben');
    await until('the setting in force', async () => (await inForce()) === 4);
    expect(await operator.tapAgain(await operator.reads(/Settings version 1/), approve)).toContain(
      'It is approved already',
    );
    // The trader is asked what is in force, Postgres who approved it.
    const history = await until('the change in Postgres', async () => {
      const { body } = await api<{ history: { approvedBy: string[] }[] }>('GET', 'settings');
      return body.history.length > 0 && body.history;
    });
    expect(history).toMatchObject([{ version: 1, approvedBy: ['ben'] }]);
  });

  it('takes no approval of what has changed meanwhile, and says so', async () => {
    await loosenTo(5);
    const question = await ben.isAsked(/Approval: Settings version 2: larger: 5/);
    const tightened = await api('PUT', 'settings', { values: { [SIZE]: 2 }, reason: 'smaller first' });
    expect(tightened.status).toBe(200);
    await ben.tap(question, 'Approve');
    await ben.reads(/Settings version 2: not applied/);
    expect(await inForce()).toBe(2);
  });

  it('stops without asking, and trades again when two people say so', async () => {
    operator.write('/stop lunch');
    await operator.reads(/✅ Stop: proven/);
    expect((await desk.status()).mode).toBe('HALTED');
    await alerts.reads(/crypto-bot: HALTED\nlunch/);
    await resumeByTwo();
    await alerts.reads(/crypto-bot trades/);
  });

  it('lets a person take an incident by a tap', async () => {
    await api('POST', 'incidents', { title: 'Withdrawals are slow' });
    expect(await ben.tap(await alerts.isAsked(/Withdrawals are slow/), 'I have it')).toMatch(
      /^✅ ben has it/,
    );
    await alerts.reads(/Somebody has it: Withdrawals are slow/);
    // People are told before Postgres is.
    const acknowledged = await until('the incident as acknowledged', async () => {
      const { body } = await api<{ incidents: Incident[] }>('GET', 'incidents?state=acknowledged');
      return body.incidents.length > 0 && body.incidents;
    });
    expect(acknowledged).toMatchObject([{ title: 'Withdrawals are slow', acknowledgedBy: 'ben' }]);
  });

  it('honours a stop that is sent while the bot is dead', async () => {
    process.kill(await desk.pidOf('web'), 'SIGKILL');
    operator.write('/stop while you were dead');
    const status = await mode('HALTED');
    expect(status.halts).toMatchObject([{ cause: 'person', by: 'operator', reason: 'while you were dead' }]);
    await operator.reads(/✅ Stop: proven/);
    await resumeByTwo();
  });

  it('closes everything after asking, proven flat', async () => {
    await until('a position', async () => (await desk.status()).openPositions > 0);
    operator.write('/closeall');
    const question = await operator.isAsked(/Close ALL positions of crypto-bot at market \(paper\)/);
    expect(await desk.status()).toMatchObject({ mode: 'ACTIVE' });
    await operator.tap(question, 'Close all');
    await operator.reads(/✅ Close all: proven/);
    expect(await desk.status()).toMatchObject({
      mode: 'HALTED',
      closeAll: 'flat',
      openPositions: 0,
      openOrders: 0,
    });
  });

  it('has told everything once, in order, when Telegram is back after most of an hour', async () => {
    await resumeByTwo();
    const before = alerts.texts().length;
    const { simulation } = simulator;
    // Telegram takes the first one and goes away before it can say so.
    simulation.faults.add({ method: 'sendMessage', effect: { kind: 'dropAfterAccept' } });
    await api('POST', 'incidents', { title: 'Seen while away 1' });
    await alerts.reads(/Seen while away 1/);
    simulation.setAway(true);
    for (const number of [2, 3, 4]) {
      const title = `Seen while away ${number}`;
      await api('POST', 'incidents', { title });
      // Each is told by a run of its own, before it stands in Postgres.
      await until(`${title} in Postgres`, async () => {
        const { body } = await api<{ incidents: Incident[] }>('GET', 'incidents');
        return body.incidents.some((one) => one.title === title);
      });
    }
    operator.write('/stop nobody hears me', 55);
    ben.write('/status', 50);
    expect((await desk.status()).mode).toBe('ACTIVE');
    simulation.setAway(false);
    expect((await mode('HALTED')).halts).toMatchObject([{ reason: 'nobody hears me' }]);
    await ben.reads(/^crypto-bot: HALTED/);
    await alerts.reads(/HALTED\nnobody hears me/);
    await alerts.reads(/Seen while away 4/);
    const incidents = alerts.texts().flatMap((text) => /Seen while away (\d)/.exec(text)?.[1] ?? []);
    expect(incidents).toEqual(['1', '2', '3', '4']);
    // Only of these: before them the day may have ended, and its routines have been told in the same words twice.
    const told = alerts.texts().slice(before);
    expect(new Set(told).size).toBe(told.length);
  });
});
