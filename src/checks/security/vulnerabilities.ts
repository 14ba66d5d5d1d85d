import { z } from 'zod';
import { messageOf } from '../../domain/message-of.js';
import { someOf } from '../../domain/some-of.js';
import { check } from '../check.js';
import { INSTALLATION, npmLimitMs } from '../npm.js';
import { npmAudit, type Vulnerability } from './npm-audit.js';

/**
 * No dependency of this installation has known vulnerabilities; findings are followed until a scan no longer finds
 * them.
 */
export const vulnerabilities = check(
  z.strictObject({ dueDays: z.number().min(1).max(365).default(30) }),
  async ({ stepMs }, { dueDays }) => {
    const expected = 'no dependency that is known to be vulnerable (npm audit)';
    let found: readonly Vulnerability[];
    try {
      found = await npmAudit(INSTALLATION, npmLimitMs(stepMs));
    } catch (error) {
      return { verdict: 'not_run', observed: `no scan was made: ${messageOf(error)}`, expected };
    }
    const findings = { source: 'vulnerability', dueDays, found: found.map(findingOf) };
    if (found.length === 0) return { verdict: 'pass', observed: 'none is known', expected, findings };
    const named = found.map((one) => `${one.package} ${one.range} (${one.severity}): ${one.title}`);
    return { verdict: 'fail', observed: `${found.length}: ${someOf(named)}`, expected, findings };
  },
);

const TO_DO: Readonly<Record<Vulnerability['fix'], string>> = {
  upgrade: 'an upgrade within its range removes it (npm audit fix)',
  'larger-upgrade': 'only a larger upgrade removes it: look what else that changes',
  none: 'no upgrade removes it yet: look whether this desk is concerned at all',
};

const findingOf = (one: Vulnerability) => ({
  key: one.key,
  title: `Vulnerable: ${one.package}`,
  detail: `${one.package} ${one.range} (${one.severity}): ${one.title}. ${one.url} ${TO_DO[one.fix]}. It stays open until a scan finds it no more.`,
});
