/** Variants of the shipped desk file for tests that need a certain situation soon. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseDocument } from 'yaml';
import { repository } from './desk-under-test.js';

/** Averages that cross every few minutes. */
const QUICK = { fastBars: 5, slowBars: 13, atrStopMultiple: 3 };

type Path = readonly (string | number)[];
type Change = readonly [Path, unknown];

const quickAverages = (): Change[] =>
  Object.entries(QUICK).map(([name, value]) => [['strategies', 0, 'parameters', name], value]);

const shipped = (): string => readFileSync(join(repository, 'desks/crypto-bot/desk.yaml'), 'utf8');

function changed(text: string, changes: readonly Change[]): string {
  const document = parseDocument(text);
  for (const [path, value] of changes) document.setIn(path, value);
  return document.toString();
}

/** Writes the shipped desk file with some values changed, and returns its path. */
export function variantOfCryptoBot(folder: string, changes: readonly Change[]): string {
  const file = join(folder, 'crypto-bot.yaml');
  writeFileSync(file, changed(shipped(), changes));
  return file;
}

/** A desk file's text with entries of ETH that rest far below the market, so that a stop has something to cancel; BTC trades as before. */
export function withRestingEntry(text: string): string {
  const [strategy] = parseDocument(text).toJS().strategies;
  return changed(text, [
    [
      ['strategies'],
      [
        { ...strategy, symbols: ['BTC/USDT'], parameters: { ...strategy.parameters, ...QUICK } },
        {
          ...strategy,
          name: 'ema-patient',
          symbols: ['ETH/USDT'],
          parameters: { ...strategy.parameters, ...QUICK, entryRestBars: 100, entryOffsetTicks: 10_000 },
        },
      ],
    ],
  ]);
}

/** The shipped desk with such entries. */
export function deskWithRestingEntry(folder: string): string {
  const file = join(folder, 'crypto-bot.yaml');
  writeFileSync(file, withRestingEntry(shipped()));
  return file;
}

/** The shipped desk with averages that cross every few minutes: many trades in little time. */
export function deskWithQuickAverages(folder: string, more: readonly Change[] = []): string {
  return variantOfCryptoBot(folder, [...quickAverages(), ...more]);
}

/** Two people have to agree before it trades again; trades soon. */
export function deskWithTwoPeople(folder: string): string {
  return variantOfCryptoBot(folder, [
    ...quickAverages(),
    [
      ['people'],
      [
        { name: 'operator', roles: ['operator', 'approver'] },
        { name: 'ben', roles: ['approver'] },
      ],
    ],
    [['resume', 'person'], 'two-people'],
    // With averages this quick, nearly each trade costs more in fees than it brings.
    [['breakers', 'strategyMaxConsecutiveLosses'], 1000],
    [['market', 'speed'], 180],
  ]);
}

/** The same desk as a folder, with a check of its own at the end of its pre-market routine. Returns its file. */
export function withOwnCheck(deskFile: string): string {
  const folder = join(dirname(deskFile), 'own');
  mkdirSync(join(folder, 'checks'), { recursive: true });
  writeFileSync(join(folder, 'checks/equity-floor.ts'), EQUITY_FLOOR);
  const document = parseDocument(readFileSync(deskFile, 'utf8'));
  const step = { key: 'floor', title: 'Equity floor', check: 'equity-floor', with: { floor: 1 } };
  document.addIn(['routines', 0, 'steps'], document.createNode(step));
  writeFileSync(join(folder, 'desk.yaml'), document.toString());
  return join(folder, 'desk.yaml');
}

const EQUITY_FLOOR = `
import { check } from 'fermata/pack';
import { z } from 'zod';

export default check({
  title: 'Equity above a floor',
  parameters: z.object({ floor: z.number() }),
  run: async ({ desk, trader }, { floor }: { floor: number }) => ({
    verdict: Number(trader?.equity) >= floor ? 'pass' : 'fail',
    observed: \`\${desk.name} has its equity in \${desk.currency}\`,
    expected: \`at least \${floor}\`,
  }),
});
`;
