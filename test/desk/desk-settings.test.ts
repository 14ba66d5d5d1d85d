import { describe, expect, it } from 'vitest';
import { changesAsked, settingsInForce } from '../../src/desk/desk-settings.js';
import { cryptoDesk } from '../operations/support/crypto-desk.js';

describe('what a change takes', () => {
  it('is read from the values in force, not from the desk file', () => {
    const settings = settingsInForce(cryptoDesk(), { 'risk.maxPositionSizePct': 2 });
    expect(changesAsked(settings, { 'risk.maxPositionSizePct': 2.5 }).loosening).toHaveLength(1);
    expect(changesAsked(settings, { 'risk.maxPositionSizePct': 1.5 }).loosening).toHaveLength(0);
    expect(changesAsked(settings, { 'risk.maxPositionSizePct': 2 }).changes).toHaveLength(0);
  });
});
