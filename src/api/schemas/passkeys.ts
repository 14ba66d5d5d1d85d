import { z } from 'zod';
import { wallMs } from '../../contracts/json-values.js';
import { PASSKEY_ALGORITHMS } from '../../domain/passkey.js';

const bytes = (charsMax: number) =>
  z
    .string()
    .min(1)
    .max(charsMax)
    .regex(/^[\w-]+$/)
    .describe('base64url without padding');

const credentialId = bytes(1400);
const clientDataJSON = bytes(2048);
const authenticatorData = bytes(4096);

export const challengeSchema = z.object({
  challenge: z.string().describe('base64url; answered once, within two minutes'),
  rpId: z.string().describe('The name of the host that the page was reached by'),
});

export const assertionSchema = z.strictObject({
  id: credentialId,
  clientDataJSON,
  authenticatorData,
  signature: bytes(1024),
  transport: z.enum(['json', 'cookie']).optional(),
});

export const confirmSchema = z.strictObject({ password: z.string().min(1).max(1024) });

export const registrationSchema = z.strictObject({
  name: z.string().trim().min(1).max(60).describe('The owner’s word for it, such as the device'),
  id: credentialId,
  clientDataJSON,
  authenticatorData,
  publicKey: bytes(1024).describe('DER of a SubjectPublicKeyInfo, base64url'),
  algorithm: z.union(PASSKEY_ALGORITHMS.map((value) => z.literal(value))).describe('COSE'),
});

export const creationSchema = challengeSchema.extend({
  user: z.object({ id: z.string(), name: z.string() }),
  algorithms: z.array(z.number()).describe('COSE, the preferred one first'),
  registered: z.array(z.string()).describe('Credential ids that this person has already'),
});

export const passkeySchema = z.object({
  id: z.string(),
  name: z.string(),
  rpId: z.string().describe('The name of the host that it works on'),
  createdMs: wallMs,
  usedMs: wallMs.nullable(),
  votes: z.boolean().describe('Signs votes about real money too (fermata person key NAME --passkey CODE)'),
});

export const passkeysSchema = z.object({
  passkeys: z.array(passkeySchema),
  possible: z.boolean().describe('False where the page was reached by a number: a passkey belongs to a name'),
});

export type AssertionBody = z.infer<typeof assertionSchema>;
export type ConfirmBody = z.infer<typeof confirmSchema>;
export type RegistrationBody = z.infer<typeof registrationSchema>;
