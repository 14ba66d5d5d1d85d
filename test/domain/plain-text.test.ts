import { describe, expect, it } from 'vitest';
import { plainText, unfitText, withPlainText } from '../../src/domain/plain-text.js';
import { UNFIT_TEXTS } from '../support/unfit-text.js';

describe('text from people', () => {
  it.each(UNFIT_TEXTS)('is not %s', (_what, text, plain) => {
    expect(unfitText({ reason: text })).toMatch(/^reason: .*found U\+[0-9A-F]{4}$/);
    expect(unfitText({ deep: [{ [text]: 1 }] })).not.toBeNull();
    expect(plainText(text)).toBe(plain);
    expect(unfitText(plain)).toBeNull();
  });

  it('is any language, sign and line otherwise', () => {
    for (const text of ['Grüße 🛑 停止 إيقاف', 'first line\n\tsecond', '']) {
      expect(unfitText(text)).toBeNull();
      expect(plainText(text)).toBe(text);
    }
  });

  it('is not looked for without end', () => {
    let deep: unknown = 'x';
    for (let level = 0; level < 10_000; level += 1) deep = [deep];
    expect(unfitText(deep)).toContain('levels');
    expect(withPlainText(deep)).toBeDefined();
  });
});
