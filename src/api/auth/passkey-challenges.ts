/**
 * Challenges for passkeys. Each carries its expiry and a MAC by this process over its purpose, so that asking
 * for many can't fill the memory or push out somebody else's. Only answered challenges are remembered, until
 * they expire.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type RelyingParty, relyingPartyOf } from '../../domain/passkey.js';
import { listeningPort, ownOriginOf } from '../hooks/host-guard.js';
import { sendProblem } from '../problem-details.js';

const CHALLENGE_LIFETIME_MS = 2 * 60_000;

/** `person`: null if it is not yet known who signs in. */
export interface ChallengeFor {
  readonly purpose: 'sign-in' | 'register';
  readonly person: string | null;
  readonly rpId: string;
}

const NONCE_BYTES = 16;
const TIME_BYTES = 8;
const SAID_BYTES = NONCE_BYTES + TIME_BYTES;

export class PasskeyChallenges {
  /** Exists only in this process: no challenge outlives a restart. */
  readonly #key = randomBytes(32);
  /** Answered challenges, and when they expire (wall milliseconds). */
  readonly #answered = new Map<string, number>();

  constructor(private readonly nowMs: () => number) {}

  /** A challenge in base64url, as browsers expect it. */
  make(about: ChallengeFor): string {
    const said = Buffer.alloc(SAID_BYTES);
    randomBytes(NONCE_BYTES).copy(said);
    said.writeBigUInt64BE(BigInt(this.nowMs() + CHALLENGE_LIFETIME_MS), NONCE_BYTES);
    return Buffer.concat([said, this.#codeOf(said, about)]).toString('base64url');
  }

  /** Null if it can be answered now, otherwise the reason why not. */
  objection(challenge: string, about: ChallengeFor): string | null {
    const bytes = Buffer.from(challenge, 'base64url');
    const said = bytes.subarray(0, SAID_BYTES);
    if (bytes.length !== SAID_BYTES + 32) return 'the challenge is not one of ours';
    if (!timingSafeEqual(bytes.subarray(SAID_BYTES), this.#codeOf(said, about)))
      return 'the challenge is not one of ours, or was made for something else';
    if (Number(said.readBigUInt64BE(NONCE_BYTES)) <= this.nowMs()) return 'the challenge has ended';
    return this.#answered.has(nonceOf(said)) ? 'the challenge was answered before' : null;
  }

  /** False if it was answered before. Only challenges with a valid MAC get here, so nobody can fill the memory. */
  take(challenge: string): boolean {
    const now = this.nowMs();
    for (const [nonce, endsMs] of this.#answered) if (endsMs <= now) this.#answered.delete(nonce);
    const nonce = nonceOf(Buffer.from(challenge, 'base64url'));
    if (this.#answered.has(nonce)) return false;
    this.#answered.set(nonce, now + CHALLENGE_LIFETIME_MS);
    return true;
  }

  #codeOf(said: Buffer, { purpose, person, rpId }: ChallengeFor): Buffer {
    const about = JSON.stringify([purpose, person, rpId]);
    return createHmac('sha256', this.#key).update(said).update(about).digest();
  }
}

const nonceOf = (said: Buffer): string => said.subarray(0, NONCE_BYTES).toString('hex');

/** WebAuthn's relying party of the calling page. Null if opened by an IP address: it can have no passkeys. */
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
