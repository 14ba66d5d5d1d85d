/** Who decides about real money. */
import { APPROVER, namesWith } from '../domain/roles.js';
import type { Desk } from './schema.js';

/** Those whom the desk file names for it; where it names nobody, everybody with the role approver. */
export function goLiveApprovers({ goLive, people }: Pick<Desk, 'goLive' | 'people'>): readonly string[] {
  const approvers = namesWith(people, APPROVER);
  return goLive.approvers === undefined
    ? approvers
    : goLive.approvers.filter((named) => approvers.includes(named));
}
