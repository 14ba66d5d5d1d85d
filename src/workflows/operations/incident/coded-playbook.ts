/**
 * The playbook of one of the desk's own incident kinds in code, a run in a process of its own. Its wishes are carried
 * out here, once each, with the incident's evidence, questions and limits. However that run ends, the incident goes on,
 * and a person can always declare it over.
 */
import {
  ChildWorkflowCancellationType,
  condition,
  defineSignal,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  patched,
  setHandler,
  startChild,
  uuid4,
} from '@temporalio/workflow';
import type { PlaybookCode } from '../../../contracts/incident.js';
import {
  PLAYBOOK_MESSAGES,
  PLAYBOOK_TYPE,
  type PlaybookAsk,
  type PlaybookEnd,
  type PlaybookInput,
  type PlaybookOutcome,
  type PlaybookReply,
  type PlaybookWish,
} from '../../../contracts/playbook.js';
import { packsQueue } from '../../../contracts/queues.js';
import { runLabel } from '../../../contracts/run-label.js';
import { causeOf } from '../../../domain/message-of.js';
import { isUnsealed } from '../../../domain/unsealed.js';
import type { Finding } from '../../../playbooks/playbook.js';
import { runIdentity } from '../../evidence-trail.js';
import { DECLARED_OVER, type IncidentRun, type Playbook } from './incident-run.js';
import { askPeople } from './offer.js';
import { carryOutStep } from './own-playbook.js';

const askSignal = defineSignal<[PlaybookAsk]>(PLAYBOOK_MESSAGES.ask);
/** The process of the desk's code may still be starting. */
const BEGUN_MS = 60_000;
/** Runs that began before this patch press for each answer by the time that the incident's other questions have. */
const PRESSED_BY_ITS_TIME = 'a-question-of-a-playbook-in-code-is-pressed-by-its-own-time';
const EXPECTED = 'its code comes to its end';

export const codedPlaybook =
  (code: PlaybookCode): Playbook =>
  async (incident) => {
    const host = new PlaybookHost(incident, code);
    // If it was not finished, another run of this incident doesn't begin it again: a person decides what to do.
    const says = await incident.once('playbook', () => host.carryOut());
    if (host.end?.ended === 'done') return says;
    if (incident.log.resolved === null)
      incident.people.alarm(
        'playbook',
        `playbooks/${code.name}: ${says}. Say what is to be done, and when it is over`,
      );
    return incident.watch(
      'its playbook has ended; waiting for a person to declare it over',
      async () => null,
    );
  };

class PlaybookHost {
  /** Workflow id of the playbook's run; null until it has begun. */
  #playbook: string | null = null;
  readonly #answered = new Map<number, PlaybookOutcome | null>();
  #begun = false;
  /** True once one of the steps has stopped the desk, with proof. */
  #hasStopped = false;
  end: PlaybookEnd | null = null;

  constructor(
    private readonly incident: IncidentRun,
    private readonly code: PlaybookCode,
  ) {
    setHandler(askSignal, (ask) => this.#take(ask));
  }

  async carryOut(): Promise<Finding> {
    const { log, people } = this.incident;
    // Reads the trader once, because evidence and reports carry the market's time.
    await this.incident.facts();
    this.incident.show(`playbooks/${this.code.name}`);
    // From the run's own random source: a run that was reset to before this point begins another playbook run.
    const playbook = `${PLAYBOOK_TYPE}:${this.incident.input.fingerprint}:${uuid4().slice(-8)}`;
    this.#playbook = playbook;
    const run = await this.#start(playbook);
    const over = (end: PlaybookEnd): void => {
      this.end = end;
    };
    run
      .result()
      .then(over, (error: unknown) => over({ ended: 'failed', says: `its run is gone: ${causeOf(error)}` }));
    if (!(await condition(() => this.#begun || this.#isOver, BEGUN_MS)))
      people.alarm(
        'playbook-waits',
        `playbooks/${this.code.name} has not begun after ${BEGUN_MS / 1_000} s: its process does not run, or its code does not return. It begins as soon as the process runs; look at the log of the operations worker`,
      );
    await condition(() => this.#isOver);
    const finding = { name: `playbooks/${this.code.name}`, kind: 'action', expected: EXPECTED } as const;
    if (log.resolved !== null && this.end === null) {
      await getExternalWorkflowHandle(playbook)
        .cancel()
        .catch(() => undefined);
      return { ...finding, verdict: 'not_run', observed: DECLARED_OVER };
    }
    const { ended, says } = this.end ?? { ended: 'failed', says: 'it did not end' };
    log.playbook = { ended, says };
    const verdict = ({ done: 'pass', failed: 'fail', cancelled: 'not_run' } as const)[ended];
    return { ...finding, verdict, observed: says };
  }

  get #isOver(): boolean {
    return this.end !== null || this.incident.log.resolved !== null;
  }

  #start(workflowId: string) {
    const { desk, fingerprint, kind, title } = this.incident.input;
    const { openedMs, reports } = this.incident.log;
    const { name, with: given } = this.code;
    const [incident, detail] = [runIdentity(desk).workflowId, reports[0]?.detail ?? ''];
    const input: PlaybookInput = {
      desk,
      name,
      with: given,
      incident: { workflowId: incident, kind, title, detail, openedMs },
    };
    return startChild<(input: PlaybookInput) => Promise<PlaybookEnd>>(PLAYBOOK_TYPE, {
      workflowId,
      taskQueue: packsQueue(desk),
      args: [input],
      ...runLabel({
        desk,
        routine: PLAYBOOK_TYPE,
        summary: `Playbook of ${fingerprint}: ${title}`,
        listed: `Playbook of ${desk}: ${kind.replaceAll('-', ' ')}`,
        details: `Code of the desk's folder. What it does is in the evidence of ${incident}.`,
      }),
      // The playbook's run finds out by itself that its incident is gone.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
    });
  }

  /** Never rejects, because that would end the incident. */
  async #take(ask: PlaybookAsk): Promise<void> {
    if (isUnsealed(ask) || typeof ask?.playbook !== 'string' || typeof ask.id !== 'number') return;
    if (ask.playbook !== this.#playbook || this.#isOver) {
      await this.#reply(ask, { over: 'its incident goes on without it' });
      return;
    }
    this.#begun = true;
    const { id, wish } = ask;
    if (wish === null || wish === undefined) return;
    const before = this.#answered.get(id);
    if (before === null) return;
    if (before === undefined) {
      this.#answered.set(id, null);
      this.#answered.set(id, await this.#grant(`code-${id}`, wish));
    }
    const outcome = this.#answered.get(id);
    if (outcome && !this.#isOver) await this.#reply(ask, { id, outcome });
  }

  async #reply({ playbook }: PlaybookAsk, reply: PlaybookReply): Promise<void> {
    await getExternalWorkflowHandle(playbook)
      .signal<[PlaybookReply]>(PLAYBOOK_MESSAGES.answer, reply)
      .catch(() => undefined);
  }

  /** `key`: identical on every repetition. */
  async #grant(key: string, wish: PlaybookWish): Promise<PlaybookOutcome> {
    const { incident } = this;
    try {
      switch (wish.do) {
        case 'step': {
          const step = { ...wish.step, key };
          incident.show(step.title);
          if (step.action === 'restore-database' && !this.#hasStopped) return this.#leaveOut(step.title);
          const { verdict, observed, expected, person } = await carryOutStep(
            incident,
            step,
            this.code,
            () => this.#isOver,
          );
          if (step.action === 'stop' || step.action === 'close-all') this.#hasStopped ||= verdict === 'pass';
          return { verdict, observed, expected, person };
        }
        case 'agree':
          return await this.#askFor(key, wish);
        case 'record': {
          const { title, verdict, observed, expected } = wish;
          incident.timeline.record({ name: title, kind: 'report', verdict, observed, expected });
          return { verdict, observed, expected, person: null };
        }
        case 'tell':
          incident.people.tell(key, wish.text);
          return { verdict: 'pass', observed: 'people were told', expected: 'people are told', person: null };
        default:
          throw new Error('this build does not know what it asks for');
      }
    } catch (error) {
      return { verdict: 'fail', observed: causeOf(error), expected: 'an answer', person: null };
    }
  }

  /** Leaves the step out for the reason that a desk file would be refused: no earlier step stops trading. */
  #leaveOut(title: string): PlaybookOutcome {
    const outcome: PlaybookOutcome = {
      verdict: 'not_run',
      observed: 'not run: nothing has stopped the desk',
      expected: 'a stop or close-all of the playbook before it, with its proof',
      person: null,
    };
    this.incident.timeline.record({ name: title, kind: 'action', ...outcome });
    return outcome;
  }

  async #askFor(
    key: string,
    { title, terms, minutes }: Extract<PlaybookWish, { do: 'agree' }>,
  ): Promise<PlaybookOutcome> {
    const { incident } = this;
    const { log, input, timeline } = incident;
    const startedMs = Date.now();
    const standsMs = minutes === undefined ? input.timing.offerMs : minutes * 60_000;
    const isPressed = minutes !== undefined && patched(PRESSED_BY_ITS_TIME);
    const overtaken = (): string | null => {
      if (log.resolved !== null) return DECLARED_OVER;
      return this.end === null ? null : 'the playbook has ended';
    };
    incident.show(title);
    const { state, detail, votes } = await askPeople(
      incident,
      { key, title, ...(isPressed ? { standsMs } : {}) },
      { ...terms, incident: input.title },
      startedMs + standsMs,
      overtaken,
    );
    const agreed = state === 'approved';
    const outcome: PlaybookOutcome = {
      verdict: agreed ? 'pass' : 'not_run',
      observed: `${state}: ${detail}`,
      expected: 'a person agrees',
      person: agreed ? votes.map(({ person }) => person).join(' and ') : null,
    };
    timeline.record({ name: title, kind: 'decision', ...outcome }, startedMs);
    return outcome;
  }
}
