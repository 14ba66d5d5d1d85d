/**
 * An option for people in an incident: they are asked with its exact effect, and it is carried out when one of them
 * agrees.
 */

import { type ApprovalOutcome, pressingWithin } from '../../../../contracts/approval.js';
import type { IncidentFacts } from '../../../../contracts/engine-activities.js';
import type { ApprovalParameters } from '../../../../domain/approval.js';
import { causeOf } from '../../../../domain/message-of.js';
import { MAY_STOP } from '../../../../domain/roles.js';
import type { IncidentRun } from '../incident-run.js';

/** Names the strategies to offer, of those that are switched on. */
type NamesOf = (facts: Parameters<Offer['describe']>[1], subject: string) => readonly string[];

export interface Offer {
  readonly key: string;
  readonly title: string;
  /** Null if there is nothing to offer. */
  readonly describe: (incident: IncidentRun, facts: IncidentFacts) => Promise<ApprovalParameters | null>;
  /** The result in words. */
  readonly accept: (incident: IncidentRun, parameters: ApprovalParameters, by: string) => Promise<string>;
}

const NOTHING = 'nothing: there is nothing to switch or to change';

/** Ends when the question was decided, has expired or was withdrawn. Never rejects: the incident goes on without it. */
export async function offer(incident: IncidentRun, what: Offer): Promise<void> {
  const parameters = await parametersOf(incident, what);
  if (parameters === null) return;
  incident.offersUnderWay += 1;
  try {
    const asked = JSON.parse(parameters) as { parameters: ApprovalParameters; untilMs: number };
    const decided = await askPeople(incident, what, asked.parameters, asked.untilMs);
    await incident.once(`${what.key}:decided`, async () => {
      const agreed = decided.state === 'approved';
      const by = decided.votes.map(({ person }) => person).join(' and ');
      const did = agreed ? await what.accept(incident, asked.parameters, by) : 'nothing was changed';
      return {
        name: what.title,
        kind: 'decision',
        verdict: agreed ? 'pass' : 'not_run',
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

/** One person who may stop the desk decides, by `untilMs` (wall milliseconds). `overtaken`: see `Approvals.ask`. */
export function askPeople(
  incident: IncidentRun,
  { key, title }: Pick<Offer, 'key' | 'title'>,
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
    ...pressingWithin(input.timing.offerMs),
  };
  return approvals.ask(request, overtaken);
}

/** Id of the question that `askPeople` asks with this key. */
export const questionId = ({ name }: Pick<IncidentRun, 'name'>, key: string): string =>
  `incident:${name}:${key}`;

/** The same question after continue-as-new, whatever has changed since. Null if nothing is offered. */
async function parametersOf(incident: IncidentRun, what: Offer): Promise<string | null> {
  const { timing } = incident.input;
  const asked = await incident.once(`${what.key}:asked`, async () => {
    const facts = await incident.facts();
    const parameters = facts === null ? null : await what.describe(incident, facts);
    return {
      name: `Offered: ${what.title}`,
      kind: 'report',
      verdict: parameters === null ? 'not_run' : 'pass',
      observed:
        parameters === null ? NOTHING : JSON.stringify({ parameters, untilMs: Date.now() + timing.offerMs }),
      expected: 'a person decides',
    };
  });
  return asked.startsWith('{') ? asked : null;
}

/** Offers to switch off strategies by name, for a drawdown or for a strategy that loses. */
export function switchOff(title: string, reason: string, names: NamesOf): Offer {
  return {
    key: 'strategies-off',
    title,
    describe: async (incident, facts) => {
      const named = [...new Set(names(facts, incident.input.subject))].sort();
      return named.length > 0 ? { strategies: named.join(', ') } : null;
    },
    accept: async ({ trader, name }, { strategies }, by) => {
      const details: string[] = [];
      for (const strategy of String(strategies).split(', ')) {
        const result = await trader?.toggleStrategy.executeWithOptions({ summary: `${strategy} off` }, [
          { commandId: `${name}:off:${strategy}`, by, reason, strategy, enabled: false },
        ]);
        details.push(result?.detail ?? 'no trader is known');
      }
      return details.join('; ');
    },
  };
}
