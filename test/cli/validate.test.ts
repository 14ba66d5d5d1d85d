import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDeskHere } from '../../src/home/desk-here.js';
import { ensureSecrets, readSecret } from '../../src/home/secrets.js';
import { isGenuine, keptReports } from '../../src/validation/report/write-report.js';
import { commandsInOneProcess } from './run-command.js';
import { CRYPTO_DESK } from './trader-double.js';

const runCommand = commandsInOneProcess();

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-cli-validate-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const validate = (name: string, ...args: readonly string[]) => validateWith({}, name, ...args);

/** In a working folder of its own, where the reports are then. */
async function validateWith(env: NodeJS.ProcessEnv, name: string, ...args: readonly string[]) {
  const place = join(folder, name);
  mkdirSync(place);
  const end = await runCommand(place, ['validate', '--market', 'simulated', '--seed', '7', ...args], env);
  return { ...end, place };
}

describe.concurrent('fermata validate', () => {
  it('trades for the duration that was asked for, prints the summary and saves the report by its time', async () => {
    const beforeMs = Date.now();
    const { code, out, place } = await validate('summary', '--duration=3h');
    expect(out).toMatch(/^✗ NO-GO: paper validation of crypto-bot, 3 h$/m);
    expect(out).toMatch(/too little/);
    expect(code).toBe(1);
    const reports = readdirSync(join(place, 'data')).filter((name) => name.endsWith('.json'));
    expect(reports).toEqual([expect.stringMatching(/^validation_report_\d{8}T\d{9}Z\.json$/)]);
    expect(out).toContain(join('data', reports[0] ?? ''));
    const report = JSON.parse(readFileSync(join(place, 'data', reports[0] ?? ''), 'utf8'));
    expect(reports[0]).toBe(`validation_report_${report.created.replaceAll(/[-:.]/g, '')}.json`);
    const createdMs = Date.parse(report.created);
    expect([beforeMs <= createdMs, createdMs <= Date.now()]).toEqual([true, true]);
    const kept = readFileSync(join(keptReports(join(place, 'home')), reports[0] ?? ''), 'utf8');
    expect(JSON.parse(kept)).toEqual(report);
    expect(Date.parse(report.period.to) - Date.parse(report.period.from)).toBe(3 * 3_600_000);
  });

  it.each([
    ['90m', 90 * 60_000],
    ['0.5d', 12 * 3_600_000],
  ])('takes a duration in minutes and in days, too: %s', async (duration, ms) => {
    const { out } = await validate(`for-${duration}`, `--duration=${duration}`, '--json');
    const { from, to, requestedMs } = JSON.parse(out).period;
    expect([requestedMs, Date.parse(to) - Date.parse(from)]).toEqual([ms, ms]);
  });

  it('asks for what the desk file asks for, and for what the command says instead', async () => {
    const asked = async (name: string, ...args: readonly string[]) => {
      const { out } = await validate(name, '--duration=1h', '--json', ...args);
      return (JSON.parse(out) as { criteria: object }).criteria;
    };
    expect(await asked('criteria', '--min-trades', '3')).toEqual({
      ...{ minTrades: 3, minWinRatePct: 45, minSharpe: 0.5, maxDrawdownPct: 15 },
    });
    const others = ['--min-win-rate', '61', '--min-sharpe', '-0.75', '--max-drawdown', '12.5'];
    const all = { minTrades: 10, minWinRatePct: 61, minSharpe: -0.75, maxDrawdownPct: 12.5 };
    expect(await asked('all-criteria', ...others)).toEqual(all);
    const file = join(folder, 'stricter.yaml');
    const text = readFileSync(CRYPTO_DESK, 'utf8').replace('minTrades: 10', 'minTrades: 25');
    writeFileSync(
      file,
      text.replace('    minSharpe: 0.5\n    maxDrawdownPct: 15', '    minSharpe: 2\n    maxDrawdownPct: 8'),
    );
    expect(await asked('stricter', '--desk', file)).toEqual({
      ...{ minTrades: 25, minWinRatePct: 45, minSharpe: 2, maxDrawdownPct: 8 },
    });
  });

  it('seals its report where no desk was ever started, so that it counts after the first start', async () => {
    const { out, place } = await validate('before', '--duration=1h', '--json');
    const home = join(place, 'home');
    await ensureSecrets(home);
    const {
      files: _files,
      workflowId: _workflow,
      run: _run,
      problems: _problems,
      ...report
    } = JSON.parse(out);
    expect(isGenuine(readSecret(home, 'decisionKey'), report)).toBe(true);
  });

  it('is of the desk as a start of this shell would run it: with the values that the environment sets', async () => {
    const env = { STOP_LOSS_PCT: '4' };
    const { out, err, place } = await validateWith(env, 'environment', '--duration=1h', '--json');
    const home = join(place, 'home');
    const { wanted } = readDeskHere(CRYPTO_DESK, {}, env, home);
    expect(JSON.parse(out || '{}'), err).toMatchObject({ configHash: wanted.configHash });
    // The file that a start would write; whoever asks is looked up in what a person wrote.
    expect(existsSync(wanted.file)).toBe(false);
    const named = await validateWith(env, 'named', '--duration=1h', '--as', 'operator');
    expect(named.err).toContain('nobody is signed in');
  });

  it('needs a duration', async () => {
    const { code, err } = await validate('none');
    expect(code).toBe(2);
    expect(err).toContain('--duration is missing');
  });
});
