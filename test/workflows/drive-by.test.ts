/** A page on any web site can make a browser post to a loopback port. Nothing of that may reach a workflow. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EMERGENCY_TIMING } from '../../src/contracts/emergency.js';
import { deskOwnerId, emergencyQueue } from '../../src/contracts/queues.js';
import { type Bench, openBench } from './support/desk-bench.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

describe('Temporal’s HTTP API', () => {
  it('refuses what a browser would send from another site: signals, updates and starts', async () => {
    const desk = await bench.desk();
    const workflowId = deskOwnerId(desk.name);
    await bench.client.workflow.start('deskOwner', {
      workflowId,
      taskQueue: emergencyQueue(desk.name),
      args: [{ desk: desk.name, admitted: [], orders: [], timing: EMERGENCY_TIMING }],
    });
    const { httpAddress, namespace } = bench.address;
    const base = `${httpAddress}/api/v1/namespaces/${namespace}/workflows`;
    const id = encodeURIComponent(workflowId);
    const admit = {
      request: { input: { name: 'admitIncarnation', args: [{ incarnation: 'evil00', place: 'x' }] } },
    };
    const posts: readonly (readonly [string, object])[] = [
      [`${base}/${id}/signal/stop`, { input: ['drive-by'] }],
      [`${base}/${id}/update/admitIncarnation`, admit],
      [
        `${base}/made-by-a-page`,
        { workflowType: { name: 'canary' }, taskQueue: { name: emergencyQueue(desk.name) } },
      ],
    ];
    for (const [url, body] of posts) {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'text/plain', origin: 'https://evil.example' },
        body: JSON.stringify(body),
      });
      expect([url, answer.status]).toEqual([url, 403]);
    }
    // A page that rebound its name to this machine sends JSON, and no foreign origin.
    for (const [url, body] of posts)
      expect([url, await postAs('evil.example', url, body)]).toEqual([url, 403]);
    expect(await bench.client.workflow.getHandle(workflowId).query('incarnations')).toEqual([]);
    expect(desk.trader.sent('stop')).toEqual([]);
    await bench.client.workflow.getHandle(workflowId).terminate();
  });
});

/** `fetch` names the host that it asks. */
const postAs = (host: string, url: string, body: object): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const headers = { host, 'content-type': 'application/json' };
    request(url, { method: 'POST', headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .on('error', reject)
      .end(JSON.stringify(body));
  });
