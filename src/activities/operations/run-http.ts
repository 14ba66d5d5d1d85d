/** A step `http`: one request to one of the desk file's hosts, without following redirects. */
import type { RunIdentity } from '../../contracts/evidence.js';
import type { OwnStepOutcome, OwnStepRequest } from '../../contracts/routine.js';
import { allowedAddress } from '../../desk/own-steps.js';
import { messageOf } from '../../domain/message-of.js';
import {
  type Answered,
  carryOutOwnStep,
  notRun,
  type OwnStepContext,
  StepOutput,
  stepValues,
} from './own-step.js';

/** `ending`: aborted once nobody waits for the request any longer. */
export function runHttp(
  context: OwnStepContext,
  run: RunIdentity,
  request: OwnStepRequest,
  ending: AbortSignal,
): Promise<OwnStepOutcome> {
  return carryOutOwnStep(context, run, request, async () => {
    const { http = '', expect, timeoutSeconds } = request.step;
    const expected = `${expect?.status === undefined ? 'a status from 200 to 299' : `status ${expect.status}`} within ${timeoutSeconds} s`;
    // The port in the address is known only now.
    const url = allowedAddress(http, context.desk, stepValues(context, request.marketMs));
    if (url === null) return notRun('its host is not among commands.hosts; nothing was asked', expected);
    return ask(url, { wanted: expect?.status, expected, timeoutSeconds, ending });
  });
}

async function ask(
  url: URL,
  given: {
    readonly wanted: number | undefined;
    readonly expected: string;
    readonly timeoutSeconds: number;
    readonly ending: AbortSignal;
  },
): Promise<Answered> {
  const { wanted, expected, timeoutSeconds, ending } = given;
  const late = AbortSignal.timeout(timeoutSeconds * 1_000);
  const output = new StepOutput();
  const began = performance.now();
  try {
    const answer = await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.any([late, ending]),
      headers: { 'user-agent': 'fermata', accept: '*/*' },
    });
    // Leaving the loop closes the connection, so that nothing beyond the bound is read.
    for await (const chunk of answer.body ?? []) if (!output.take(chunk as Uint8Array)) break;
    const { status, ok } = answer;
    const passed = wanted === undefined ? ok : status === wanted;
    const elsewhere = answer.headers.has('location') ? ', a redirect, which is not followed' : '';
    const observed = `status ${status}${elsewhere} after ${Math.round(performance.now() - began)} ms`;
    return { verdict: passed ? 'pass' : 'fail', observed, expected, output };
  } catch (error) {
    // The next worker tries the step again.
    if (ending.aborted) throw error;
    const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
    const why = late.aborted ? `within ${timeoutSeconds} s` : `(${cause?.code ?? messageOf(cause ?? error)})`;
    return { verdict: 'fail', observed: `no whole answer ${why}`, expected, output };
  }
}
