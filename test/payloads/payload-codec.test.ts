import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultPayloadConverter, type Payload, type SerializationContext } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkPayloadCanary, parsePayloadKeys, seal } from '../../src/home/payload-keys.js';
import { homePaths, SECRET_FILES } from '../../src/home/runtime.js';
import { createPayloadCodec, PayloadKeyMissing } from '../../src/temporal/payload-codec.js';

const OLD = 'ab'.repeat(32);
const NEW = 'cd'.repeat(32);
const codecOf = (...keys: string[]) => createPayloadCodec(parsePayloadKeys(keys.join('\n')));
const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const readBack = (payload: Payload | undefined): unknown => defaultPayloadConverter.fromPayload(payload!);

async function throughTemporal(value: unknown, to = codecOf(NEW), from = codecOf(NEW)): Promise<unknown> {
  const [opened] = await from.decode(await to.encode([payloadOf(value)]));
  return readBack(opened);
}

describe('the payload codec', () => {
  it.each([[{ price: '64250.10', text: 'naïve ✓' }], [undefined], [null], [''], [new Uint8Array([0, 255])]])(
    'gives back %j as it was',
    async (value) => {
      expect(await throughTemporal(value)).toEqual(value);
    },
  );

  it('takes a value without content as the protocol’s decoder hands it over: with an empty list', async () => {
    const emptied = { ...payloadOf(undefined), data: [] as unknown as Uint8Array };
    const [opened] = await codecOf(NEW).decode(await codecOf(NEW).encode([emptied]));
    expect(readBack(opened)).toBeUndefined();
  });

  it('leaves nothing to read, and seals the same words differently each time', async () => {
    const [first, second] = await codecOf(NEW).encode([payloadOf('secret words'), payloadOf('secret words')]);
    expect(JSON.stringify([first, second])).not.toContain('json/plain');
    expect(Buffer.from(first!.data!).includes('secret')).toBe(false);
    expect(first!.data).not.toEqual(second!.data);
  });

  it('opens with an old key what was sealed before the key was changed, and seals with the new one', async () => {
    expect(await throughTemporal('kept', codecOf(OLD), codecOf(NEW, OLD))).toBe('kept');
    await expect(throughTemporal('kept', codecOf(NEW, OLD), codecOf(OLD))).rejects.toThrow(PayloadKeyMissing);
  });

  it('names the key that it lacks', async () => {
    const id = parsePayloadKeys(OLD)[0]?.id ?? '';
    await expect(throughTemporal('kept', codecOf(OLD), codecOf(NEW))).rejects.toThrow(id);
  });

  it('hands over what was never sealed as exactly that', async () => {
    const [opened] = await codecOf(NEW).decode([payloadOf({ choice: 'approve' })]);
    expect(readBack(opened)).toEqual({ unsealed: { choice: 'approve' } });
  });

  it('gives away nothing of what was changed on its way', async () => {
    const [sealed] = await codecOf(NEW).encode([payloadOf('one')]);
    const data = Uint8Array.from(sealed!.data!);
    data[data.length - 1]! ^= 1;
    const [opened] = await codecOf(NEW).decode([{ ...sealed, data }]);
    expect(readBack(opened)).toEqual({ unsealed: null });
  });

  it('refuses a key that is none', () => {
    expect(() => codecOf(NEW, 'not a key')).toThrow('line 2');
  });
});

describe('the canary of the payload key', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'fermata-canary-'));
    mkdirSync(homePaths(home).secrets, { recursive: true });
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));
  const keep = (...keys: string[]): void =>
    writeFileSync(join(homePaths(home).secrets, SECRET_FILES.payloadKey), `${keys.join('\n')}\n`);

  it('lets a start through with the same key, and with a new one before it', () => {
    for (const keys of [[OLD], [OLD], [NEW, OLD]]) {
      keep(...keys);
      expect(() => checkPayloadCanary(home)).not.toThrow();
    }
  });

  it('refuses a start without a key that something was sealed with, and says which and what to do', () => {
    keep(OLD);
    checkPayloadCanary(home);
    keep(NEW);
    const id = parsePayloadKeys(OLD)[0]?.id ?? '';
    expect(() => checkPayloadCanary(home)).toThrow(new RegExp(`${id}.*Put that key back`, 's'));
    keep(NEW, OLD);
    expect(() => checkPayloadCanary(home)).not.toThrow();
    keep(NEW);
    expect(() => checkPayloadCanary(home)).toThrow(id);
  });

  const WORKFLOW = { type: 'workflow', namespace: 'n', workflowId: 'routine:desk:daily' } as const;
  const ACTIVITY = { ...WORKFLOW, type: 'activity', activityId: 'bound-1', isLocal: false } as const;
  const openedFor = async (payload: Payload, context: SerializationContext) =>
    readBack((await codecOf(NEW).decode([payload], context))[0]);

  it.each<[string, SerializationContext, SerializationContext, boolean]>([
    ['the workflow that it was made for', WORKFLOW, WORKFLOW, true],
    [
      'a run that a schedule started',
      WORKFLOW,
      { ...WORKFLOW, workflowId: `${WORKFLOW.workflowId}-2026-11-20T21:00:00Z` },
      true,
    ],
    ['another workflow', WORKFLOW, { ...WORKFLOW, workflowId: 'routine:desk:weekly' }, false],
    ['another namespace', WORKFLOW, { ...WORKFLOW, namespace: 'm' }, false],
    ['an activity of that workflow', WORKFLOW, ACTIVITY, false],
    ['the activity that it was made for', ACTIVITY, ACTIVITY, true],
    ['another activity', ACTIVITY, { ...ACTIVITY, activityId: 'bound-2' }, false],
    ['the same activity of another workflow', ACTIVITY, { ...ACTIVITY, workflowId: 'x' }, false],
    ['the workflow of that activity', ACTIVITY, WORKFLOW, false],
  ])('opens for %s or not', async (_for, made, here, opens) => {
    const [sealed] = await codecOf(NEW).encode([payloadOf('pass')], made);
    expect(await openedFor(sealed!, here)).toEqual(opens ? 'pass' : { unsealed: null });
    // Temporal's UI knows of no context: there integrity alone counts.
    expect(readBack((await codecOf(NEW).decode([sealed!]))[0])).toBe('pass');
  });

  it('keeps the old rule for what was sealed before, until its run ends', async () => {
    const inner = payloadOf('pass');
    const header = Buffer.from(JSON.stringify({ encoding: Buffer.from('json/plain').toString('base64') }));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(header.length);
    const [key] = parsePayloadKeys(NEW);
    const before: Payload = {
      metadata: { encoding: Buffer.from('binary/sealed'), 'fermata-key': Buffer.from(key!.id) },
      data: seal(key!, Buffer.concat([length, header, Buffer.from(inner.data!)])),
    };
    expect(await openedFor(before, WORKFLOW)).toBe('pass');
    expect(await openedFor(before, { ...ACTIVITY, activityId: '7' })).toBe('pass');
    expect(await openedFor(before, ACTIVITY)).toEqual({ unsealed: null });
  });
});
