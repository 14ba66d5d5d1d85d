/** Data files of a strategy: named by hash in the desk file, given to it as they were read, and a part of the desk's hash. */

import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SweepReport } from '../../src/backtest/sweep/sweep-report.js';
import { configuration } from '../../src/checks/configuration.js';
import { backtestDesk } from '../../src/cli/backtest-desk.js';
import type { ReplayReport } from '../../src/cli/commands/replay.js';
import { artefactFiles } from '../../src/desk/own-strategies.js';
import { decisionSubject, signDecision } from '../../src/domain/decision.js';
import { settingsTerms } from '../../src/domain/settings-change.js';
import { deskPaths, homePaths } from '../../src/home/runtime.js';
import { definitionOf } from '../../src/pack/strategy/own-definition.js';
import { describeStrategies } from '../../src/pack/strategy/read-strategies.js';
import { keepStartedDesk } from '../../src/supervisor/start/runtime-file.js';
import { keepRequest, validationPlace } from '../../src/validation/request.js';
import { runValidation } from '../../src/validation/run.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { commandsInOneProcess } from '../cli/run-command.js';
import { DeskUnderTest } from '../engine/support/desk.js';
import { until } from '../support/eventually.js';
import { DECISION_KEY, recordsIn, traderHome } from '../trader/spawn-trader.js';
import { HOUR_MS, recorded, waves, writeMinutes } from '../validation/support/validations.js';
import { deskText, problemsOf, strategyFolder } from './support/strategy-desk.js';

const runCommand = commandsInOneProcess();

/** Enters each `every` bars as the model says; weights and words are said with it. */
const MODELLED = `
import { strategy } from 'fermata/strategy';

interface Model { readonly every: number; readonly layers: readonly (readonly number[])[] }

export default strategy({
  suits: 'trending',
  parameters: { extra: { whole: true, min: 0, max: 50, default: 0, meaning: 'ticks' } },
  artefacts: { model: 'json', weights: 'bytes', words: 'text' },
  create({ parameters, artefacts: { model, weights, words } }) {
    const { every } = model as Model;
    const floats = new DataView(weights.buffer);
    const sum = floats.getFloat32(0, true) + floats.getFloat32(4, true);
    let seen = 0;
    return {
      warmupBars: 0,
      onBar(desk) {
        seen += 1;
        if (desk.lots > 0) desk.exit('over');
        if (seen % every !== 0 || desk.lots !== 0 || desk.entryResting || isNaN(desk.bid)) return;
        const because = words + ' ' + weights.length + ' ' + sum;
        const stop = { ticks: Math.ceil(desk.bid * 0.99) - parameters.extra };
        desk.enter({ side: 'buy', type: 'limit', ticks: desk.bid, restBars: 9, because, exits: { stop } });
      },
      state: () => 'waits',
    };
  },
});
`;
const KIND = './strategies/modelled.ts';

const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');
const model = (every: number): string => JSON.stringify({ every, layers: [[0.25, -1.5], [3]] });
/** 1.5 and -0.25, as a trainer writes them. */
const WEIGHTS = Uint8Array.from([0x00, 0x00, 0xc0, 0x3f, 0x00, 0x00, 0x80, 0xbe]);

const listed = (every: number) => ({
  model: { file: './artefacts/models/net.json', sha256: sha256(model(every)) },
  weights: { file: './artefacts/weights.bin', sha256: sha256(WEIGHTS) },
  words: { file: './artefacts/words.txt', sha256: sha256('später – ок') },
});

/** A desk whose strategy has all three. */
function modelled(every = 3) {
  const made = strategyFolder();
  made.write('strategies/modelled.ts', MODELLED);
  made.write('artefacts/models/net.json', model(every));
  made.write('artefacts/words.txt', 'später – ок');
  writeFileSync(made.write('artefacts/weights.bin', ''), WEIGHTS);
  const file = made.write('desk.yaml', deskText({ kind: KIND, parameters: {}, artefacts: listed(every) }));
  const list = (artefacts: object, kind = KIND): void => {
    made.write('desk.yaml', deskText({ kind, parameters: {}, artefacts }));
  };
  return { ...made, file, list };
}

/** With the content of another strategy in the place of `create`. */
const strategyGiven = (forms: object, create: string): string => `
import { strategy } from 'fermata/strategy';
export default strategy({
  suits: 'trending', parameters: {}, artefacts: ${JSON.stringify(forms)},
  create({ artefacts }) { ${create} return { warmupBars: 0, onBar() {}, state: () => 'waits' }; },
});
`;

const inEngine = (file: string) => {
  const [strategy] = loadDesk(file).desk.strategies;
  if (strategy?.own === undefined) throw new Error('no strategy was read');
  const { own, symbols } = strategy;
  const one = { name: 'own', kind: KIND, symbols, enabled: true, parameters: {}, own: definitionOf(own) };
  return new DeskUnderTest({ strategies: [one] }).active();
};

describe('a strategy with artefacts', () => {
  it('gets each in the form that it declares, byte for byte, and decides by them', () => {
    const desk = inEngine(modelled(2).file);
    desk.bar(0, 10_000);
    expect(desk.live('entry', 0)).toEqual([]);
    desk.bar(0, 10_000);
    expect(desk.live('entry', 0)).toHaveLength(1);
    expect(desk.records).toContainEqual(
      expect.objectContaining({ type: 'note', text: 'später – ок 8 1.25' }),
    );
  });

  it('gets JSON that is frozen through and through, and bytes that are its own copy', () => {
    const { folder, write, list } = modelled();
    const { model: net, weights } = listed(3);
    list({ net, weights }, './strategies/writes.ts');
    const given = (create: string): readonly string[] => {
      write('strategies/writes.ts', strategyGiven({ net: 'json', weights: 'bytes' }, create));
      return problemsOf(() => loadDesk(join(folder, 'desk.yaml')));
    };
    const readOnly = expect.stringContaining('Cannot assign to read only property');
    expect(given('artefacts.net.every = 9;')).toEqual([readOnly]);
    expect(given('artefacts.net.layers[1][0] = 9;')).toEqual([readOnly]);
    expect(given('artefacts.net = 9;')).toEqual([readOnly]);
    expect(given('if (artefacts.weights[2] !== 0xc0) throw 1; artefacts.weights[2] = 0;')).toEqual([]);
  });

  it('is refused where the desk file lists what it does not declare, or not what it declares', () => {
    const { file, list, write } = modelled();
    const { model: net, weights, words } = listed(3);
    list({ modle: net, weights, words });
    expect(() => loadDesk(file)).toThrow(
      /strategies\[0\]\.artefacts: expected model, which \.\/strategies\/modelled\.ts is given as json; found nothing of that name/,
    );
    expect(() => loadDesk(file)).toThrow(
      /desk\.yaml:\d+:\d+: strategies\[0\]\.artefacts\.modle: expected an artefact of .* \(model, weights, words\); found modle/,
    );
    list({ 'no name': net });
    expect(problemsOf(() => loadDesk(file))[0]).toMatch(/^strategies\[0\]\.artefacts/);
    const many = Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`model${at}`, net]));
    list(many);
    expect(() => loadDesk(file)).toThrow('expected at most 10 artefacts');
    list({ model: net }, 'emaCross');
    expect(() => loadDesk(file)).toThrow('artefacts only for a strategy of the desk’s own');
    write('strategies/forms.ts', strategyGiven({ model: 'pickle' }, ''));
    list({ model: net }, './strategies/forms.ts');
    expect(problemsOf(() => loadDesk(file))).toEqual([
      'strategies/forms.ts artefacts: {"model":"pickle"}, and not names of letters and digits with json or text or bytes',
    ]);
  });

  it('is refused where a file has other content, with the hash that it has, and before anything is compiled', () => {
    const { file, write } = modelled();
    write('artefacts/models/net.json', model(4));
    write('strategies/modelled.ts', 'no code');
    const line =
      readFileSync(file, 'utf8')
        .split('\n')
        .findIndex((one) => one.includes(sha256(model(3)))) + 1;
    const [key, actual] = ['strategies[0].artefacts.model.sha256', sha256(model(4))];
    expect(() => loadDesk(file)).toThrow(
      `desk.yaml:${line}:9: ${key}: expected the SHA-256 of ./artefacts/models/net.json, which is ${actual}; found ${sha256(model(3))}`,
    );
    try {
      loadDesk(file);
    } catch (error) {
      expect((error as { doThis: string }).doThis).toContain(`write ${actual}: that is a changed strategy`);
    }
  });

  it('is refused where a file is missing, too large, no file, or not what it is read as', () => {
    const { file, folder, list, write } = modelled();
    const { weights, words } = listed(3);
    const named = (path: string, content: string | Uint8Array) => {
      list({ model: { file: `./artefacts/${path}`, sha256: sha256(content) }, weights, words });
      return problemsOf(() => loadDesk(file));
    };
    const key = 'strategies[0].artefacts.model.file';
    expect(named('none.json', '')).toEqual([`${key} no such file: artefacts/none.json`]);
    expect(named('models', '')).toEqual([`${key} no file`]);
    expect(named('../desk.yaml', '')).toEqual([`${key} "./artefacts/../desk.yaml"`]);
    const large = Buffer.alloc(16 * 1024 * 1024 + 1);
    writeFileSync(join(folder, 'artefacts/large.json'), large);
    expect(named('large.json', large)).toEqual([`${key} 16777217 bytes`]);
    write('artefacts/nan.json', '{"every": NaN}');
    expect(named('nan.json', '{"every": NaN}')).toEqual([
      expect.stringMatching(/^artefacts\/nan\.json content that is no JSON: /),
    ]);
    writeFileSync(join(folder, 'artefacts/latin.txt'), Buffer.from('sp\xe4ter', 'latin1'));
    const latin = { file: './artefacts/latin.txt', sha256: sha256(Buffer.from('sp\xe4ter', 'latin1')) };
    list({ ...listed(3), words: latin });
    expect(problemsOf(() => loadDesk(file))).toEqual([
      expect.stringMatching(/^artefacts\/latin\.txt content that is no text in UTF-8: /),
    ]);
  });

  it('is refused where the artefacts of all strategies of a desk are too much together', () => {
    const { file, folder, list } = modelled();
    const many = [0, 1, 2, 3, 4].map((at) => {
      const content = Buffer.alloc(13 * 1024 * 1024, at);
      writeFileSync(join(folder, `artefacts/part${at}.bin`), content);
      return [`part${at}`, { file: `./artefacts/part${at}.bin`, sha256: sha256(content) }] as const;
    });
    list(Object.fromEntries(many));
    expect(() => loadDesk(file)).toThrow(
      `strategies[0].artefacts.part4.file: expected artefacts of at most 64 MiB for all strategies of a desk; found ${65 * 1024 * 1024} bytes`,
    );
  });
});

describe('the hash of a desk whose strategy has artefacts', () => {
  it('is another one with another artefact, and the same for the same content', () => {
    const [one, other] = [modelled(3), modelled(4)];
    const [first, second] = [loadDesk(one.file), loadDesk(other.file)];
    expect(second.configHash).not.toBe(first.configHash);
    expect(second.desk.strategies[0]?.own?.hash).not.toBe(first.desk.strategies[0]?.own?.hash);
    expect(loadDesk(modelled(3).file).configHash).toBe(first.configHash);
    rmSync(join(one.folder, 'artefacts/weights.bin'));
    writeFileSync(join(one.folder, 'elsewhere.bin'), WEIGHTS);
    symlinkSync(join(one.folder, 'elsewhere.bin'), join(one.folder, 'artefacts/weights.bin'));
    expect(loadDesk(one.file).configHash).toBe(first.configHash);
  });

  it('lets two strategies of one file have different models', () => {
    const { file, write } = modelled(3);
    write('artefacts/models/other.json', model(5));
    const text = deskText({ kind: KIND, parameters: {}, artefacts: listed(3) });
    const other = {
      ...listed(3),
      model: { file: './artefacts/models/other.json', sha256: sha256(model(5)) },
    };
    const second = JSON.stringify({ name: 'other', kind: KIND, symbols: ['BTC/USDT'], artefacts: other });
    write('desk.yaml', text.replace('strategies:\n', `strategies:\n  - ${second}\n`));
    const { desk } = loadDesk(file);
    const [one, next] = desk.strategies.map(({ own }) => own);
    expect(one?.hash).not.toBe(next?.hash);
    expect([one, next].map((own) => Buffer.from(own?.artefacts[0]?.bytes ?? []).toString())).toEqual([
      model(5),
      model(3),
    ]);
    expect(artefactFiles(desk).map(({ path }) => path)).toEqual([
      ...['artefacts/models/other.json', 'artefacts/weights.bin', 'artefacts/words.txt'],
      'artefacts/models/net.json',
    ]);
  });
});

describe('a started desk', () => {
  it('goes on with the artefacts that it was started with, and another file is told and refused at the next start', async () => {
    const { file, folder, write } = modelled(3);
    const loaded = loadDesk(file);
    const { configHash } = loaded;
    const started = keepStartedDesk(join(folder, 'run'), loaded);
    const trader = { call: async () => ({ settings: { fileConfigHash: configHash, version: 0 } }) };
    const context = { runtime: { ...started, configHash }, desk: loaded.desk, trader } as never;
    expect(await configuration(context, {})).toMatchObject({ verdict: 'pass' });
    write('artefacts/models/net.json', model(4));
    const again = loadDesk(started.deskFile);
    expect(again.configHash).toBe(configHash);
    expect(Buffer.from(again.desk.strategies[0]?.own?.artefacts[0]?.bytes ?? []).toString()).toBe(model(3));
    expect(await configuration(context, {})).toMatchObject({
      verdict: 'warn',
      observed: expect.stringMatching(
        new RegExp(`unreadable .*artefacts\\.model\\.sha256: expected .* which is ${sha256(model(4))}`, 's'),
      ),
    });
    expect(() => loadDesk(file)).toThrow('artefacts.model.sha256');
    write('desk.yaml', deskText({ kind: KIND, parameters: {}, artefacts: listed(4) }));
    expect(await configuration(context, {})).toMatchObject({
      verdict: 'warn',
      observed: expect.stringContaining(`desk file changed (${KIND})`),
    });
  });
});

describe('a running trader', () => {
  it('goes on with what it has read, also where a parameter makes its strategy anew; its next start refuses the file', async () => {
    const { folder } = modelled(2);
    const desk = (text: string) => {
      const silent = /operationsSilentSeconds: \d+/.exec(text)?.[0] ?? '';
      const own = { kind: KIND, parameters: {}, artefacts: listed(2) };
      return deskText(own).replace(/operationsSilentSeconds: \d+/, silent);
    };
    const home = traderHome({ folder, edit: desk });
    const trader = await home.start();
    await home.arm();
    const said = () =>
      recordsIn(home.journal, 'note').filter(({ text }) => text === 'später – ок 8 1.25').length;
    await until('a note', () => said() > 0);
    for (const file of ['models/net.json', 'words.txt'])
      writeFileSync(join(home.runtime.home, 'artefacts', file), '{"every":9}');
    const key = 'strategies.ema-cross.parameters.extra';
    const { incarnation } = await home.status();
    const proposal = { incarnation, version: 1, changes: [{ key, from: 0, to: 5 }] };
    const id = 'settings:crypto-bot:1:abcd';
    const approval = signDecision(DECISION_KEY, {
      decisionId: `${id}:operator:approve`,
      desk: 'crypto-bot',
      person: 'operator',
      via: 'web',
      choice: 'approve',
      subject: decisionSubject({ id, ...settingsTerms(proposal) }),
      atWallMs: Date.now(),
      expiresWallMs: Date.now() + 60_000,
    });
    const change = { baseVersion: 0, values: { [key]: 5 }, approvalId: id, decisions: [approval] };
    const command = { commandId: 'reload-1', by: 'operator', reason: 'a test' };
    await home.client.call('reload', { ...command, ...change });
    const before = said();
    await until('another note', () => said() > before);
    trader.child.kill('SIGKILL');
    await trader.exited;
    await expect(home.start()).rejects.toThrow(`which is ${sha256('{"every":9}')}`);
  });
});

describe('before it trades', () => {
  it('is validated with the artefacts that it was asked for, whatever has become of them since, and replayed with them', async () => {
    const { file, folder } = modelled(3);
    const copy = join(folder, 'copy');
    for (const part of ['strategies', 'artefacts', 'desk.yaml'])
      cpSync(join(folder, part), join(copy, part), { recursive: true });
    const tradesOf = async (deskFile: string, id: string, before: () => void) => {
      const loaded = loadDesk(deskFile);
      const { desk, configHash } = loaded;
      const home = join(folder, 'home');
      const market = recorded(writeMinutes(folder, waves(5 * 60)));
      const asked = { version: 1, id, desk: desk.desk, configHash, createdMs: 1, market } as const;
      const { criteria } = desk.goLive;
      const place = { criteria, reportFolder: join(home, 'data'), requestedBy: 'operator' };
      keepRequest(home, { ...asked, durationMs: 4 * HOUR_MS, ...place }, loaded);
      before();
      return (await runValidation(validationPlace(home, id).directory)).results.trades;
    };
    const trades = await tradesOf(join(copy, 'desk.yaml'), 'kept', () => rmSync(copy, { recursive: true }));
    expect(trades).toBeGreaterThan(3);
    const other = modelled(60);
    expect(await tradesOf(other.file, 'other', () => undefined)).toBeLessThan(trades);
    expect(await tradesOf(file, 'same', () => undefined)).toBe(trades);
    const paths = homePaths(join(folder, 'home'));
    const { journal } = deskPaths(paths, 'crypto-bot');
    cpSync(validationPlace(paths.home, 'same').journal, journal, { recursive: true });
    mkdirSync(paths.run, { recursive: true });
    const calendar = { timezone: 'UTC', dayBoundary: '00:00' };
    const postgres = { host: '127.0.0.1', port: 1, database: 'fermata', user: 'fermata_app' };
    const replayed = async (deskFile: string) => {
      const runtime = { version: 1, home: paths.home, desk: 'crypto-bot', deskFile, calendar, postgres };
      writeFileSync(join(paths.run, 'runtime.json'), JSON.stringify(runtime));
      const asked = ['replay', '--date', '2026-03-02', '--data', join(folder, 'minutes.csv'), '--json'];
      const { out, err } = await runCommand(folder, asked);
      expect(out, err).not.toBe('');
      return (JSON.parse(out) as ReplayReport).decisions;
    };
    const decisions = await replayed(file);
    expect(decisions).toMatchObject({ differ: 0, notJudged: [] });
    expect(decisions.same).toBeGreaterThan(3);
    expect(await replayed(other.file)).toMatchObject({
      same: 0,
      notJudged: [{ why: 'the desk file or its settings were others then' }],
    });
  });

  it('is tried with them by a backtest of its file alone, and on the threads of a sweep', async () => {
    const { file, folder } = modelled(3);
    const loaded = loadDesk(file);
    const { desk } = backtestDesk(loaded, { strategy: join(folder, 'strategies/modelled.ts') });
    expect(desk.strategies).toMatchObject([{ artefacts: listed(3), own: { kind: KIND } }]);
    const minutes = writeMinutes(folder, waves(5 * 60));
    const sweep = async (deskFile: string) => {
      const asked = ['backtest', '--desk', deskFile, '--data', minutes, '--set', 'extra=1,2', '--json'];
      const { code, out, err } = await runCommand(folder, [...asked, '--jobs', '2']);
      expect(code, err).toBe(0);
      return (JSON.parse(out) as SweepReport).trials.map(({ figures }) => figures?.trades ?? 0);
    };
    const [often, seldom] = [await sweep(file), await sweep(modelled(60).file)];
    expect(often).toHaveLength(2);
    expect(Math.min(...often)).toBeGreaterThan(Math.max(...seldom));
  });

  it('is checked with what the desk file beside it lists, and shown with it', async () => {
    const { folder, write } = modelled(3);
    const check = (...more: string[]) =>
      runCommand(folder, ['strategy', 'check', 'strategies/modelled.ts', ...more]);
    const { code, out, err } = await check();
    expect(code, err).toBe(0);
    expect(out).toContain(
      `model: ./artefacts/models/net.json as json, SHA-256 ${sha256(model(3)).slice(0, 12)}`,
    );
    expect(JSON.parse((await check('--json')).out)).toMatchObject({
      artefacts: [listed(3)],
      forms: { model: 'json', weights: 'bytes', words: 'text' },
      hash: loadDesk(join(folder, 'desk.yaml')).desk.strategies[0]?.own?.hash,
    });
    write('artefacts/models/net.json', model(4));
    expect(await check()).toMatchObject({ code: 1, err: expect.stringContaining(sha256(model(4))) });
    rmSync(join(folder, 'desk.yaml'));
    expect(await check()).toMatchObject({
      err: expect.stringContaining('expected model, which ./strategies/modelled.ts is given as json'),
    });
  });

  it('is run twice on made-up prices with what it is given', () => {
    const { folder } = modelled(3);
    const trialWith = (every: number) =>
      describeStrategies(folder, ['strategies/modelled.ts'], listed(every))[0]?.trial;
    expect(trialWith(3)?.entries).toBeGreaterThan(5);
    expect(() => trialWith(17)).toThrow(`artefacts.model.sha256`);
  });
});
