/** Runs that are open at an upgrade have the recorded histories behind them: what is recorded stays as it is. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

interface HistoryEvent {
  readonly workflowExecutionStartedEventAttributes?: {
    readonly workflowType?: { readonly name: string };
    readonly continuedExecutionRunId?: string;
  };
  readonly workflowExecutionContinuedAsNewEventAttributes?: object;
}

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

  it('hold both sides of a new run, of each type whose runs go on in new ones for as long as they last', () => {
    const moving = ['deskOwner', 'emergencyStop', 'goLive', 'incident', 'pulse', 'resumption'];
    const [moved, carriedOver] = [new Set<string>(), new Set<string>()];
    for (const file of readdirSync(folder)) {
      const { events } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { events: HistoryEvent[] };
      const started = events[0]?.workflowExecutionStartedEventAttributes;
      const type = started?.workflowType?.name ?? '';
      if (started?.continuedExecutionRunId) carriedOver.add(type);
      if (events.at(-1)?.workflowExecutionContinuedAsNewEventAttributes) moved.add(type);
    }
    expect([...moved].sort()).toEqual(moving);
    expect([...carriedOver].sort()).toEqual(moving);
  });

  it('have a list that only grew', ({ skip }) => {
    const git = (...args: string[]) => spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout ?? '';
    const isWhole = git('rev-parse', '--is-shallow-repository').trim() === 'false';
    if (!isWhole || git('rev-parse', '--show-cdup') !== '\n') skip('the past of this repository is not here');
    const lines = git('log', '-p', '--format=', '--', LIST).split('\n');
    const committed = git('show', `HEAD:${LIST}`).trim().split('\n');
    expect(lines.filter((line) => /^\+[0-9a-f]{64} {2}/.test(line))).toHaveLength(committed.length);
    expect(lines.filter((line) => /^-[0-9a-f]{64} {2}/.test(line))).toEqual([]);
  });
});
