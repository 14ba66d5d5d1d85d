import { findLines } from '../checks/log-lines.js';
import type { OperationContext } from './operation.js';

export interface ErrorLogged {
  /** Wall milliseconds; null: the line does not say. */
  readonly atMs: number | null;
  /** The process that said it. */
  readonly role: string;
  readonly message: string;
}

export interface ErrorsShown {
  /** False: no log is kept here, so that nobody knows. */
  readonly known: boolean;
  /** Roles that run alone and whose log is not here. */
  readonly missing: readonly string[];
  readonly count: number;
  /** The newest first. */
  readonly errors: readonly ErrorLogged[];
}

const SHOWN_MAX = 50;

/** What the logs of all processes call an error, of the last `hours` by wall time; all are counted, the newest 50 shown. */
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
