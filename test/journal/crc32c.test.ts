import { expect, it } from 'vitest';
import { crc32c } from '../../src/trader/journal/format.js';

it('gives the values of RFC 3720 appendix B.4', () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index))).toBe(0x46dd794e);
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
});

it('gives the same for a slice at any alignment', () => {
  const text = Buffer.from('the quick brown fox jumps over the lazy dog');
  for (let start = 0; start < 9; start += 1) {
    expect(crc32c(text, start, start + 20)).toBe(crc32c(Uint8Array.from(text.subarray(start, start + 20))));
  }
});
