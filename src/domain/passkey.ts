/**
 * Passkeys (W3C Web Authentication, Level 3): checks what a browser sends, with Node's own cryptography. No
 * attestation is requested, since nothing here depends on who built the authenticator. So there is no CBOR
 * and no certificate to parse; the browser sends the public key as SubjectPublicKeyInfo.
 */
import { createHash, createPublicKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import type { Assertion } from './vote-statement.js';

/** COSE: ECDSA on P-256 and RSA PKCS #1 v1.5, both with SHA-256. Every authenticator supports one of them. */
export const PASSKEY_ALGORITHMS = [-7, -257] as const;

/** The page that a passkey is used on. */
export interface RelyingParty {
  /** Relying party id: the host name that the passkey is bound to. */
  readonly rpId: string;
  /** Scheme, host and port. */
  readonly origin: string;
}

interface PasskeyPublicKey {
  readonly algorithm: number;
  /** DER of a SubjectPublicKeyInfo, base64url. */
  readonly publicKey: string;
}

/** `counter`: signatures that the authenticator has counted; 0 if it does not count. */
type Checked = { readonly ok: true; readonly counter: number } | Refused;
interface Refused {
  readonly ok: false;
  /** For the log. A person who tries to sign in is told only that it was refused. */
  readonly why: string;
}

const refused = (why: string): Refused => ({ ok: false, why });

const RP_HASH_BYTES = 32;
const FLAGS_AT = 32;
const COUNTER_AT = 33;
const HEADER_BYTES = 37;
const AAGUID_BYTES = 16;
const CREDENTIAL_ID_BYTES_MAX = 1023;
const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const BACKUP_ELIGIBLE = 0x08;
const BACKED_UP = 0x10;
const CREDENTIAL_INCLUDED = 0x40;
const RSA_BITS_MIN = 2048;
const RSA_EXPONENT_MIN = 65_537n;
/**
 * The beginning of a P-256 key's SubjectPublicKeyInfo; the two halves of its point follow. WebAuthn allows no other
 * form.
 */
const P256_HEAD = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex');
const P256_BYTES = P256_HEAD.length + 64;

/**
 * Null if no passkey can exist: browsers bind them to a host name, not to a numeric address. `origin`: the page's
 * own, as sent by the browser.
 */
export function relyingPartyOf(origin: string): RelyingParty | null {
  const { hostname } = new URL(origin);
  const isNumber = hostname.startsWith('[') || /^[\d.]+$/.test(hostname);
  return isNumber ? null : { rpId: hostname, origin };
}

/** Whether a newly made passkey is what was asked for. Its own signature comes with the first use. */
export function checkRegistration(
  made: Pick<Assertion, 'clientDataJSON' | 'authenticatorData'> &
    PasskeyPublicKey & { readonly credentialId: string },
  party: RelyingParty,
  challenge: string,
): Checked {
  const data = Buffer.from(made.authenticatorData, 'base64url');
  const objection =
    clientDataObjection(made.clientDataJSON, 'webauthn.create', party.origin, challenge) ??
    authenticatorObjection(data, party.rpId);
  if (objection !== null) return refused(objection);
  if (((data[FLAGS_AT] ?? 0) & CREDENTIAL_INCLUDED) === 0) return refused('it carries no credential');
  const idAt = HEADER_BYTES + AAGUID_BYTES + 2;
  if (data.length < idAt) return refused('its credential is cut short');
  const idBytes = data.readUInt16BE(idAt - 2);
  if (data.length < idAt + idBytes) return refused('its credential is cut short');
  if (idBytes > CREDENTIAL_ID_BYTES_MAX)
    return refused(`its id is longer than ${CREDENTIAL_ID_BYTES_MAX} bytes`);
  const id = data.subarray(idAt, idAt + idBytes).toString('base64url');
  if (id !== made.credentialId) return refused('its id is not the one that was made');
  if (keyOf(made) === null) return refused('its public key is none that this desk takes');
  return { ok: true, counter: data.readUInt32BE(COUNTER_AT) };
}

/**
 * Whether the holder of this key signed `challenge` on this page and proved to the device who they are. The caller
 * compares the counter, since only it knows the last value.
 */
export function checkAssertion(
  { clientDataJSON, authenticatorData, signature }: Assertion,
  key: PasskeyPublicKey,
  party: RelyingParty,
  challenge: string,
): Checked {
  const data = Buffer.from(authenticatorData, 'base64url');
  const objection =
    clientDataObjection(clientDataJSON, 'webauthn.get', party.origin, challenge) ??
    authenticatorObjection(data, party.rpId);
  if (objection !== null) return refused(objection);
  const publicKey = keyOf(key);
  if (publicKey === null) return refused('its public key is none that this desk takes');
  const client = createHash('sha256').update(Buffer.from(clientDataJSON, 'base64url')).digest();
  const signed = verify(
    'sha256',
    Buffer.concat([data, client]),
    publicKey,
    Buffer.from(signature, 'base64url'),
  );
  return signed ? { ok: true, counter: data.readUInt32BE(COUNTER_AT) } : refused('its signature is wrong');
}

/**
 * An authenticator's counter, if it has one, only goes up: a repeated number means that somebody has a copy.
 */
export const counterWentOn = (before: number, now: number): boolean =>
  now > before || (before === 0 && now === 0);

/** The challenge in the client data; not verified yet. Null: it can't be read. */
export function challengeIn(clientDataJSON: string): string | null {
  const challenge = readClientData(clientDataJSON)?.challenge;
  return typeof challenge === 'string' ? challenge : null;
}

/** The authenticator's signature counter; not verified yet. Null: it can't be read. */
export function counterIn(authenticatorData: string): number | null {
  const data = Buffer.from(authenticatorData, 'base64url');
  return data.length < HEADER_BYTES ? null : data.readUInt32BE(COUNTER_AT);
}

function clientDataObjection(
  clientDataJSON: string,
  type: 'webauthn.create' | 'webauthn.get',
  origin: string,
  challenge: string,
): string | null {
  const said = readClientData(clientDataJSON);
  if (said === null) return 'what the browser signed can’t be read';
  if (said.type !== type) return `it was made for ${String(said.type).slice(0, 40)}`;
  if (said.challenge !== challenge) return 'it answers another challenge';
  if (said.origin !== origin) return `it was made on another page: ${String(said.origin).slice(0, 200)}`;
  if (said.crossOrigin === true || said.topOrigin !== undefined) return 'it was made inside of another page';
  return null;
}

function authenticatorObjection(data: Buffer, rpId: string): string | null {
  if (data.length < HEADER_BYTES) return 'what the authenticator signed is cut short';
  const expected = createHash('sha256').update(rpId).digest();
  if (!timingSafeEqual(data.subarray(0, RP_HASH_BYTES), expected)) return 'it belongs to another name';
  const flags = data[FLAGS_AT] ?? 0;
  if ((flags & USER_PRESENT) === 0) return 'nobody touched the authenticator';
  if ((flags & USER_VERIFIED) === 0) return 'the authenticator did not ask who it is';
  if ((flags & (BACKUP_ELIGIBLE | BACKED_UP)) === BACKED_UP)
    return 'it is backed up and can’t be: both at once';
  return null;
}

/**
 * Null if the key is weak or not of its algorithm. A P-256 key is compared before it is parsed: reading the
 * details of a key whose point is missing makes Node abort with an assertion that can't be caught.
 */
function keyOf({ algorithm, publicKey }: PasskeyPublicKey): KeyObject | null {
  const spki = Buffer.from(publicKey, 'base64url');
  if (
    algorithm === -7 &&
    (spki.length !== P256_BYTES || !spki.subarray(0, P256_HEAD.length).equals(P256_HEAD))
  )
    return null;
  try {
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    return algorithm === -7 || (algorithm === -257 && isStrongRsa(key, spki)) ? key : null;
  } catch {
    return null;
  }
}

/** Checks the type first, see above. Refuses anything that is not encoded as DER requires. */
function isStrongRsa(key: KeyObject, spki: Buffer): boolean {
  if (key.asymmetricKeyType !== 'rsa') return false;
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  const strong = modulusLength >= RSA_BITS_MIN && publicExponent >= RSA_EXPONENT_MIN;
  return strong && key.export({ format: 'der', type: 'spki' }).equals(spki);
}

function readClientData(clientDataJSON: string): Readonly<Record<string, unknown>> | null {
  try {
    const said: unknown = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString('utf8'));
    return typeof said === 'object' && said !== null ? (said as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
