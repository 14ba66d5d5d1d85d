import { z } from 'zod';
import type { Verdict } from '../contracts/evidence.js';
import { someOf } from '../domain/figure-text.js';
import { messageOf } from '../domain/message-of.js';
import { type Check, type CheckContext, check } from './check.js';

/** Names of checks, separated by spaces. */
interface ScoredChecks {
  readonly deployment: string;
  readonly security: string;
}

/**
 * Counts how many of the named checks pass, each as a routine of the desk runs it; passes only if all do. `checks`: those that can
 * be named. `scored`: the default if the desk file names none.
 */
export const healthScore = (checks: ReadonlyMap<string, Check>, scored: ScoredChecks): Check => {
  const names = z
    .string()
    .refine(
      (text) => namesIn(text).every((name) => checks.has(name)),
      'expected names of checks, with spaces',
    );
  return check(
    'One score of deployment and security',
    z.strictObject({
      deployment: names.default(scored.deployment),
      security: names.default(scored.security),
    }),
    async (context, parts) => {
      const expected = 'all of deployment and security pass';
      const results = await Promise.all(
        Object.entries(parts).map(async ([part, text]) => ({
          part,
          results: await Promise.all(namesIn(text).map((name) => resultOf(context, name, checks))),
        })),
      );
      const all = results.flatMap((one) => one.results);
      const passed = all.filter(({ verdict }) => verdict === 'pass').length;
      const counted = results.map(
        (one) =>
          `${one.part} ${one.results.filter(({ verdict }) => verdict === 'pass').length} of ${one.results.length}`,
      );
      const rest = all
        .filter(({ verdict }) => verdict !== 'pass')
        .map(({ name, verdict, observed }) => `${name} ${verdict}: ${observed}`);
      const score = `${Math.floor((100 * passed) / all.length)} of 100 (${counted.join(', ')})`;
      const isUnknown = all.every(({ verdict }) => verdict === 'pass' || verdict === 'not_run');
      return {
        verdict: passed === all.length ? 'pass' : isUnknown ? 'not_run' : 'fail',
        observed: rest.length === 0 ? score : `${score}; ${someOf(rest)}`,
        expected,
      };
    },
  );
};

const namesIn = (text: string): readonly string[] => text.trim().split(/\s+/);

/** The parameters of its first step in the desk file: with others, the score would contradict that step's evidence. */
const givenTo = (name: string, { desk: { routines } }: CheckContext): Parameters<Check>[1] =>
  routines.flatMap(({ steps }) => steps).find((step) => step.check === name)?.with ?? {};

interface Result {
  readonly name: string;
  readonly verdict: Verdict;
  readonly observed: string;
}

/** A check that could not be finished has not passed. */
async function resultOf(
  context: CheckContext,
  name: string,
  checks: ReadonlyMap<string, Check>,
): Promise<Result> {
  try {
    const outcome = await checks.get(name)?.(context, givenTo(name, context));
    return { name, verdict: outcome?.verdict ?? 'not_run', observed: outcome?.observed ?? 'there is none' };
  } catch (error) {
    return { name, verdict: 'fail', observed: messageOf(error) };
  }
}
