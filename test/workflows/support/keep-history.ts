/** A run on the real server that later code must still be able to replay. */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type History, historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { expect } from 'vitest';
import type { Bench } from './desk-bench.js';
import { IN_THIS_THREAD, servedBundle, ThreadlessWorker } from './serve-queue.js';
import { type BundleName, WORKFLOW_TYPES } from './workflow-types.js';

export const HISTORIES = fileURLToPath(new URL('../../../temporal/histories/', import.meta.url));

const CHECKSUMS = fileURLToPath(new URL('../../../temporal/histories.sha256', import.meta.url));

/**
 * Replays the run at once: code that is not deterministic fails here. With FERMATA_RECORD_HISTORIES=1 a history that
 * is not there yet is written; one that is there stays, since it is what running workflows may have behind them.
 */
export async function keepHistory(
  bench: Pick<Bench, 'client'>,
  name: string,
  workflowId: string,
  /** Without one: its newest run. */
  runId?: string,
): Promise<void> {
  const history = await bench.client.workflow.getHandle(workflowId, runId).fetchHistory();
  const bundle = bundleWith(typeOf(history));
  const options = { workflowBundle: servedBundle(bundle), ...IN_THIS_THREAD };
  await ThreadlessWorker.runReplayHistory(options, history, workflowId);
  const file = `${HISTORIES}${name}.json`;
  if (process.env.FERMATA_RECORD_HISTORIES === '1' && !existsSync(file)) {
    const text = `${withoutMachine(historyToJSON(history))}\n`;
    writeFileSync(file, text);
    appendFileSync(CHECKSUMS, `${createHash('sha256').update(text).digest('hex')}  ${name}.json\n`);
  }
  expect(existsSync(file), `${name} is not recorded: see temporal/README.md`).toBe(true);
}

/** The canary is in each. */
function bundleWith(type: string): BundleName {
  if (WORKFLOW_TYPES.emergency.includes(type)) return 'emergency';
  return WORKFLOW_TYPES.operations.includes(type) ? 'operations' : 'packs';
}

export function typeOf({ events }: History): string {
  return events?.[0]?.workflowExecutionStartedEventAttributes?.workflowType?.name ?? '';
}

/**
 * Who ran it where is nobody's business, and would differ at every recording: process@host, and paths in traces, also in
 * those of payloads.
 */
function withoutMachine(json: string): string {
  const scrubbed: unknown = JSON.parse(json, (key, value: unknown) => {
    if (typeof value !== 'string') return value;
    if (key === 'identity') return 'recorded';
    if (key === 'stackTrace') return '';
    if (key === 'data') return withoutCheckout(value);
    return value.replaceAll(new RegExp(`\\d+@${hostname()}`, 'g'), 'recorded');
  });
  return JSON.stringify(scrubbed, null, 1);
}

/** `data`: of a payload, in base64. */
function withoutCheckout(data: string): string {
  const text = Buffer.from(data, 'base64').toString();
  const scrubbed = text.replaceAll(`${process.cwd()}/`, '');
  return scrubbed === text ? data : Buffer.from(scrubbed).toString('base64');
}
