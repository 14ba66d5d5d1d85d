/** Whoever reaches Temporal, by its own command line or with what was copied from it, decides nothing; but stops. */

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EMERGENCY_TIMING } from '../../src/contracts/emergency.js';
import { deskOwnerId, emergencyQueue } from '../../src/contracts/queues.js';
import { homePaths, SECRET_FILES } from '../../src/home/runtime.js';
import { FAILURE_CONVERTER, payloadCodecOf } from '../../src/temporal/payload-codec.js';
import { until } from '../support/eventually.js';
import { type Bench, openBench } from '../workflows/support/desk-bench.js';
import { askForSettings, askToGoLive, askToResume, askWhoHasIt, type Question } from './support/questions.js';

const home = mkdtempSync(join(tmpdir(), 'fermata-decisions-'));
let bench: Bench;

beforeAll(async () => {
  mkdirSync(homePaths(home).secrets, { recursive: true });
  writeFileSync(join(homePaths(home).secrets, SECRET_FILES.payloadKey), 'cd'.repeat(32));
  bench = await openBench(home);
});
afterAll(async () => {
  await bench?.close();
  rmSync(home, { recursive: true, force: true });
});

/** Temporal's own command line, as anybody on the machine has it. */
function temporal(...args: string[]): Promise<{ readonly code: number; readonly said: string }> {
  const { address, namespace, binary } = bench.address;
  return new Promise((settle) => {
    execFile(
      binary,
      ['workflow', ...args, '--address', address, '--namespace', namespace],
      (error, stdout, stderr) =>
        settle({ code: error === null ? 0 : Number(error.code ?? 1), said: stdout + stderr }),
    );
  });
}

/** The last sentence of the chain of causes, or what was answered. */
const refusalOf = (rejecting: Promise<unknown>): Promise<string> =>
  rejecting.then(
    (value) => JSON.stringify(value),
    (error: unknown) => {
      let cause = error;
      while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
      return String(cause);
    },
  );

const ask = (question: Question, answer: unknown, client: Client = bench.client) =>
  client.workflow.getHandle(question.workflowId).executeUpdate(question.update, { args: [answer] });

/** The sealed payload of the answer that this workflow took, as Temporal keeps it. */
async function copiedFrom({ workflowId, update }: Question): Promise<Payload> {
  const { events } = await bench.client.workflow.getHandle(workflowId).fetchHistory();
  const inputs = (events ?? []).map(
    (event) => event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input,
  );
  const [payload] = inputs.find((input) => input?.name === update)?.args?.payloads ?? [];
  if (!payload) throw new Error('no such update was accepted');
  return payload;
}

/** Sends this payload whatever is to be sent. */
async function clientThatSends(payload: Payload): Promise<Client> {
  const { address, namespace } = bench.address;
  const { decode } = payloadCodecOf(home);
  return new Client({
    connection: await Connection.connect({ address }),
    namespace,
    dataConverter: {
      failureConverterPath: FAILURE_CONVERTER,
      payloadCodecs: [{ encode: async (payloads) => payloads.map(() => payload), decode }],
    },
  });
}

const QUESTIONS: readonly [string, (bench: Bench) => Promise<Question>][] = [
  ['whether to trade again', askToResume],
  ['whether to loosen a setting', askForSettings],
  ['whether to go live', askToGoLive],
  ['who has an incident', askWhoHasIt],
];

describe.concurrent.each(QUESTIONS)('the question %s', (_name, open) => {
  it('is not answered through Temporal’s command line, in plain text, even with a genuine signature', async () => {
    const question = await open(bench);
    const { workflowId, update } = question;
    const input = JSON.stringify(question.answer());
    const plain = await temporal('update', 'execute', '-w', workflowId, '--name', update, '--input', input);
    expect(plain.code).not.toBe(0);
    // The reason is sealed; what that command line can't read, one who has the key can.
    expect(plain.said).toContain('Why is sealed');
    const sender = await clientThatSends(defaultPayloadConverter.toPayload(question.answer()));
    expect(await refusalOf(ask(question, null, sender))).toContain('in plain text counts for nothing');
    await sender.connection.close();
    for (const name of [update, 'approve']) {
      const { code } = await temporal('signal', '-w', workflowId, '--name', name, '--input', input);
      expect(code).toBe(0);
    }
    expect(await question.decidedBy()).toEqual([]);
    await ask(question, question.answer());
    expect(await question.decidedBy()).toEqual(['anna']);
  });

  it('is not answered by who has the payload key alone, nor by an answer that was copied from elsewhere', async () => {
    const [question, other] = await Promise.all([open(bench), open(bench)]);
    const forged = await refusalOf(ask(question, question.answer('ef'.repeat(32))));
    expect(forged).toContain('it was not made by this installation');
    await ask(other, other.answer());
    const sender = await clientThatSends(await copiedFrom(other));
    expect(await refusalOf(ask(question, null, sender))).toMatch(
      /another|no such approval waits|this is the desk|in plain text counts for nothing/,
    );
    await sender.connection.close();
    expect(await question.decidedBy()).toEqual([]);
  });
});

describe('a decision that the trader refused', () => {
  it('is used up: copied and sent again, it arms nothing', async () => {
    const question = await askToResume(bench);
    const { trader } = question.desk;
    trader.refusesArming = 'the configuration differs';
    expect(await ask(question, question.answer())).toMatchObject({ armed: false });
    trader.refusesArming = null;
    const sender = await clientThatSends(await copiedFrom(question));
    expect(await refusalOf(ask(question, null, sender))).toContain('used up');
    await sender.connection.close();
    expect(trader.mode).toBe('HALTED');
    expect(await ask(question, question.answer())).toMatchObject({ armed: true });
  });
});

describe('a stop', () => {
  it('through Temporal’s command line, in plain text, stops', async () => {
    const desk = await bench.desk();
    const workflowId = deskOwnerId(desk.name);
    await bench.client.workflow.start('deskOwner', {
      workflowId,
      taskQueue: emergencyQueue(desk.name),
      args: [
        {
          desk: desk.name,
          admitted: [{ incarnation: desk.trader.incarnation, place: 'here' }],
          orders: [],
          timing: EMERGENCY_TIMING,
        },
      ],
    });
    const said = await temporal(
      'signal',
      '-w',
      workflowId,
      '--name',
      'stop',
      '--input',
      '"prices look wrong"',
    );
    expect(said).toMatchObject({ code: 0 });
    await until('the trader is stopped', () => desk.trader.sent('stop').length === 1);
    expect(desk.trader.sent('stop')).toMatchObject([{ reason: 'prices look wrong', by: 'Temporal' }]);
    await bench.client.workflow.getHandle(workflowId).terminate();
  });
});
