/**
 * The last counter values of the authenticators whose passkeys voted here. Two votes with the same counter,
 * or counters that run against the times of the votes, mean that somebody has a copy of the authenticator.
 * Votes may be counted in a different order than they were cast: one may wait for a second person while a
 * later one has already been carried out.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Decision } from '../../domain/decision.js';
import { type PasskeyUse, passkeyUse } from '../../domain/vote-passkey.js';

/** Older values add nothing to the newer ones. */
const KEPT_OF_A_KEY_MAX = 50;

interface Counted extends PasskeyUse {
  readonly atWallMs: number;
}

const fileSchema = z.array(
  z.object({ keyId: z.string(), challenge: z.string(), counter: z.int(), atWallMs: z.int() }),
);

export class VoteCounters {
  constructor(private readonly file: string) {}

  /** Null: no objection to this vote's counter; a vote without one passes. Throws if the file is damaged. */
  objection(decision: Decision): string | null {
    const use = countedOf(decision);
    if (use === null) return null;
    const runsBack = this.#read().some((before) => isCopy(before, use));
    return runsBack ? `its passkey’s counter (${use.counter}) did not go on: somebody may have a copy` : null;
  }

  /** Throws if the file can't be written; the votes don't count then. */
  keep(decisions: readonly Decision[]): void {
    const uses = decisions.flatMap((decision) => countedOf(decision) ?? []);
    if (uses.length === 0) return;
    const kept = this.#read();
    const isKept = ({ keyId }: Counted): boolean => kept.some((before) => before.keyId === keyId);
    // An authenticator that never counted needs no entry.
    const counted = uses.filter((use) => use.counter > 0 || isKept(use));
    if (counted.length === 0) return;
    const challenges = new Set(counted.map(({ challenge }) => challenge));
    const all = [...kept.filter(({ challenge }) => !challenges.has(challenge)), ...counted];
    const newest = all.filter(
      ({ keyId }, at) =>
        all.slice(at + 1).filter((later) => later.keyId === keyId).length < KEPT_OF_A_KEY_MAX,
    );
    mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 });
    writeFileSync(`${this.file}.next`, `${JSON.stringify(newest)}\n`, { mode: 0o600 });
    renameSync(`${this.file}.next`, this.file);
  }

  #read(): readonly Counted[] {
    let text: string;
    try {
      text = readFileSync(this.file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    try {
      return fileSchema.parse(JSON.parse(text));
    } catch {
      throw new Error(`${this.file} is damaged, and no passkey is believed; without it counting begins anew`);
    }
  }
}

function countedOf({ signature, atWallMs }: Decision): Counted | null {
  const use = signature === undefined ? null : passkeyUse(signature);
  return use === null ? null : { ...use, atWallMs };
}

/** The same vote, seen again, is not a copy. */
function isCopy(before: Counted, now: Counted): boolean {
  if (before.keyId !== now.keyId || before.challenge === now.challenge) return false;
  const counted = Math.sign(now.counter - before.counter);
  return counted === 0 || counted * Math.sign(now.atWallMs - before.atWallMs) < 0;
}
