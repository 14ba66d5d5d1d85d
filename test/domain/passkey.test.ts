/** What a browser says of a passkey that no honest device makes: it is refused, and no key ends the process that reads it. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkAssertion, checkRegistration } from '../../src/domain/passkey.js';
import { SoftwareAuthenticator } from '../support/software-authenticator.js';

const HERE = { origin: 'http://localhost:8000', rpId: 'localhost' };
const CHALLENGE = 'Y2hhbGxlbmdl';
const PRESENT_AND_VERIFIED = 0x05;
const BACKUP_ELIGIBLE = 0x08;
const BACKED_UP = 0x10;
const CREDENTIAL_INCLUDED = 0x40;

const derOf = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' });
const p256 = (): Buffer => derOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
const rsa = (publicExponent: number, modulusLength = 2048): Buffer =>
  derOf(generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey);

/** A key on P-256 whose point is `point`, as SubjectPublicKeyInfo. */
function p256With(point: Buffer): Buffer {
  const algorithm = p256().subarray(2, 23);
  const bits = Buffer.concat([Buffer.from([3, point.length + 1, 0]), point]);
  return Buffer.concat([Buffer.from([0x30, algorithm.length + bits.length]), algorithm, bits]);
}

function offTheCurve(): Buffer {
  const key = p256();
  key.writeUInt8(key.readUInt8(90) ^ 1, 90);
  return key;
}

function rsaOfExponentOne(): Buffer {
  const jwk = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
  return derOf(createPublicKey({ key: { ...jwk, e: 'AQ' }, format: 'jwk' }));
}

function registered(device: SoftwareAuthenticator, changed: object = {}, flags?: number) {
  const made = device.make(CHALLENGE, HERE, flags === undefined ? {} : { flags });
  return checkRegistration({ ...made, credentialId: made.id, ...changed }, HERE, CHALLENGE);
}

describe('a new passkey', () => {
  it.each([
    [
      'P-256 without a point, which ends Node where its details are asked for',
      -7,
      p256With(Buffer.from([0])),
    ],
    ['the same, called RSA', -257, p256With(Buffer.from([0]))],
    ['P-256 with a point beside the curve', -7, offTheCurve()],
    [
      'P-256 with a compressed point',
      -7,
      p256With(Buffer.concat([Buffer.from([2]), p256().subarray(27, 59)])),
    ],
    ['P-256 with bytes after it', -7, Buffer.concat([p256(), Buffer.from([0])])],
    ['P-384', -7, derOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey)],
    ['RSA, called P-256', -7, rsa(65_537)],
    ['RSA that anybody signs for', -257, rsaOfExponentOne()],
    ['RSA with a small exponent', -257, rsa(3)],
    ['RSA of 1024 bits', -257, rsa(65_537, 1024)],
    ['RSA with bytes after it', -257, Buffer.concat([rsa(65_537), Buffer.from([0])])],
    [
      'RSA for another padding',
      -257,
      derOf(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey),
    ],
    ['no key at all', -257, Buffer.from('key')],
  ])('is refused with a key that is %s', (_, algorithm, key) => {
    const changed = { algorithm, publicKey: key.toString('base64url') };
    expect(registered(new SoftwareAuthenticator(), changed)).toMatchObject({
      ok: false,
      why: 'its public key is none that this desk takes',
    });
  });

  it('has all of its id, at most 1023 bytes of it', () => {
    const device = new SoftwareAuthenticator();
    const whole = Buffer.from(device.make(CHALLENGE, HERE).authenticatorData, 'base64url');
    const withId = (id: Buffer, length = id.length) => {
      const head = Buffer.from(whole.subarray(0, 55));
      head.writeUInt16BE(length, 53);
      return {
        authenticatorData: Buffer.concat([head, id]).toString('base64url'),
        credentialId: id.toString('base64url'),
      };
    };
    expect(registered(device, withId(Buffer.alloc(1023, 1)))).toMatchObject({ ok: true });
    expect(registered(device, withId(Buffer.alloc(1024, 1)))).toMatchObject({
      why: expect.stringContaining('1023'),
    });
    const cut = { ok: false, why: 'its credential is cut short' };
    expect(registered(device, withId(Buffer.alloc(16, 1), 32))).toEqual(cut);
    const short = { authenticatorData: whole.subarray(0, 54).toString('base64url') };
    expect(registered(device, short)).toEqual(cut);
  });
});

it('a passkey that is backed up can be: one without the other is refused, made or used', () => {
  const device = new SoftwareAuthenticator();
  const used = (flags: number) =>
    checkAssertion(
      device.use(CHALLENGE, HERE, { flags: PRESENT_AND_VERIFIED | flags }),
      device,
      HERE,
      CHALLENGE,
    );
  const made = (flags: number) => registered(device, {}, PRESENT_AND_VERIFIED | CREDENTIAL_INCLUDED | flags);
  for (const check of [used, made]) {
    for (const flags of [0, BACKUP_ELIGIBLE, BACKUP_ELIGIBLE | BACKED_UP]) expect(check(flags).ok).toBe(true);
    expect(check(BACKED_UP)).toMatchObject({ ok: false, why: expect.stringContaining('backed up') });
  }
});
