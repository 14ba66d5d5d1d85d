/** An authenticator in software: makes passkeys, and signatures as a real one does, with every part open to meddling. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { Assertion } from '../../src/domain/vote-statement.js';

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const CREDENTIAL_INCLUDED = 0x40;

/** Where it is used. A browser says the page's origin; nothing else decides about it. */
export interface UsedAt {
  readonly origin: string;
  readonly rpId: string;
}

/** What differs from an honest use. */
export interface Meddled {
  readonly type?: string;
  readonly flags?: number;
  readonly counter?: number;
  readonly crossOrigin?: boolean;
}

const hash = (data: string | Buffer): Buffer => createHash('sha256').update(data).digest();
const url = (data: string | Buffer): string => Buffer.from(data).toString('base64url');

export class SoftwareAuthenticator {
  readonly id: string;
  readonly algorithm: -7 | -257;
  counter = 0;
  readonly #publicKey: KeyObject;
  readonly #privateKey: KeyObject;

  /** `idBytes`: devices that keep the key inside its id have long ones. */
  constructor(algorithm: -7 | -257 = -7, idBytes = 32) {
    this.id = url(randomBytes(idBytes));
    this.algorithm = algorithm;
    const pair =
      algorithm === -7
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.#publicKey = pair.publicKey;
    this.#privateKey = pair.privateKey;
  }

  get publicKey(): string {
    return this.#publicKey.export({ format: 'der', type: 'spki' }).toString('base64url');
  }

  /** What `navigator.credentials.create` gives. */
  make(challenge: string, at: UsedAt, meddled: Meddled = {}) {
    const id = Buffer.from(this.id, 'base64url');
    const length = Buffer.alloc(2);
    length.writeUInt16BE(id.length);
    const flags = meddled.flags ?? USER_PRESENT | USER_VERIFIED | CREDENTIAL_INCLUDED;
    // Its key in COSE follows, which nobody here reads: the browser gives it apart.
    const credential = Buffer.concat([Buffer.alloc(16), length, id]);
    return {
      id: this.id,
      clientDataJSON: clientData('webauthn.create', challenge, at, meddled),
      authenticatorData: url(Buffer.concat([this.#header(at.rpId, flags, this.counter), credential])),
      publicKey: this.publicKey,
      algorithm: this.algorithm,
    };
  }

  /** What `navigator.credentials.get` gives. */
  use(challenge: string, at: UsedAt, meddled: Meddled = {}): Assertion & { readonly id: string } {
    this.counter += 1;
    const clientDataJSON = clientData('webauthn.get', challenge, at, meddled);
    const flags = meddled.flags ?? USER_PRESENT | USER_VERIFIED;
    const data = this.#header(at.rpId, flags, meddled.counter ?? this.counter);
    const said = Buffer.concat([data, hash(Buffer.from(clientDataJSON, 'base64url'))]);
    const signature = url(sign('sha256', said, this.#privateKey));
    return { id: this.id, clientDataJSON, authenticatorData: url(data), signature };
  }

  #header(rpId: string, flags: number, counter: number): Buffer {
    const rest = Buffer.alloc(5);
    rest.writeUInt8(flags);
    rest.writeUInt32BE(counter, 1);
    return Buffer.concat([hash(rpId), rest]);
  }
}

function clientData(type: string, challenge: string, { origin }: UsedAt, meddled: Meddled): string {
  const said = { type: meddled.type ?? type, challenge, origin, crossOrigin: meddled.crossOrigin ?? false };
  return url(JSON.stringify(said));
}
