/** Temporal's own UI, the real one, in a real browser: what is sealed is readable for whoever is signed in with us. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { FastifyInstance } from 'fastify';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTemporalUiProxy } from '../../src/api/temporal-ui/proxy.js';
import { FERMATA_DESK, FERMATA_SUMMARY } from '../../src/contracts/run-label.js';
import { CODEC_PATH } from '../../src/home/payload-keys.js';
import { homePaths, SECRET_FILES } from '../../src/home/runtime.js';
import { openTemporal, type TemporalAccess } from '../../src/temporal/open-temporal.js';
import { payloadCodecOf } from '../../src/temporal/payload-codec.js';
import { openBrowser } from '../support/page.js';
import { sharedTemporal, type TemporalAddress } from '../support/temporal.js';
import { type Bench, openBench } from '../workflows/support/desk-bench.js';
import { resume } from '../workflows/support/resumptions.js';
import { startWebUnderTest, type WebUnderTest } from './web-under-test.js';

const SEALED = 'sealed words of anna';
const SUMMARY = 'Resumption that is listed';
const ARGUMENT = { reason: SEALED };
/** The UI shows payloads where the editor has drawn them. */
const DRAWN_MS = 90_000;
const home = mkdtempSync(join(tmpdir(), 'fermata-ui-'));
const workflowId = `shown-${randomUUID()}`;
let address: TemporalAddress;
let temporal: TemporalAccess;
let web: WebUnderTest;
let proxy: FastifyInstance;
let browser: Browser;
let history: string;
let bench: Bench;

beforeAll(async () => {
  mkdirSync(homePaths(home).secrets, { recursive: true });
  writeFileSync(join(homePaths(home).secrets, SECRET_FILES.payloadKey), 'ab'.repeat(32));
  address = await sharedTemporal();
  temporal = openTemporal({ home, temporal: address });
  web = await startWebUnderTest(null);
  proxy = await makeTemporalUiProxy({
    uiAddress: address.uiAddress,
    desk: 'crypto-bot',
    namespace: address.namespace,
    tickets: web.tickets,
    isActive: (family) => web.sessions.isActive(family),
    codec: payloadCodecOf(home),
    isToken: (token) => typeof web.app.readAccess(token) !== 'string',
    codecOrigins: [address.uiAddress],
  });
  await proxy.listen({ host: '127.0.0.1', port: 0 });
  // Nobody serves this queue: what is looked at is the argument.
  const { firstExecutionRunId } = await temporal.client.workflow.start('resumption', {
    workflowId,
    taskQueue: workflowId,
    args: [ARGUMENT],
    typedSearchAttributes: [
      { key: FERMATA_DESK, value: 'crypto-bot' },
      { key: FERMATA_SUMMARY, value: SUMMARY },
    ],
  });
  history = `/namespaces/${address.namespace}/workflows/${workflowId}/${firstExecutionRunId}/history`;
  browser = await openBrowser();
  bench = await openBench(home);
});
afterAll(async () => {
  await browser?.close();
  await bench?.close();
  await temporal?.client.workflow.getHandle(workflowId).terminate();
  await Promise.all([proxy?.close(), web?.stop(), temporal?.close()]);
  rmSync(home, { recursive: true, force: true });
});

const origin = (): string => `http://127.0.0.1:${(proxy.server.address() as AddressInfo).port}`;

/** As the dashboard's link does it. */
async function signedInPage(run?: string): Promise<Page> {
  const { accessToken } = await web.signIn();
  const body = run === undefined ? {} : { workflowId: run };
  const ticket = await web.call('POST', '/api/temporal-ui/ticket', { token: accessToken, body });
  const { pathname, search } = new URL(((await ticket.json()) as { url: string }).url);
  const page = await browser.newPage({ viewport: { width: 1440, height: 1800 } });
  page.setDefaultTimeout(DRAWN_MS);
  await page.goto(origin() + pathname + search);
  return page;
}

describe('Temporal’s UI', () => {
  it('opens with the runs of this desk: the link leads to its namespace', async () => {
    const page = await signedInPage();
    await page.getByText(workflowId).first().waitFor({ timeout: DRAWN_MS });
    await page.close();
  });

  it('shows of each run what it is and how it ended', async () => {
    const page = await signedInPage();
    for (const column of ['FermataVerdict', 'FermataSummary', 'FermataRoutine'])
      await page.getByRole('columnheader', { name: column }).waitFor({ timeout: DRAWN_MS });
    await page.getByText(SUMMARY).first().waitFor({ timeout: DRAWN_MS });
    await page.close();
  });

  it('opens with the one run that a link is about', async () => {
    const page = await signedInPage(workflowId);
    await page.waitForURL(new RegExp(`/workflows/${workflowId}/`), { timeout: DRAWN_MS });
    await page.getByText(SEALED).first().waitFor({ timeout: DRAWN_MS });
    await page.close();
  });

  it('draws the details of a run as a list, a line a step', async () => {
    const desk = await bench.desk({ serve: ['operations', 'engine'] });
    const run = await resume(bench, desk, desk.trader.halt('person', 'person'));
    await run.waitsFor('a person');
    const page = await signedInPage(run.workflowId);
    await page.waitForURL(new RegExp(`/workflows/${encodeURIComponent(run.workflowId)}/`), {
      timeout: DRAWN_MS,
    });
    await page.goto(page.url().replace(/\/(history|timeline).*$/, '/user-metadata'));
    await page.getByText('Current Details').first().click();
    const lines = page.frameLocator('iframe').locator('li', { hasText: 'Waits for: a person to decide' });
    await lines.first().waitFor({ timeout: DRAWN_MS });
    await page.close();
    await run.end();
  });

  it('behind our sign-in shows what is sealed, and needs nothing to be set up', async () => {
    const page = await signedInPage();
    await page.goto(origin() + history);
    await page.getByText(SEALED).first().waitFor({ timeout: DRAWN_MS });
    await page.close();
  });

  it('at an origin of its own shows it once its codec server is set as docs/SECURITY.md says', async () => {
    const page = await signedInPage();
    await page.goto(address.uiAddress + history);
    await page.getByRole('button', { name: /Codec Server/ }).click();
    await page.getByRole('button', { name: /Use Cluster-level setting/ }).click();
    await page.getByText('Use my browser setting and ignore Cluster-level setting').click();
    // Opened, the choices push the rest of the form under the page's header.
    await page.getByRole('button', { name: /Use my browser setting and ignore/ }).click();
    await page.getByPlaceholder('Paste your endpoint here').fill(origin() + CODEC_PATH);
    await page.getByText('Include cross-origin credentials').click();
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.reload();
    await page.getByText(SEALED).first().waitFor({ timeout: DRAWN_MS });
    await page.close();
  });
});

describe('Temporal’s command line', () => {
  const show = (...options: string[]) =>
    promisify(execFile)(address.binary, [
      ...['workflow', 'show', '--workflow-id', workflowId, '--output', 'json'],
      ...['--address', address.address, '--namespace', address.namespace, ...options],
    ]);

  it('reads what is sealed with an access token, and not without', async () => {
    // Its JSON is the protocol's: data in base64, opened or not.
    const opened = Buffer.from(JSON.stringify(ARGUMENT)).toString('base64');
    expect((await show()).stdout).not.toContain(opened);
    const endpoint = ['--codec-endpoint', origin() + CODEC_PATH];
    const { accessToken } = await web.signIn();
    expect((await show(...endpoint, '--codec-auth', `Bearer ${accessToken}`)).stdout).toContain(opened);
  });
});
