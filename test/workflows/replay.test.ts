/** Every workflow type against what it once did: code that no longer fits a running history would stand still. */
import { readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { quietRuntime } from '../support/quiet-runtime.js';
import { HISTORIES, typeOf } from './support/keep-history.js';
import { IN_THIS_THREAD, servedBundle, ThreadlessWorker } from './support/serve-queue.js';
import { type BundleName, WORKFLOW_TYPES } from './support/workflow-types.js';

const files = readdirSync(HISTORIES).filter((file) => file.endsWith('.json'));
const recorded = files.map((file) => {
  const history = historyFromJSON(JSON.parse(readFileSync(`${HISTORIES}${file}`, 'utf8')));
  return { file, type: typeOf(history), history };
});

async function replay(bundle: BundleName): Promise<string[]> {
  const histories = recorded
    .filter(({ type }) => WORKFLOW_TYPES[bundle].includes(type))
    .map(({ file, history }) => ({ workflowId: file, history }));
  const failures: string[] = [];
  const options = { workflowBundle: servedBundle(bundle), ...IN_THIS_THREAD };
  const replaying = ThreadlessWorker.runReplayHistories(options, histories);
  for await (const { workflowId, error } of replaying) {
    if (error) failures.push(`${workflowId}: ${error.message}`);
  }
  return failures;
}

describe('recorded histories', () => {
  beforeAll(() => {
    quietRuntime();
  });

  it('are there for every workflow type that a bundle exports, and for no other', () => {
    const exported = new Set(Object.values(WORKFLOW_TYPES).flat());
    expect([...new Set(recorded.map(({ type }) => type))].sort()).toEqual([...exported].sort());
  });

  it('fit the emergency workflows as they are now', async () => {
    expect(await replay('emergency')).toEqual([]);
  });

  it('fit the operations workflows as they are now', async () => {
    expect(await replay('operations')).toEqual([]);
  });

  it('fit the workflow of playbooks in code as it is now, with the code of the desk that they are of', async () => {
    expect(await replay('packs')).toEqual([]);
  });

  it('say nothing of the machine that recorded them', () => {
    for (const file of files) {
      const text = readFileSync(`${HISTORIES}${file}`, 'utf8');
      const decoded = text.replace(/"data": ?"([^"]*)"/g, (_, data: string) =>
        Buffer.from(data, 'base64').toString(),
      );
      for (const word of [`@${hostname()}`, process.cwd(), '/root/', '/home/', 'file://']) {
        expect(decoded.includes(word), `${file} holds ${word}`).toBe(false);
      }
    }
  });
});
