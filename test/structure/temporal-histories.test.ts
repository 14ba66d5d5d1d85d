/** Runs that are open at an upgrade have the recorded histories behind them: what is recorded stays as it is. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const LIST = 'temporal/histories.sha256';
const folder = join(root, 'temporal/histories');

const listed = readFileSync(join(root, LIST), 'utf8')
  .trim()
  .split('\n')
  .map((line) => {
    const [sha256 = '', file = ''] = line.split('  ');
    return { sha256, file };
  });
/** Named in the README, each with its reason. */
const retired = [
  ...readFileSync(join(root, 'temporal/README.md'), 'utf8').matchAll(/^- `([a-z0-9-]+\.json)`: \S.+$/gm),
].map(([, file]) => file);

describe('the recorded histories', () => {
  it('are as they were recorded: none was overwritten, and none is gone without a reason', () => {
    for (const { sha256, file } of listed) {
      if (retired.includes(file)) continue;
      const found = createHash('sha256')
        .update(readFileSync(join(folder, file)))
        .digest('hex');
      expect(`${found}  ${file}`, `${file} was changed: record the new path under a new name`).toBe(
        `${sha256}  ${file}`,
      );
    }
  });

  it('are all on the list, each once', () => {
    const names = listed.map(({ file }) => file);
    expect([...new Set(names)]).toEqual(names);
    const there = readdirSync(folder).filter((file) => !names.includes(file));
    expect(there, `add to ${LIST}: (cd temporal/histories && sha256sum FILE >> ../histories.sha256)`).toEqual(
      [],
    );
  });

  it('have a list that only grew, as far as the history of the repository is here', () => {
    const log = spawnSync('git', ['log', '-p', '--format=', '--', LIST], { cwd: root, encoding: 'utf8' });
    const removed = log.stdout?.split('\n').filter((line) => /^-[0-9a-f]{64} {2}/.test(line)) ?? [];
    expect(removed).toEqual([]);
  });
});
