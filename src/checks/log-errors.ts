import { z } from 'zod';
import { counted } from '../domain/figure-text.js';
import { check, lookingBack } from './check.js';
import { findLines, type LogLine, quoted as quote } from './find-log-lines.js';

/**
 * Counts errors in the logs of all processes, by process, and quotes the newest `quoted` of them. A missing log counts
 * as empty.
 */
export const logErrors = check(
  'Errors in the log',
  z.strictObject({
    hours: z.number().min(0).default(24),
    errorsMax: z.number().int().min(0).default(0),
    quoted: z.number().int().min(1).max(100).default(1),
  }),
  async (context, { hours, errorsMax, quoted }) => {
    const { sinceMs, words } = lookingBack(context, hours);
    const expected = `at most ${errorsMax} errors logged ${words}`;
    const found = await findLines(context.runtime, sinceMs, ({ level }) => level === 'error');
    const { folder, lines: errors, missing } = found;
    if (errors === null)
      return { verdict: 'not_run', observed: `there is no log in ${folder}: nothing was counted`, expected };
    const missed = missing.length === 0 ? '' : `; no log of ${missing.join(', ')}`;
    const verdict = errors.length <= errorsMax ? (missed === '' ? 'pass' : 'not_run') : 'fail';
    return { verdict, observed: `${said(errors, quoted)}${missed}`, expected };
  },
);

function said(errors: readonly LogLine[], count: number): string {
  const counts = new Map<string, number>();
  for (const { role = '?' } of errors) counts.set(role, (counts.get(role) ?? 0) + 1);
  if (errors.length === 0) return 'no errors';
  const byRole = [...counts].map(([role, number]) => `${role} ${number}`).join(', ');
  return `${counted(errors.length, 'error')} (${byRole}); the newest: ${quote(errors, count)}`;
}
