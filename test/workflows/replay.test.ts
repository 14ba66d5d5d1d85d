/** Every workflow type against what it once did: code that no longer fits a running history would stand still. */
import { readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';

const FOLDER = fileURLToPath(new URL('../../temporal/histories/', import.meta.url));
const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));
const EMERGENCY = ['deskOwner', 'emergencyStop'];
const OPERATIONS = [
  'backup',
  'canary',
  'goLive',
  'incident',
  'pulse',
  'restoreDrill',
  'resumption',
  'routine',
  'settingsChange',
];

interface Recorded {
  readonly file: string;
  readonly type: string;
  readonly history: ReturnType<typeof historyFromJSON>;
}

const recorded: Recorded[] = files.map((file) => {
  const history = historyFromJSON(JSON.parse(readFileSync(`${FOLDER}${file}`, 'utf8')));
  const type = history.events?.[0]?.workflowExecutionStartedEventAttributes?.workflowType?.name ?? '';
  return { file, type, history };
});

async function replay(bundle: 'emergency' | 'operations', types: readonly string[]): Promise<string[]> {
  const workflowsPath = fileURLToPath(new URL(`../../src/workflows/${bundle}/bundle.ts`, import.meta.url));
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  const histories = recorded
    .filter(({ type }) => types.includes(type))
    .map(({ file, history }) => ({ workflowId: file, history }));
  const failures: string[] = [];
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, histories)) {
    if (error) failures.push(`${workflowId}: ${error.message}`);
  }
  return failures;
}

describe('recorded histories', () => {
  beforeAll(() => {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
  });

  it('are there for every workflow type', () => {
    expect([...new Set(recorded.map(({ type }) => type))].sort()).toEqual(
      [...EMERGENCY, ...OPERATIONS].sort(),
    );
  });

  it('fit the emergency workflows as they are now', async () => {
    expect(await replay('emergency', EMERGENCY)).toEqual([]);
  });

  it('fit the operations workflows as they are now', async () => {
    expect(await replay('operations', OPERATIONS)).toEqual([]);
  });

  it('say nothing of the machine that recorded them', () => {
    for (const file of files) {
      const text = readFileSync(`${FOLDER}${file}`, 'utf8');
      const decoded = text.replace(/"data": ?"([^"]*)"/g, (_, data: string) =>
        Buffer.from(data, 'base64').toString(),
      );
      for (const word of [`@${hostname()}`, process.cwd(), '/root/', '/home/', 'file://']) {
        expect(decoded.includes(word), `${file} holds ${word}`).toBe(false);
      }
    }
  });
});
