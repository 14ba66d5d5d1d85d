/** The table of proofs of the crypto desk's runbook: complete, and each named test is there. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repository } from '../support/desk-under-test.js';

interface Summary {
  readonly desk: string;
  readonly proven: number;
  readonly all: number;
  readonly areas: Readonly<Record<string, { readonly proven: number; readonly all: number }>>;
  readonly notProven: readonly { readonly id: string; readonly why: string }[];
}

const IDS = 125;

function summary(): Summary {
  const out = execFileSync(process.execPath, [join(repository, 'scripts/runbooks.mjs'), '--json']);
  const found = (JSON.parse(String(out)) as Summary[]).find(({ desk }) => desk === 'crypto-bot');
  if (!found) throw new Error('test/runbooks/crypto-bot.csv is missing');
  return found;
}

describe('the proofs of the crypto desk’s runbook', () => {
  it('are asked for of every id, and every test that they name is there', () => {
    const { all, proven, notProven, areas } = summary();
    expect(all).toBe(IDS);
    expect(proven + notProven.length).toBe(IDS);
    expect(Object.values(areas).reduce((sum, area) => sum + area.all, 0)).toBe(IDS);
  });

  it('say why where there is none yet', () => {
    for (const { id, why } of summary().notProven) expect(why, id).not.toBe('');
  });
});
