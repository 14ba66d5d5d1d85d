/**
 * Steps without code: the shared part of `command` and `http`, and `http` itself. Only steps of the desk file
 * are carried out, because a run's input came through Temporal. The output is bounded, judged in a thread so
 * that no pattern can block this process, and stored without secrets.
 */
import { isDeepStrictEqual } from 'node:util';
import { Worker } from 'node:worker_threads';
import { DateTime } from 'luxon';
import type { CheckContext } from '../../checks/check.js';
import type { RunIdentity } from '../../contracts/evidence.js';
import type { CheckOutcome, OwnStep, OwnStepOutcome, OwnStepRequest } from '../../contracts/routine.js';
import { allowedAddress, type StepValues, stepLists } from '../../desk/own-steps.js';
import { messageOf } from '../../domain/message-of.js';
import { plainText } from '../../domain/plain-text.js';
import { keepStepOutput } from '../../store/step-outputs.js';
import { createRedactor, knownSecrets, type Redact } from '../../supervisor/redact.js';

const KEPT_BYTES_MAX = 64 * 1024;
/** Bytes read beyond the stored part, so that a secret that begins within it is read to its end and recognised. */
const BEYOND_BYTES = 8 * 1024;
const FIRST_PART = `its first ${KEPT_BYTES_MAX / 1024} KiB`;
const QUOTED_CHARS_MAX = 200;
/** Counts once the thread runs. A pattern with catastrophic backtracking would take years. */
const JUDGE_MS = 2_000;
const THREAD_STARTS_MS = 15_000;

/** Collects the beginning of an output. */
export class StepOutput {
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;

  /** False once nothing more is read. */
  take(chunk: Uint8Array): boolean {
    const room = KEPT_BYTES_MAX + BEYOND_BYTES - Math.min(this.#bytes, KEPT_BYTES_MAX + BEYOND_BYTES);
    if (room > 0) this.#chunks.push(chunk.subarray(0, room));
    this.#bytes += chunk.length;
    return chunk.length <= room;
  }

  get cut(): boolean {
    return this.#bytes > KEPT_BYTES_MAX;
  }

  /** For patterns only: it still contains what is redacted before storing. */
  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8', 0, KEPT_BYTES_MAX);
  }

  redacted(redact: Redact): string {
    const text = redact(Buffer.concat(this.#chunks).toString('utf8'));
    const isWhole = this.#bytes <= KEPT_BYTES_MAX + BEYOND_BYTES;
    // The last bytes read may be half of a secret.
    return text.slice(0, Math.min(KEPT_BYTES_MAX, isWhole ? text.length : text.length - BEYOND_BYTES));
  }
}

export interface Answered {
  /** The result before patterns are judged. */
  readonly verdict: 'pass' | 'fail' | 'not_run';
  readonly observed: string;
  readonly expected: string;
  readonly output: StepOutput;
}

export const notRun = (observed: string, expected: string): Answered => ({
  verdict: 'not_run',
  observed,
  expected,
  output: new StepOutput(),
});

export type OwnStepContext = Pick<CheckContext, 'desk' | 'runtime' | 'pool'>;

/** `ask` carries out the step itself. */
export async function carryOutOwnStep(
  context: OwnStepContext,
  run: RunIdentity,
  { step, stepKey, attemptGroup }: OwnStepRequest,
  ask: () => Promise<Answered>,
): Promise<OwnStepOutcome> {
  if (!isInDeskFile(context, step)) {
    const observed = 'the desk file has no such step now; nothing was started or asked';
    return { verdict: 'not_run', observed, expected: 'a step of the desk file', reference: null };
  }
  const answered = await ask();
  const { output } = answered;
  const problem = answered.verdict === 'pass' ? await patternProblem(output, step.expect) : null;
  const redact = createRedactor(knownSecrets(context.runtime.home));
  const said = output.redacted(redact);
  let reference: string | null = null;
  let notKept: string | null = null;
  if (said !== '') {
    const kept = { stepKey, attemptGroup, output: said, cut: output.cut };
    // If the database is down, a separate check says so, and this step's evidence waits for the database.
    try {
      reference = await keepStepOutput(context.pool, run, kept);
    } catch (error) {
      notKept = `its output could not be kept (${messageOf(error)})`;
    }
  }
  const line = said.trimEnd().split('\n').at(-1)?.trim() ?? '';
  const quoted = line === '' ? null : `it said last: "${plainText(line.slice(0, QUOTED_CHARS_MAX))}"`;
  const where = reference === null ? notKept : `kept as ${reference.split(' sha256')[0]}`;
  const parts = [redact(answered.observed), problem, quoted, where].filter((part) => part !== null);
  return {
    verdict: problem === null ? answered.verdict : 'fail',
    observed: boundedText(parts.join('; ')),
    expected: boundedText(redact([answered.expected, ...patternWords(step.expect)].join(', '))),
    reference,
  };
}

/** When the desk file was loaded, its steps were checked to use only the programs and hosts that it lists. */
function isInDeskFile({ desk }: OwnStepContext, asked: OwnStep): boolean {
  const said = ({ command, http, expect, timeoutSeconds }: OwnStep) => ({
    command,
    http,
    expect,
    timeoutSeconds,
  });
  return stepLists(desk).some(({ steps }) =>
    steps.some((step) => isDeepStrictEqual(said(step), said(asked))),
  );
}

export function stepValues({ desk, runtime }: OwnStepContext, marketMs: number | null): StepValues {
  const day = DateTime.fromMillis(marketMs ?? Date.now(), { zone: desk.timezone });
  return { desk: desk.desk, port: runtime.web.port, date: day.toFormat('yyyy-MM-dd') };
}

function patternWords({ pattern, not }: OwnStep['expect'] = {}): string[] {
  return [
    ...(pattern === undefined ? [] : [`output that fits /${pattern}/`]),
    ...(not === undefined ? [] : [`none that fits /${not}/`]),
  ];
}

/** Null if the output is as expected. An output that can't be judged has not passed. */
async function patternProblem(
  output: StepOutput,
  { pattern, not }: OwnStep['expect'] = {},
): Promise<string | null> {
  const patterns = [pattern, not].filter((one) => one !== undefined);
  if (patterns.length === 0) return null;
  const judged = await judge(output.text, patterns);
  if (typeof judged === 'string') return judged;
  if (pattern !== undefined && judged[0] !== true)
    return `nothing in ${output.cut ? FIRST_PART : 'it'} fits /${pattern}/`;
  if (not === undefined) return null;
  if (judged.at(-1) === true) return `something in it fits /${not}/`;
  return output.cut ? `only ${FIRST_PART} could be judged` : null;
}

const THREAD = `
const { parentPort, workerData } = require('node:worker_threads');
parentPort.postMessage(workerData.patterns.map((pattern) => new RegExp(pattern, 'm').test(workerData.text)));
`;

/**
 * Whether each pattern matches, or why that is unknown. Runs in a separate thread, which can be terminated in the
 * middle of a match.
 */
async function judge(text: string, patterns: readonly string[]): Promise<readonly boolean[] | string> {
  const thread = new Worker(THREAD, { eval: true, workerData: { text, patterns }, execArgv: [], env: {} });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve) => {
      const giveUpAfter = (ms: number): void => {
        clearTimeout(timer);
        timer = setTimeout(() => resolve(`its patterns could not be judged within ${ms / 1_000} s`), ms);
      };
      giveUpAfter(THREAD_STARTS_MS);
      thread.once('online', () => giveUpAfter(JUDGE_MS));
      thread.once('message', (fits: readonly boolean[]) => resolve(fits));
      thread.once('error', (error) => resolve(`its patterns could not be judged (${messageOf(error)})`));
    });
  } finally {
    clearTimeout(timer);
    await thread.terminate();
  }
}

/**
 * A step `http`: one request to one of the desk file's hosts, without following redirects. `ending`: aborted once
 * nobody waits for the request any longer.
 */
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

const TEXT_CHARS_MAX = 2_000;

/** Bounds a step's text, because it goes into the history of a workflow, which has limits. */
const boundedText = (text: string): string => text.slice(0, TEXT_CHARS_MAX);

export const boundedOutcome = ({ verdict, observed, expected }: CheckOutcome): CheckOutcome => ({
  verdict,
  observed: boundedText(observed),
  expected: boundedText(expected),
});
