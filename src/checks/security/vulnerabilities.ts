import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { someOf } from '../../domain/figure-text.js';
import { messageOf } from '../../domain/message-of.js';
import { check } from '../check.js';
import { INSTALLATION, npmLimitMs, withNpm } from '../npm.js';

/**
 * No dependency of this installation has known vulnerabilities; findings are tracked until a scan no longer
 * finds them.
 */
export const vulnerabilities = check(
  'Packages without known vulnerabilities',
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
  'larger-upgrade': 'only a larger upgrade removes it: check what else that changes',
  none: 'no upgrade removes it yet: look whether this desk is concerned at all',
};

const findingOf = (one: Vulnerability) => ({
  key: one.key,
  title: `Vulnerable: ${one.package}`,
  detail: `${one.package} ${one.range} (${one.severity}): ${one.title}. ${one.url} ${TO_DO[one.fix]}. It stays open until a scan finds it no more.`,
});

interface Vulnerability {
  /** From the advisory and the package: the same in each scan. */
  readonly key: string;
  readonly package: string;
  readonly severity: string;
  readonly title: string;
  /** The affected versions. */
  readonly range: string;
  readonly url: string;
  /** Whether an upgrade fixes it. */
  readonly fix: 'upgrade' | 'larger-upgrade' | 'none';
}

const advisory = z.object({
  source: z.union([z.number(), z.string()]),
  title: z.string().default('no title'),
  url: z.string().default(''),
  severity: z.string().default('unknown'),
  range: z.string().default('*'),
});
const auditSchema = z.object({
  vulnerabilities: z.record(
    z.string(),
    z.object({
      via: z.array(z.union([z.string(), advisory])),
      fixAvailable: z
        .union([z.boolean(), z.object({ isSemVerMajor: z.boolean().default(false) })])
        .default(false),
    }),
  ),
});
type Audited = z.output<typeof auditSchema>['vulnerabilities'][string];

/**
 * `npm audit` of an installation: the versions in its lock file against the registry's list of known
 * vulnerabilities. Rejects with the reason if nothing is known: no lock file, no npm, or an unreachable
 * registry. `limitMs`: for all of it.
 */
export async function npmAudit(folder: string, limitMs: number): Promise<readonly Vulnerability[]> {
  if (!existsSync(join(folder, 'package-lock.json')))
    throw new Error(`${folder} has no package-lock.json: which versions run is not known`);
  const said = await withNpm(folder, limitMs, (npm) => npm('audit', '--omit=dev', '--package-lock-only'));
  if ('problem' in said) throw new Error(`npm audit: ${said.problem}`);
  const { success, data } = auditSchema.safeParse(said.answer);
  if (!success) throw new Error('npm audit: an answer of another form');
  return Object.entries(data.vulnerabilities)
    .flatMap(([name, found]) => vulnerabilitiesOf(name, found))
    .sort((left, right) => left.key.localeCompare(right.key));
}

function vulnerabilitiesOf(name: string, { via, fixAvailable }: Audited): readonly Vulnerability[] {
  const fix =
    fixAvailable === false
      ? 'none'
      : fixAvailable !== true && fixAvailable.isSemVerMajor
        ? 'larger-upgrade'
        : 'upgrade';
  // A string names the package through which this one is vulnerable; that package has its own entry.
  return via.flatMap((one) =>
    typeof one === 'string'
      ? []
      : [{ ...one, key: `${name}:${one.url.split('/').at(-1) || one.source}`, package: name, fix }],
  );
}
