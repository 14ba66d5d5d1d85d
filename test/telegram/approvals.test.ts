import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newToken, telegramMaker } from '../../src/store/access-rows.js';
import { supersedeApproval } from '../../src/store/approval-rows.js';
import { buttonsToClose, markButtonsClosed } from '../../src/store/outbox-delivery.js';
import { createLinkCode, unlinkPerson } from '../../src/store/people.js';
import { eventually } from '../support/eventually.js';
import { readAudit } from '../support/read-audit.js';
import { type ApprovalBench, type Asked, openApprovalBench } from './support/approval-bench.js';
import { ANNA, BEN, STRANGER } from './support/bot-bench.js';
import { note, shown, tap } from './support/taps.js';

const VERA = 503;
const OPERATOR = 504;
let bench: ApprovalBench;
beforeAll(async () => {
  bench = await openApprovalBench();
  await bench.link('anna', ANNA);
  await bench.link('ben', BEN);
  await bench.link('vera', VERA);
  bench.start();
});
afterAll(() => bench?.close());

const parametersHash = async (id: string): Promise<string> =>
  (await bench.operations.listApprovals()).find((each) => each.id === id)?.parametersHash ?? '';

/** What a button carries of the approval. */
async function tokenOf(id: string): Promise<string> {
  const found = await bench.database.pool.query<{ token: string }>(
    'select token from approval where id = $1',
    [id],
  );
  return found.rows[0]?.token ?? '';
}

describe.concurrent('an approval', () => {
  it('shows the exact parameters, and a tap reaches the workflow with a signed vote', async () => {
    const asked = await bench.ask();
    const message = await shown(bench, ANNA, asked);
    expect(message.text).toContain('Start with real money\nsizePct: 3\npositions: 3\nvenue: binance');
    expect(message.reply_markup?.inline_keyboard[0]?.map(({ text }) => text)).toEqual([
      'Approve',
      'Reject',
      'Details',
    ]);
    expect(await note(bench, await tap(bench, ANNA, asked, 'Approve'))).toBe('✅ approved by anna');
    const outcome = await asked.result;
    expect(outcome).toMatchObject({ state: 'approved', detail: 'approved by anna' });
    expect(outcome.votes).toMatchObject([
      { person: 'anna', via: 'telegram', choice: 'approve', decisionId: `${asked.request.id}:anna:approve` },
    ]);
    await eventually(() => {
      const now = bench.sent(ANNA).find(({ message_id: id }) => id === message.message_id);
      expect(now?.reply_markup).toBeUndefined();
      expect(now?.text).toContain('→ approved by anna');
    });
  });

  it('that another change overtook after all says so, in its messages and its details', async () => {
    const asked = await bench.ask();
    const { message_id: messageId, reply_markup: markup } = await shown(bench, ANNA, asked);
    await note(bench, await tap(bench, ANNA, asked, 'Approve'));
    await asked.result;
    const newest = () => bench.sent(ANNA).find(({ message_id: id }) => id === messageId)?.text;
    await eventually(() => expect(newest()).toContain('→ approved by anna'));
    const { pool } = bench.database;
    const { id } = asked.request;
    const { rows } = await pool.query('select run_id from approval where id = $1', [id]);
    const outcome = 'approved by anna, not applied: in force is another version';
    await supersedeApproval(pool, { id, runId: rows[0].run_id, outcome });
    await eventually(() => expect(newest()).toContain(`→ ${outcome}`));
    const details = markup?.inline_keyboard[0]?.[2]?.callback_data ?? '';
    bench.simulator.simulation.sendCallback(ANNA, { chatId: ANNA, messageId }, details);
    await eventually(() =>
      expect(bench.sent(ANNA).map(({ text }) => text)).toContainEqual(
        expect.stringContaining(`State: superseded (${outcome})`),
      ),
    );
  });

  it('that was overtaken while its message was being rewritten is rewritten once more', async () => {
    const asked = await bench.ask();
    const { message_id: messageId } = await shown(bench, ANNA, asked);
    const { pool } = bench.database;
    const { id } = asked.request;
    const shownAs = async () =>
      (await buttonsToClose(pool, bench.desk.desk)).filter(
        (one) => one.messageId === messageId && one.chatId === String(ANNA),
      );
    await note(bench, await tap(bench, ANNA, asked, 'Approve'));
    await asked.result;
    const { rows } = await pool.query('select run_id from approval where id = $1', [id]);
    const outcome = 'approved by anna, not applied: overtaken';
    await supersedeApproval(pool, { id, runId: rows[0].run_id, outcome });
    const [delivery] = await eventually(async () => {
      const found = await pool.query<{ id: string }>(
        'select o.id from outbox o join notice n on n.id = o.notice_id where n.approval_id = $1 and o.chat_id = $2',
        [id, String(ANNA)],
      );
      expect(found.rows).toHaveLength(1);
      return found.rows;
    });
    // What was read before is shown, and its mark comes only now.
    await pool.query('update outbox set buttons_open = true where id = $1', [delivery!.id]);
    await markButtonsClosed(pool, delivery!.id, 'approved by anna');
    const newest = () => bench.sent(ANNA).find(({ message_id: one }) => one === messageId)?.text;
    await eventually(() => expect(newest()).toContain(`→ ${outcome}`));
    await eventually(async () => expect(await shownAs()).toEqual([]));
  });

  it('tells the details without voting', async () => {
    const asked = await bench.ask();
    await tap(bench, BEN, asked, 'Details');
    await eventually(() => {
      const details = bench.sent(BEN).filter(({ text }) => text.includes(asked.request.id));
      expect(details.at(-1)?.text).toMatch(/State: open\nParameters [0-9a-f]{64}/);
    });
    expect((await bench.operations.listApprovals()).find(({ id }) => id === asked.request.id)?.votes).toEqual(
      [],
    );
  });

  it('by two needs two: a second tap of the same person counts once', async () => {
    const asked = await bench.ask({ needed: 2 });
    const first = await tap(bench, ANNA, asked, 'Approve');
    const again = await tap(bench, ANNA, asked, 'Approve');
    expect(await note(bench, first)).toBe('✅ 1 of 2 approvals (anna)');
    await note(bench, again);
    const hash = await parametersHash(asked.request.id);
    const byWeb = {
      approval: asked.request.id,
      choice: 'reject',
      parametersHash: hash,
      reason: 'x',
    } as const;
    const changed = await bench.operations.castVote({ person: 'anna', via: 'web' }, byWeb);
    expect(changed).toMatchObject({ ok: false, detail: expect.stringContaining('anna has voted already') });
    await tap(bench, BEN, asked, 'Approve');
    expect(await asked.result).toMatchObject({ state: 'approved', detail: 'approved by anna and ben' });
  });

  it('is over with one refusal', async () => {
    const asked = await bench.ask({ needed: 2 });
    await tap(bench, ANNA, asked, 'Approve');
    await tap(bench, BEN, asked, 'Reject');
    expect(await asked.result).toMatchObject({ state: 'rejected', detail: 'rejected by ben' });
  });

  it('that somebody refused with a reason tells it to those who agreed', async () => {
    const asked = await bench.ask({ needed: 2, title: 'A larger size' });
    await note(bench, await tap(bench, ANNA, asked, 'Approve'));
    const { id: approval } = asked.request;
    const hash = await parametersHash(approval);
    const refusal = { approval, choice: 'reject', parametersHash: hash, reason: 'too early' } as const;
    await bench.operations.castVote({ person: 'ben', via: 'web' }, refusal);
    await asked.result;
    const query = 'select body from notice where desk = $1 and title = $2';
    const { rows } = await bench.database.pool.query(query, [bench.desk.desk, 'A larger size: rejected']);
    expect(rows).toEqual([{ body: 'rejected by ben: "too early"' }]);
  });

  it('is not decided by a stranger, nor by somebody without the role', async () => {
    const asked = await bench.ask();
    const message = await shown(bench, ANNA, asked);
    const data = message.reply_markup?.inline_keyboard[0]?.[0]?.callback_data ?? '';
    const place = { chatId: ANNA, messageId: message.message_id };
    bench.simulator.simulation.sendCallback(STRANGER, place, data);
    const refused = bench.simulator.simulation.sendCallback(VERA, place, data);
    expect(await note(bench, refused)).toContain('vera may not vote on this');
    const [found] = (await bench.operations.listApprovals()).filter(({ id }) => id === asked.request.id);
    expect(found).toMatchObject({ state: 'open', votes: [] });
  });

  it('of operators is decided by the one that every desk has, whom its file need not name, and one of approvers is not', async () => {
    expect(bench.desk.people.map(({ name }) => name)).not.toContain('operator');
    const vote = async ({ request: { id } }: Asked) =>
      bench.operations.castVote(
        { person: 'operator', via: 'web' },
        { approval: id, choice: 'approve', parametersHash: await parametersHash(id), reason: 'x' },
      );
    const both = await bench.ask({ roles: ['operator', 'approver'] });
    const approvers = await bench.ask();
    await shown(bench, ANNA, both);
    await shown(bench, ANNA, approvers);
    expect(await vote(approvers)).toMatchObject({
      ok: false,
      detail: expect.stringContaining('operator may not vote on this: it needs the role approver'),
    });
    expect(await vote(both)).toMatchObject({ ok: true, detail: 'approved by operator' });
    expect(await both.result).toMatchObject({ state: 'approved' });
  });

  it('refuses a vote on other parameters than those that were shown', async () => {
    const asked = await bench.ask();
    const message = await shown(bench, ANNA, asked);
    const data = message.reply_markup?.inline_keyboard[0]?.[0]?.callback_data ?? '';
    const other = data.replace(/[0-9a-f]{8}$/, (hash) =>
      hash === '00000000' ? '1'.repeat(8) : '0'.repeat(8),
    );
    const place = { chatId: ANNA, messageId: message.message_id };
    expect(await note(bench, bench.simulator.simulation.sendCallback(ANNA, place, other))).toContain(
      'the parameters differ',
    );
  });

  it('asked again with other parameters fails, and the first stays as it was', async () => {
    const asked = await bench.ask();
    await shown(bench, ANNA, asked);
    await bench.temporal.client.workflow.getHandle(asked.workflowId).terminate();
    const again = await bench.ask({ id: asked.request.id, parameters: { sizePct: 50 } });
    await expect(again.result).rejects.toMatchObject({
      cause: { cause: { message: expect.stringContaining('asked with other parameters') } },
    });
  });

  it('that was asked before somebody was linked is shown to them at the link, once, and to nobody whom it is not for', async () => {
    const asked = await bench.ask({ needed: 2, roles: ['operator', 'approver'], remindEveryMs: null });
    const others = await bench.ask({ roles: ['approver'] });
    await shown(bench, ANNA, asked);
    await shown(bench, ANNA, others);
    const link = async (person: string, user: number) => {
      const code = newToken();
      await createLinkCode(bench.pool, telegramMaker(bench.home), bench.desk.desk, person, code, 5);
      bench.type(user, `/start ${code}`);
      await bench.answered(user, new RegExp(`You are ${person} on`));
    };
    const messages = ({ request }: Asked) =>
      bench.sent(OPERATOR).filter(({ text }) => text.includes(request.id));
    await link('operator', OPERATOR);
    expect(await note(bench, await tap(bench, OPERATOR, asked, 'Approve'))).toContain('1 of 2 approvals');
    await unlinkPerson(bench.pool, bench.desk.desk, 'operator');
    await link('operator', OPERATOR);
    await shown(bench, OPERATOR, await bench.ask({ roles: ['operator'] }));
    expect(messages(asked)).toHaveLength(1);
    expect(messages(others)).toEqual([]);
  });

  it('reminds those who have not voted, and escalates once', async () => {
    const asked = await bench.ask({ remindEveryMs: 1_000, escalateAfterMs: 2_500 });
    const told = (how: string) =>
      bench.sent(BEN).filter(({ text }) => text.includes(asked.request.id) && text.includes(how));
    await eventually(() => {
      expect(told('Reminder:').length).toBeGreaterThan(1);
      expect(told('🛑 Still undecided')).toHaveLength(1);
    });
    await tap(bench, BEN, asked, 'Reject');
    expect(await asked.result).toMatchObject({ state: 'rejected' });
  });

  it('expires, and a late tap counts for nothing', async () => {
    const asked = await bench.ask({ expiresMs: Date.now() + 2_000 });
    expect(await asked.result).toMatchObject({ state: 'expired', detail: '0 of 1 approvals', votes: [] });
    const message = await eventually(() => {
      const found = bench.sent(BEN).find(({ text }) => text.includes(asked.request.id));
      if (!found) throw new Error('not told yet');
      return found;
    });
    const data = `v:${await tokenOf(asked.request.id)}:A:${(await parametersHash(asked.request.id)).slice(0, 8)}`;
    const place = { chatId: BEN, messageId: message.message_id };
    expect(await note(bench, bench.simulator.simulation.sendCallback(BEN, place, data))).toContain(
      'It is expired already',
    );
  });

  it('keeps its votes through continue-as-new', async () => {
    const asked = await bench.ask({ needed: 2 });
    await note(bench, await tap(bench, ANNA, asked, 'Approve'));
    const handle = bench.temporal.client.workflow.getHandle(asked.workflowId);
    const { runId } = await handle.describe();
    await handle.signal('goOn');
    await eventually(async () => expect((await handle.describe()).runId).not.toBe(runId));
    // The run that goes on does not know the tap, and the person may have missed its note.
    expect(await note(bench, await tap(bench, ANNA, asked, 'Approve'))).toBe(
      '✅ anna has voted already (approve), and that vote counts',
    );
    const hash = await parametersHash(asked.request.id);
    const vote = {
      approval: asked.request.id,
      choice: 'approve',
      parametersHash: hash,
      reason: 'x',
    } as const;
    const twice = await bench.operations.castVote(
      { person: 'anna', via: 'cli' },
      { ...vote, choice: 'reject' },
    );
    expect(twice.ok).toBe(false);
    expect(await bench.operations.castVote({ person: 'ben', via: 'cli' }, vote)).toMatchObject({ ok: true });
    expect(await handle.result()).toMatchObject({ state: 'approved', detail: 'approved by anna and ben' });
  });

  it('leaves each vote in the audit', async () => {
    const asked = await bench.ask();
    await tap(bench, BEN, asked, 'Reject');
    await asked.result;
    await eventually(async () => {
      const audit = await readAudit(bench.database.pool, bench.desk.desk);
      const own = audit.filter(({ parameters }) => parameters.approval === asked.request.id);
      expect(own).toMatchObject([
        { person: 'ben', via: 'telegram', action: 'vote:reject', outcome: 'counted: rejected by ben' },
      ]);
    });
  });
});

describe('a vote that is quicker than its workflow', () => {
  it('waits until the workflow has heard of its own question, and counts', async () => {
    const { pool } = bench.database;
    const blocking = await pool.connect();
    await blocking.query('begin; lock table notice in exclusive mode');
    try {
      // The question stands in Postgres; the activity that put it there can't tell anybody, and so does not answer.
      const asked = await bench.ask();
      const hash = await eventually(async () => {
        const found = await parametersHash(asked.request.id);
        if (found === '') throw new Error('not asked yet');
        return found;
      });
      const vote = {
        approval: asked.request.id,
        choice: 'approve',
        parametersHash: hash,
        reason: 'x',
      } as const;
      const cast = bench.operations.castVote({ person: 'anna', via: 'web' }, vote);
      const later = { ...vote, choice: 'reject' } as const;
      const second = bench.operations.castVote({ person: 'anna', via: 'cli' }, later);
      expect((await Promise.all([cast, second])).map(({ ok }) => ok).sort()).toEqual([false, true]);
      expect((await asked.result).votes).toMatchObject([{ person: 'anna' }]);
    } finally {
      await blocking.query('rollback');
      blocking.release();
    }
  });
});

it('counts a vote that is given again once what it was refused for is put right', async () => {
  const asked = await bench.ask();
  await shown(bench, ANNA, asked);
  const { decisionKey } = bench;
  bench.decisionKey = 'cd'.repeat(32);
  for (const _time of [1, 2])
    expect(await note(bench, await tap(bench, ANNA, asked, 'Approve'))).toContain('does not count');
  bench.decisionKey = decisionKey;
  expect(await note(bench, await tap(bench, ANNA, asked, 'Approve'))).toBe('✅ approved by anna');
  expect(await asked.result).toMatchObject({ state: 'approved', votes: [{ person: 'anna' }] });
});

describe('what piled up while nobody read it', () => {
  it('reaches linked people in full, however much strangers wrote before them', async () => {
    const asked = await bench.ask();
    await shown(bench, ANNA, asked);
    await bench.stop();
    const before = bench.texts(VERA).length;
    for (let each = 0; each < 90; each += 1) bench.type(STRANGER, `spam ${each}`);
    const callback = await tap(bench, ANNA, asked, 'Approve');
    bench.type(VERA, 'is anybody there?');
    bench.log.length = 0;
    bench.start();
    expect(await note(bench, callback)).toBe('✅ approved by anna');
    await eventually(() =>
      expect(bench.texts(VERA).slice(before)).toEqual(['That is no command. See /help.']),
    );
    expect(bench.log).toContain('too much is asked at once: 26 updates of strangers were left out');
  });

  it('leaves out nothing of a linked person, and no vote of another one waits behind it', async () => {
    const asked = await bench.ask();
    const { message_id: messageId } = await shown(bench, ANNA, asked);
    await bench.stop();
    const { simulation } = bench.simulator;
    const place = { chatId: ANNA, messageId };
    const taps = Array.from({ length: 90 }, (_, each) =>
      simulation.sendCallback(VERA, place, `unknown:${each}`),
    );
    const callback = await tap(bench, ANNA, asked, 'Approve');
    bench.log.length = 0;
    bench.start();
    expect(await note(bench, callback)).toBe('✅ approved by anna');
    for (const each of taps) expect(await note(bench, each)).toBe('This button is not known here.');
    expect(bench.log.join()).not.toContain('left out');
  });

  it('is counted, and the person hears of it where Telegram takes no note on the button any more', async () => {
    const asked = await bench.ask({ needed: 2 });
    await shown(bench, ANNA, asked);
    const description = 'Bad Request: query is too old and response timeout expired or query ID is invalid';
    const method = 'answerCallbackQuery';
    bench.simulator.simulation.faults.add({ method, effect: { kind: 'error', status: 400, description } });
    await tap(bench, ANNA, asked, 'Approve');
    await bench.answered(ANNA, /^✅ anna: 1 of 2 approvals \(anna\)$/m);
  });

  it('is voted on in the order of the taps: a refusal before an approval ends it', async () => {
    for (let time = 0; time < 5; time += 1) {
      const asked = await bench.ask();
      await shown(bench, ANNA, asked);
      await shown(bench, BEN, asked);
      await bench.stop();
      await tap(bench, ANNA, asked, 'Reject');
      await tap(bench, BEN, asked, 'Approve');
      bench.start();
      expect(await asked.result).toMatchObject({ detail: 'rejected by anna', votes: [{ person: 'anna' }] });
    }
  });
});
