/** Whether the page that a request comes from can use passkeys at all. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type RelyingParty, relyingPartyOf } from '../../domain/passkey.js';
import { listeningPort, ownOriginOf } from '../hooks/host-guard.js';
import { sendProblem } from '../problem.js';

/** Null if the page was opened by an IP address. */
export const partyOf = (request: FastifyRequest): RelyingParty | null => relyingPartyOf(ownOriginOf(request));

export function refuseNumber(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return sendProblem(reply, {
    status: 409,
    code: 'passkey-needs-a-name',
    title: 'No passkeys at this address',
    detail: 'Browsers bind a passkey to a host’s name, and this page was reached by a number.',
    keptSafe: 'Nothing was changed; password and links work here as before.',
    doThis: `Open http://localhost:${listeningPort(request.raw)}/ on this machine, or the desk’s public address (api.publicUrl).`,
  });
}
