/**
 * A playbook in code from a desk's folder. It runs on its own queue in its own process, and can do nothing but wait and
 * ask its incident: no activities, no other runs. A cancel request ends it; its incident goes on, and a person decides
 * what to do.
 */
import { ApplicationFailure, defineSignal, setHandler, workflowInfo } from '@temporalio/workflow';
import * as zod from 'zod';
import {
  PLAYBOOK_MESSAGES,
  type PlaybookEnd,
  type PlaybookInput,
  type PlaybookReply,
} from '../../contracts/playbook.js';
import { causeOf } from '../../domain/cause-of.js';
import { plainText } from '../../domain/plain-text.js';
import { definitionIn, type PlaybookFactory } from '../../pack/playbook/load-code.js';
import * as pack from '../../pack/v1.js';
import { CANCEL_ASKED, onCancelRequest } from '../cancellation.js';
import { showDetails } from '../show.js';
import { HostedIncident } from './hosted-incident.js';

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
