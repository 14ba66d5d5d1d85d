import { z } from 'zod';
import { counted } from '../domain/figure-text.js';
import { check, lookingBack } from './check.js';
import { findLines, quoted as quote } from './find-log-lines.js';

/** Searches the logs of all processes for lines that contain `has`, and quotes the newest first. */
export const logSearch = check(
  'The log has a text',
  z.strictObject({
    has: z.string().max(200).default(''),
    hours: z.number().min(0).default(24),
    linesMin: z.number().int().min(0).default(1),
    quoted: z.number().int().min(1).max(100).default(20),
  }),
  async (context, { has, hours, linesMin, quoted }) => {
    const { sinceMs, words } = lookingBack(context, hours);
    const expected = `${linesMin} or more lines with "${has}" logged ${words}`;
    const { folder, lines, missing } = await findLines(context.runtime, sinceMs, ({ message = '' }) =>
      message.includes(has),
    );
    if (lines === null)
      return {
        verdict: 'not_run',
        observed: `there is no log in ${folder}: nothing was looked at`,
        expected,
      };
    const missed = missing.length === 0 ? '' : `; no log of ${missing.join(', ')}`;
    const verdict = lines.length >= linesMin ? 'pass' : missed === '' ? 'fail' : 'not_run';
    const newest = lines.length === 0 ? '' : `; the newest: ${quote(lines, quoted)}`;
    return { verdict, observed: `${counted(lines.length, 'line')}${missed}${newest}`, expected };
  },
);
