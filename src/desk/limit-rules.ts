/** The upper bounds of numbers in `risk` depend on what the desk trades. */
import { mostOf } from '../limits/most-of.js';
import { LIMITS } from '../limits/registry.js';
import type { BrokenRule } from './broken-rule.js';
import type { Desk } from './schema.js';

export function limitRules({ risk, instruments }: Desk): BrokenRule[] {
  return LIMITS.flatMap(({ setting }) => {
    const value = risk[setting.key];
    const most = mostOf(setting, instruments);
    if (value === undefined || value <= most) return [];
    return [
      {
        path: ['risk', setting.key],
        expected: `at most ${most}, since spot and stocks are bought for cash`,
        found: `${value}`,
        doThis: `write ${most} or less, or give contracts on margin a desk of their own`,
      },
    ];
  });
}
