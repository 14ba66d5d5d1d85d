/**
 * Options for people in an incident: each question states its exact effect, which is carried out if a person
 * agrees.
 */
import { patched } from '@temporalio/workflow';
import { type ApprovalOutcome, pressingWithin } from '../../../contracts/approval.js';
import type { IncidentInput, PlaybookAnswer, PlaybookStep } from '../../../contracts/incident.js';
import type { ApprovalParameters } from '../../../domain/decision.js';
import { causeOf } from '../../../domain/message-of.js';
import { moment } from '../../../domain/moment.js';
import { MAY_STOP } from '../../../domain/people-roles.js';
import type { Offer, OpenIncident } from '../../../playbooks/playbook.js';
import type { Approvals } from '../approval.js';
import { runStep } from '../routine/run-steps.js';
import type { StepContext, StepOutcome } from '../routine/step.js';
import type { Timeline } from './incident-log.js';

interface AskingIncident extends OpenIncident {
  readonly input: IncidentInput;
  readonly timeline: Pick<Timeline, 'record'>;
  readonly approvals: Approvals;
  /** Number of offers with an open question, or with an answer that is being carried out. */
  offersUnderWay: number;
  /** Why nothing that still waits for people is waited for any longer. Null: it is. */
  readonly overBecause: string | null;
}

const NOTHING = 'nothing: there is nothing to switch or to change';

/**
 * Resolves when the question is decided, has expired or is withdrawn. Never rejects: the incident goes on
 * without it.
 */
export async function offer(incident: AskingIncident, what: Offer): Promise<void> {
  const parameters = await parametersOf(incident, what);
  if (parameters === null) return;
  incident.offersUnderWay += 1;
  try {
    const asked = JSON.parse(parameters) as { parameters: ApprovalParameters; untilMs: number };
    const decided = await askPeople(incident, what, asked.parameters, asked.untilMs);
    await incident.once(`${what.key}:decided`, async () => {
      const { verdict, did } = await outcomeOf(incident, what, decided, asked.parameters);
      return {
        name: what.title,
        kind: 'decision',
        verdict,
        observed: `${decided.state}: ${decided.detail}; ${did}`,
        expected: 'a person decides',
        person: decided.votes[0]?.person ?? null,
      };
    });
  } catch (error) {
    incident.timeline.record({
      name: what.title,
      kind: 'decision',
      verdict: 'not_run',
      observed: `could not be offered: ${causeOf(error)}`,
      expected: 'a person decides',
    });
  } finally {
    incident.offersUnderWay -= 1;
  }
}

const SAYS_UNDONE = 'an-offer-that-was-agreed-to-and-not-carried-out-is-told';

/** Never rejects: people are told if an offer that was agreed to could not be carried out. */
async function outcomeOf(
  incident: AskingIncident,
  what: Offer,
  { state, votes }: ApprovalOutcome,
  parameters: ApprovalParameters,
): Promise<{ readonly verdict: 'pass' | 'fail' | 'not_run'; readonly did: string }> {
  if (state !== 'approved') return { verdict: 'not_run', did: 'nothing was changed' };
  const by = votes.map(({ person }) => person).join(' and ');
  try {
    return { verdict: 'pass', did: await what.accept(incident, parameters, by) };
  } catch (error) {
    const did = `could not be carried out: ${causeOf(error).replace(/\.$/, '')}`;
    if (patched(SAYS_UNDONE))
      incident.people.alarm(what.key, `"${what.title}", agreed to by ${by}, ${did}. It is not in force.`);
    return { verdict: 'fail', did };
  }
}

/**
 * One person who may stop the desk decides, by `untilMs` (wall milliseconds). `standsMs`: how long that is, if not as for
 * the incident's other questions. `overtaken`: see `Approvals.ask`.
 */
export function askPeople(
  incident: AskingIncident,
  { key, title, standsMs }: Pick<Offer, 'key' | 'title'> & { readonly standsMs?: number },
  parameters: ApprovalParameters,
  untilMs: number,
  overtaken?: () => string | null,
): Promise<ApprovalOutcome> {
  const { input, approvals } = incident;
  const request = {
    id: questionId(incident, key),
    desk: input.desk,
    kind: 'incident-offer',
    subject: input.fingerprint,
    title,
    parameters,
    needed: 1,
    roles: MAY_STOP,
    requestedBy: `incident ${input.fingerprint}`,
    expiresMs: untilMs,
    ...pressingWithin(standsMs ?? input.timing.offerMs),
  };
  return approvals.ask(request, overtaken);
}

/** Id of the question that `askPeople` asks with this key. */
const questionId = ({ name }: Pick<OpenIncident, 'name'>, key: string): string => `incident:${name}:${key}`;

/** The same question after continue-as-new, whatever has changed since. Null if nothing is offered. */
async function parametersOf(incident: AskingIncident, what: Offer): Promise<string | null> {
  const { timing } = incident.input;
  const asked = await incident.once(`${what.key}:asked`, async () => {
    const facts = await incident.facts();
    const parameters = facts === null ? null : await what.describe(incident, facts);
    const untilMs = Date.now() + timing.offerMs;
    const common = { name: `Offered: ${what.title}`, kind: 'report', expected: 'a person decides' } as const;
    if (parameters === null) return { ...common, verdict: 'not_run', observed: NOTHING };
    const words = Object.entries(parameters).map(([key, value]) => `${key}: ${value}`);
    const observed = `${words.join(', ')}; open until ${moment(untilMs)}`;
    return { ...common, verdict: 'pass', observed, kept: JSON.stringify({ parameters, untilMs }) };
  });
  return asked.startsWith('{') ? asked : null;
}

const EXPECTED = 'a person agrees to one of the answers';

interface Chosen {
  readonly answer: PlaybookAnswer;
  readonly by: string;
}

/**
 * A question with several answers, asked in parallel: the first one that a person agrees to counts and is carried
 * out. Answers make positions smaller or ask a person for something; none lets the desk trade. Never rejects. Ends
 * without an answer if nobody agrees in time, or if the incident is declared over meanwhile.
 */
export async function choose(
  incident: AskingIncident,
  step: PlaybookStep,
  answers: readonly PlaybookAnswer[],
  context: StepContext,
): Promise<StepOutcome> {
  const { chosen, said } = await askAll(incident, step, answers);
  if (chosen === null) return { verdict: 'not_run', observed: said.join('; '), expected: EXPECTED };
  const { answer, by } = chosen;
  const common = { expected: EXPECTED, person: by };
  try {
    const did = await carryOut(incident, step, chosen, context);
    return { ...common, verdict: 'pass', observed: `${by}: ${answer.title}; ${did}` };
  } catch (error) {
    const why = `"${answer.title}", chosen by ${by}, could not be carried out: ${causeOf(error)}`;
    incident.people.alarm(`step:${step.key}`, `${step.title}: ${why}`);
    return { ...common, verdict: 'fail', observed: why };
  }
}

async function askAll(
  incident: AskingIncident,
  step: PlaybookStep,
  answers: readonly PlaybookAnswer[],
): Promise<{ readonly chosen: Chosen | null; readonly said: readonly string[] }> {
  const { approvals, input } = incident;
  const untilMs = Date.now() + input.timing.offerMs;
  const agreed: Chosen[] = [];
  const overtaken = (): string | null => {
    if (incident.overBecause !== null) return incident.overBecause;
    return agreed[0] === undefined ? null : `${agreed[0].by} chose "${agreed[0].answer.title}"`;
  };
  const asked = answers.map(async (answer) => {
    const key = `${step.key}-${answer.key}`;
    const title = `${step.title}: ${answer.title}`;
    const { state, detail, votes } = await askPeople(
      incident,
      { key, title },
      choiceParameters(answer),
      untilMs,
      overtaken,
    );
    if (state === 'approved') {
      agreed.push({ answer, by: votes.map(({ person }) => person).join(' and ') });
      // If two people agree at once, the second answer must not be recorded as carried out.
      if (agreed.length > 1)
        await approvals.supersede({ id: questionId(incident, key) }, 'another was chosen first');
    }
    return `${answer.title}: ${state}, ${detail}`;
  });
  const ended = await Promise.allSettled(asked);
  const said = ended.map((one, at) =>
    one.status === 'fulfilled'
      ? one.value
      : `${answers[at]?.title}: could not be asked, ${causeOf(one.reason)}`,
  );
  return { chosen: agreed[0] ?? null, said };
}

function choiceParameters({ sizePct, human }: PlaybookAnswer) {
  return {
    ...(sizePct === undefined ? {} : { positionSizePct: sizePct }),
    ...(human === undefined ? {} : { task: human }),
    trading: 'stays as it is until a person resumes',
  };
}

/** The result in words. */
async function carryOut(
  incident: AskingIncident,
  step: PlaybookStep,
  { answer, by }: Chosen,
  context: StepContext,
): Promise<string> {
  const { sizePct, human, dueHours, title } = answer;
  const key = `${step.key}-${answer.key}`;
  const did: string[] = [];
  if (sizePct !== undefined) did.push(await makeSmaller(incident, { key, title, sizePct, by }));
  if (human !== undefined) {
    const task = { ...step, choose: undefined, key, title, human, dueHours, waitMinutes: 0 };
    did.push((await runStep(task, context)).observed);
  }
  return did.join('; ') || 'nothing else is done';
}

async function makeSmaller(
  incident: AskingIncident,
  { key, title, sizePct, by }: Pick<PlaybookAnswer, 'key' | 'title'> & { sizePct: number; by: string },
): Promise<string> {
  const { input, name } = incident;
  const calls = incident.agreed;
  const now = (await incident.facts())?.sizePct ?? sizePct;
  const { ok, detail } = await calls.resize.executeWithOptions({ summary: `Position size ${sizePct} %` }, [
    {
      commandId: `${name}:${key}`,
      by,
      reason: `${input.title}: ${title}`,
      sizePct: Math.min(sizePct, now),
      decisions: [],
    },
  ]);
  if (!ok) throw new Error(`refused by the trader: ${detail}`);
  return `${detail}; to trade again: fermata resume --reason TEXT`;
}
