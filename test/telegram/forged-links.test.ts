/** Who can write our Postgres makes nobody a person of the chat. */
import { rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { endTelegramLinks } from '../../src/home/people-folder.js';
import { writeRestoredRows } from '../../src/home/restore-mark.js';
import { secretFile } from '../../src/home/runtime.js';
import { makeSecret } from '../../src/home/secrets.js';
import { newToken, telegramMaker, tokenHash } from '../../src/store/access-rows.js';
import { createLinkCode, readPersonLinks, sealEarlierLinksOnce } from '../../src/store/people.js';
import { eventually } from '../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { readAudit } from '../support/read-audit.js';
import { neverForged } from '../support/row-makers.js';
import { ANNA, BEN, type BotBench, openBotBench, STRANGER } from './support/bot-bench.js';

let database: TestDatabase;
let bench: BotBench;
let desk: string;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  bench = await openBotBench({ pool: database.pool });
  desk = bench.desk.desk;
  await bench.link('anna', ANNA);
});
afterEach(() => bench.close());

const insertLink = (user: number, person: string, mac: string | null) =>
  database.pool.query(
    'insert into person_link (desk, telegram_user_id, chat_id, person, mac) values ($1, $2, $2, $3, $4)',
    [desk, String(user), person, mac],
  );

async function isStranger(user: number): Promise<void> {
  bench.type(user, '/stop');
  await eventually(async () => {
    const audit = await readAudit(database.pool, desk);
    expect(
      audit.filter(({ action }) => action === 'telegram.stranger').map(({ person }) => person),
    ).toContain(`telegram:${user}`);
  });
  expect(bench.texts(user)).toEqual([]);
  expect(bench.trader.sent('stop')).toEqual([]);
}

const told = async (name: string, person: string): Promise<void> =>
  eventually(async () => {
    const found = await database.pool.query(
      `select 1 from evidence where desk = $1 and name = $2 and verdict = 'fail' and observed like $3`,
      [desk, name, `%${person}%`],
    );
    expect(found.rowCount).toBeGreaterThan(0);
    const notice = await database.pool.query(
      `select 1 from notice where desk = $1 and severity = 'critical' and title like $2`,
      [desk, `Somebody wrote into Postgres:%${person}%`],
    );
    expect(notice.rowCount).toBeGreaterThan(0);
  });

describe('who writes Postgres', () => {
  it('and inserts a Telegram link of an approver links nobody, and people are told', async () => {
    await insertLink(STRANGER, 'ben', null);
    bench.simulator.simulation.bot().ensurePerson(STRANGER);
    bench.start();
    await isStranger(STRANGER);
    await told('Forged Telegram link', 'ben');
  });

  it('and gives the link of somebody to another account, or to another person, links nobody', async () => {
    await database.pool.query('update person_link set telegram_user_id = $2, chat_id = $2 where desk = $1', [
      desk,
      String(STRANGER),
    ]);
    bench.start();
    await isStranger(STRANGER);
    await told('Forged Telegram link', 'anna');
    await database.pool.query(
      `update person_link set telegram_user_id = $2, chat_id = $2, person = 'ben' where desk = $1`,
      [desk, String(ANNA)],
    );
    await told('Forged Telegram link', 'ben');
    await isStranger(ANNA);
  });

  it('and inserts a code links nobody with it, and people are told', async () => {
    const code = newToken();
    await database.pool.query(
      `insert into link_code (code_hash, desk, person, expires) values ($1, $2, 'ben', now() + interval '5 minutes')`,
      [tokenHash(code), desk],
    );
    bench.start();
    bench.type(BEN, `/start ${code}`);
    await told('Forged Telegram code', 'ben');
    await isStranger(BEN);
    const own = newToken();
    await createLinkCode(database.pool, telegramMaker(bench.home), desk, 'ben', own, 5);
    bench.type(BEN, `/start ${own}`);
    await bench.answered(BEN, /You are ben/);
  });

  it('and puts back the link of somebody who was unlinked links nobody', async () => {
    const [row] = (await database.pool.query('delete from person_link where desk = $1 returning *', [desk]))
      .rows;
    endTelegramLinks(bench.home, 'anna');
    await insertLink(ANNA, 'anna', row.mac);
    bench.start();
    await isStranger(ANNA);
  });
});

it('calls a link that came with a restore, and whose key is another now, no intrusion: it says to link anew', async () => {
  const keys: string[] = [];
  rmSync(secretFile(bench.home, 'telegramLinkKey'));
  makeSecret(bench.home, 'telegramLinkKey');
  await readPersonLinks(database.pool, telegramMaker(bench.home), desk, ['anna'], ({ key }) =>
    keys.push(key),
  );
  writeRestoredRows(bench.home, keys);
  await insertLink(BEN, 'ben', null);
  bench.start();
  await isStranger(ANNA);
  await told('Forged Telegram link', 'ben');
  await eventually(async () => {
    const { rows } = await database.pool.query(
      'select severity, title, body from notice where desk = $1 and title like $2',
      [desk, '%anna%'],
    );
    expect(rows).toEqual([
      {
        severity: 'warning',
        title: 'A Telegram link of anna is from before the restore, and no longer counts',
        body: expect.stringContaining('fermata telegram link anna'),
      },
    ]);
  });
  const evidence = await database.pool.query(
    `select verdict from evidence where desk = $1 and observed like '%anna%'`,
    [desk],
  );
  expect(evidence.rows).toEqual([]);
});

describe('links of before rows carried codes', () => {
  it('get them at one start, and never again', async () => {
    const maker = telegramMaker(bench.home);
    const people = ['anna', 'ben'];
    await database.pool.query('update person_link set mac = null where desk = $1', [desk]);
    expect(await sealEarlierLinksOnce(database.pool, bench.home)).toBeGreaterThan(0);
    expect(await readPersonLinks(database.pool, maker, desk, people, neverForged)).toMatchObject([
      { person: 'anna', telegramUserId: String(ANNA) },
    ]);
    await insertLink(BEN, 'ben', null);
    expect(await sealEarlierLinksOnce(database.pool, bench.home)).toBe(0);
    const forged: string[] = [];
    const links = await readPersonLinks(database.pool, maker, desk, people, ({ person }) =>
      forged.push(person),
    );
    expect(links.map(({ person }) => person)).toEqual(['anna']);
    expect(forged).toEqual(['ben']);
  });
});
