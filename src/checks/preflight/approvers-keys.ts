import { chatVotesMax, goLiveApprovers } from '../../desk/go-live-people.js';
import { personKeysOf } from '../../home/person-keys.js';
import type { PreflightCheck } from './preflight-check.js';

/** A vote about real money must be signed; this finds a missing key before people are asked to vote. */
export const approversKeys: PreflightCheck = {
  key: 'approvers-keys',
  title: 'Approvers can sign',
  look: ({ desk, home }) => {
    const { needed } = desk.goLive;
    const signed = Math.max(1, needed - chatVotesMax(desk, needed));
    const approvers = goLiveApprovers(desk);
    const without = approvers.filter((person) => personKeysOf(home, person).length === 0);
    const expected = `at least ${signed} of the approvers ${approvers.join(', ')} have enrolled a key to sign with; without one nobody votes but through Telegram`;
    if (without.length === 0) return { verdict: 'pass', observed: 'all of them have a key', expected };
    const missing = `no key: ${without.map((person) => `${person} (fermata person key ${person})`).join(', ')}`;
    return { verdict: 'warn', observed: missing, expected };
  },
};
