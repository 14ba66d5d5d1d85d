/**
 * A playbook in code from a desk's folder. It runs on its own queue in its own process, and can only wait and
 * ask its incident: no activities, no other runs. A cancel request ends it; its incident goes on, and a
 * person decides what to do.
 */
import {
  ApplicationFailure,
  defineSignal,
  getExternalWorkflowHandle,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import * as zod from 'zod';
import { z } from 'zod';
import {
  ASKS_MAX,
  PLAYBOOK_MESSAGES,
  type PlaybookAsk,
  type PlaybookEnd,
  type PlaybookInput,
  type PlaybookOutcome,
  type PlaybookReply,
  type PlaybookWish,
} from '../../contracts/playbook.js';
import { causeOf } from '../../domain/message-of.js';
import { plainText, unfitCharacter } from '../../domain/plain-text.js';
import { isUnsealed } from '../../domain/unsealed.js';
import { definitionIn, type PlaybookFactory } from '../../pack/playbook/load-code.js';
import type { PlaybookIncident } from '../../pack/v1.js';
import * as pack from '../../pack/v1.js';
import { CANCEL_ASKED, onCancelRequest } from '../cancellation.js';
import { paced } from '../paced.js';
import { showDetails } from '../show.js';

/** The desk's code, by file name. */
declare const __FERMATA_PLAYBOOKS__: Readonly<Record<string, PlaybookFactory>>;

const replySignal = defineSignal<[PlaybookReply]>(PLAYBOOK_MESSAGES.answer);

const SAYS_MAX = 2_000;

export async function playbook(input: PlaybookInput): Promise<PlaybookEnd> {
  if (workflowInfo().parent === undefined || typeof input?.name !== 'string')
    throw ApplicationFailure.nonRetryable('a playbook is begun by its incident alone', 'UnreadableStart');
  const incident = new HostedIncident(input);
  setHandler(replySignal, (reply) => incident.take(reply));
  onCancelRequest(() => incident.end(CANCEL_ASKED));
  showDetails(input.incident.title, [`The incident has its evidence: ${input.incident.workflowId}`]);
  incident.begin();
  const { ended, says } = await Promise.race([carryOut(input, incident), incident.ended]);
  return { ended, says: plainText(says).slice(0, SAYS_MAX) };
}

/** Never rejects: its incident tells people what the code threw. */
async function carryOut(
  { name, with: given }: PlaybookInput,
  incident: HostedIncident,
): Promise<PlaybookEnd> {
  try {
    const factory = __FERMATA_PLAYBOOKS__[name];
    if (factory === undefined) throw new Error(`the desk's folder has no playbooks/${name} that can be used`);
    const made = definitionIn(factory, { 'fermata/pack': pack, zod }) as pack.Playbook;
    const parameters = made.parameters.safeParse(given);
    if (!parameters.success)
      throw new Error(
        parameters.error.issues
          .map(({ path, message }) => `playbooks.${[name, ...path].join('.')}: ${message}`)
          .join('; '),
      );
    const says: unknown = await made.run(incident.shown, parameters.data);
    return { ended: 'done', says: typeof says === 'string' && says !== '' ? says : 'its playbook is done' };
  } catch (error) {
    return { ended: 'failed', says: causeOf(error) };
  }
}

const MINUTE_MS = 60_000;
/**
 * How often asks are sent again, so that an incident that lost one gets it and one that is gone is noticed.
 */
const IN_TOUCH_MS = 60 * MINUTE_MS;

const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine(
      (said) => unfitCharacter(said) === null,
      'expected text without control and direction characters',
    );
const line = (max: number) => text(max).min(1);
const minutes = z.number().positive().max(10_080);
/** All values are stored in the incident's history, and people read them before they agree. */
const given = z
  .record(line(100), z.union([text(1_000), z.number(), z.boolean()]))
  .refine((values) => Object.keys(values).length <= 50, 'expected at most 50 values')
  .default({});

const NAMED = z.strictObject({
  title: line(120).optional(),
  with: given,
  timeoutSeconds: z.number().positive().max(600).default(30),
});
const CHECK = NAMED.extend({ withinMinutes: z.number().min(0).max(1_440).optional() });
const TASK = z.strictObject({
  title: line(120),
  text: line(1_000),
  items: z.array(line(200)).min(1).max(50).optional(),
  waitMinutes: z.number().min(0).max(10_080).default(0),
  dueHours: z.number().positive().max(8_760).optional(),
});
const QUESTION = z.strictObject({ title: line(120), terms: given, minutes: minutes.optional() });
const OUTCOME = z.strictObject({
  verdict: z.enum(['pass', 'warn', 'fail', 'not_run']),
  observed: line(2_000),
  expected: line(500),
});

/** Throws an error that names what doesn't fit; the playbook ends with that sentence. */
function read<T extends z.ZodType>(what: string, schema: T, value: unknown): z.output<T> {
  const found = schema.safeParse(value);
  if (found.success) return found.data;
  const wrong = found.error.issues.map(({ path, message }) =>
    [path.map(String).join('.'), message].filter(Boolean).join(': '),
  );
  throw new Error(`${what}: ${wrong.join('; ')}`);
}

interface Waiting {
  readonly ask: PlaybookAsk;
  readonly settle: (outcome: PlaybookOutcome) => void;
}

/**
 * The incident as its playbook's code sees it. Each wish is sent to the incident's own run, which answers
 * when it is done.
 */
class HostedIncident {
  /** Resolves if the playbook ends before its code does. */
  readonly ended: Promise<PlaybookEnd>;
  /** The object handed to the desk's code. */
  readonly shown: PlaybookIncident;
  readonly #waiting = new Map<number, Waiting>();
  readonly #playbook = workflowInfo().workflowId;
  readonly #incident;
  #asked = 0;
  #endNow: (end: PlaybookEnd) => void = () => undefined;

  constructor(input: PlaybookInput) {
    // Without the run id: an incident that was reset continues with the same playbook.
    this.#incident = getExternalWorkflowHandle(input.incident.workflowId);
    this.ended = new Promise((resolve) => {
      this.#endNow = resolve;
    });
    this.shown = this.#shownOf(input);
  }

  /** Reports that the code runs, and repeats the open asks from then on. */
  begin(): void {
    this.#send({ playbook: this.#playbook, id: 0, wish: null });
    const keepInTouch = async (): Promise<never> => {
      for (;;) {
        await sleep(paced(IN_TOUCH_MS));
        this.#send({ playbook: this.#playbook, id: 0, wish: null });
        for (const { ask } of this.#waiting.values()) this.#send(ask);
      }
    };
    // Goes on until the run ends.
    keepInTouch().catch(() => undefined);
  }

  /** A signal may carry anything, or nothing; an exception here would fail the task again and again. */
  take(reply: PlaybookReply): void {
    if (isUnsealed(reply) || typeof reply !== 'object' || reply === null) return;
    if ('over' in reply) {
      this.end(reply.over);
      return;
    }
    this.#waiting.get(reply.id)?.settle(reply.outcome);
    this.#waiting.delete(reply.id);
  }

  /** Whatever the code is waiting for stays unanswered. */
  end(why: string): void {
    this.#endNow({ ended: 'cancelled', says: why });
  }

  #ask(wish: PlaybookWish): Promise<PlaybookOutcome> {
    if (this.#asked === ASKS_MAX) throw new Error(`a playbook asks for ${ASKS_MAX} things at most`);
    this.#asked += 1;
    const ask: PlaybookAsk = { playbook: this.#playbook, id: this.#asked, wish };
    return new Promise((settle) => {
      this.#waiting.set(ask.id, { ask, settle });
      this.#send(ask);
    });
  }

  #send(ask: PlaybookAsk): void {
    this.#incident
      .signal<[PlaybookAsk]>(PLAYBOOK_MESSAGES.ask, ask)
      .catch(() => this.end('its incident is gone'));
  }

  #shownOf({ desk, incident: { workflowId: _incident, ...incident } }: PlaybookInput): PlaybookIncident {
    const named = (what: 'check' | 'report' | 'action', name: string, options: unknown = {}) => {
      const { title = name, ...rest } = read(`${what} ${name}`, what === 'check' ? CHECK : NAMED, options);
      const step = { [what]: read(what, line(40), name), title, onFail: 'warn', ...rest } as const;
      return this.#ask({ do: 'step', step });
    };
    const act = (action: string, reason: string) =>
      this.#ask({
        do: 'step',
        step: {
          action,
          title: read(action, line(120), reason),
          onFail: 'warn',
          timeoutSeconds: 60,
          with: {},
        },
      });
    return {
      desk,
      ...incident,
      nowMs: () => Date.now(),
      wait: (long) => sleep(read('wait', minutes, long) * MINUTE_MS),
      check: async (check, options) => named('check', check, options),
      report: async (report, options) => named('report', report, options),
      action: async (action, options) => named('action', action, options),
      task: async (task) => {
        const { text: human, ...rest } = read('task', TASK, task);
        return this.#ask({
          do: 'step',
          step: { human, onFail: 'warn', timeoutSeconds: 60, with: {}, ...rest },
        });
      },
      agree: async (question) => {
        const asked = await this.#ask({ do: 'agree', ...read('agree', QUESTION, question) });
        return { agreed: asked.verdict === 'pass', person: asked.person, says: asked.observed };
      },
      halt: async (reason) => act('halt', reason),
      stop: async (reason) => act('stop', reason),
      closeAll: async (reason) => act('close-all', reason),
      restartTrader: async (reason) => act('restart-trader', reason),
      record: async (said, outcome) => {
        const title = read('record', line(120), said);
        await this.#ask({ do: 'record', title, ...read('record', OUTCOME, outcome) });
      },
      tell: async (text) => {
        await this.#ask({ do: 'tell', text: read('tell', line(1_000), text) });
      },
    };
  }
}
