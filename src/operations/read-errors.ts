import { z } from 'zod';
import { findLines } from '../checks/log-lines.js';
import { type Shape, wallMs } from '../contracts/json-values.js';
import type { OperationContext } from './operation.js';

export const errorsSchema = z.object({
  known: z.boolean().describe('False: no log is kept here'),
  missing: z.array(z.string()).describe('Processes that run alone and whose log is not here'),
  count: z.number(),
  errors: z
    .array(
      z.object({
        /** Null if the line has no time. */
        atMs: wallMs.nullable(),
        role: z.string(),
        message: z.string(),
      }),
    )
    .describe('The newest 50, newest first'),
});
export type ErrorsShown = Shape<typeof errorsSchema>;
export type ErrorLogged = ErrorsShown['errors'][number];

const SHOWN_MAX = 50;

/**
 * The errors in the logs of all processes, over the last `hours` of wall time; all are counted, the newest 50 shown.
 */
export async function readErrors(
  { runtime }: Pick<OperationContext, 'runtime'>,
  { hours }: { readonly hours: number },
): Promise<ErrorsShown> {
  const { lines, missing } = await findLines(runtime, hours, ({ level }) => level === 'error');
  const errors = (lines ?? []).slice(0, SHOWN_MAX).map(({ time, role = '?', message = '' }) => ({
    ...{ role, message },
    atMs: time === undefined ? null : Date.parse(time),
  }));
  return { known: lines !== null, missing, count: lines?.length ?? 0, errors };
}
