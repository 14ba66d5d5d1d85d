import { expect, it } from 'vitest';
import { type DecisionFields, signDecision, verifyDecision } from '../../src/domain/decision.js';

const KEY = 'a'.repeat(64);
const fields: DecisionFields = {
  decisionId: 'd-1',
  desk: 'crypto-bot',
  person: 'operator',
  via: 'web',
  choice: 'resume',
  subject: 'f'.repeat(32),
  atWallMs: 1_000_000,
  expiresWallMs: 1_300_000,
};

it('accepts a decision that was made with the key, whatever the order of its keys', () => {
  const decision = signDecision(KEY, fields);
  expect(verifyDecision(KEY, decision, 1_100_000)).toEqual({ ok: true });
  const reordered = Object.fromEntries(Object.entries(decision).reverse()) as unknown as typeof decision;
  expect(verifyDecision(KEY, reordered, 1_100_000)).toEqual({ ok: true });
});

it('refuses a decision of which any field was changed', () => {
  const decision = signDecision(KEY, fields);
  for (const name of Object.keys(fields) as (keyof DecisionFields)[]) {
    const value = typeof decision[name] === 'number' ? decision[name] + 1 : `${decision[name]}x`;
    expect(verifyDecision(KEY, { ...decision, [name]: value }, 1_100_000)).toMatchObject({ ok: false });
  }
  expect(verifyDecision(KEY, { ...decision, mac: 'not hex' }, 1_100_000)).toMatchObject({ ok: false });
});

it('refuses a decision made with another key', () => {
  expect(verifyDecision('b'.repeat(64), signDecision(KEY, fields), 1_100_000)).toMatchObject({ ok: false });
});

it('refuses a decision that has expired or comes from the future', () => {
  const decision = signDecision(KEY, fields);
  expect(verifyDecision(KEY, decision, 1_300_000)).toEqual({ ok: false, reason: 'it has expired' });
  expect(verifyDecision(KEY, decision, 900_000)).toEqual({ ok: false, reason: 'it was made in the future' });
});

it('refuses to sign with something that is no key, without showing it', () => {
  expect(() => signDecision('secret', fields)).toThrow(/64 hex digits/);
  expect(() => signDecision('secret', fields)).not.toThrow(/secret/);
});
