/**
 * Who is who. The links are in Postgres; the last ones read are also stored in a file, so that a linked person's stop
 * is honoured while Postgres is down.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Desk } from '../desk/schema.js';
import { allBut, BUILT_IN_OPERATOR, type RolesNeeded, rolesOf } from '../domain/people-roles.js';
import { homePaths } from '../home/runtime.js';
import { type OnForged, type RowMaker, telegramMaker } from '../store/access-rows.js';
import { linkStanding, type PersonLink, readPersonLinks } from '../store/people.js';
import type { Pool } from '../store/pool.js';

export interface KnownPerson {
  readonly name: string;
  readonly roles: RolesNeeded;
}

export class KnownPeople {
  #links: readonly PersonLink[];
  /** People of the desk file, and the operator that every desk has. */
  readonly #people: readonly KnownPerson[];
  readonly #file: string;
  readonly #maker: RowMaker;

  constructor(
    private readonly desk: Desk,
    home: string,
    private readonly onForged: OnForged,
  ) {
    this.#people = [...new Set([...desk.people.map(({ name }) => name), BUILT_IN_OPERATOR])].map((name) => ({
      ...{ name, roles: rolesOf(desk.people, name) },
    }));
    this.#maker = telegramMaker(home);
    this.#file = join(homePaths(home).home, 'notify', `telegram-links-${desk.desk}.json`);
    this.#links = readLinks(this.#file);
  }

  /** Rejects while Postgres is down; then the last known links stay in use. */
  async refresh(pool: Pick<Pool, 'query'>): Promise<void> {
    const links = await readPersonLinks(
      pool,
      this.#maker,
      this.desk.desk,
      this.#people.map(({ name }) => name),
      this.onForged,
    );
    if (JSON.stringify(links) === JSON.stringify(this.#links)) return;
    this.#links = links;
    mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
    writeFileSync(`${this.#file}.new`, JSON.stringify(links), { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
  }

  /**
   * Like `refresh`, for a person who is waiting: takes at most `ms` milliseconds, then uses the last known
   * links.
   */
  async refreshWithin(pool: Pick<Pool, 'query'>, ms: number): Promise<void> {
    await Promise.race([this.refresh(pool).catch(() => undefined), sleep(ms, undefined, { ref: false })]);
  }

  /** Null for a stranger, and for a person who is no longer in the desk file. */
  byTelegramUser(userId: number): KnownPerson | null {
    const link = this.#made().find(({ telegramUserId }) => telegramUserId === String(userId));
    return this.#people.find(({ name }) => name === link?.person) ?? null;
  }

  /** Private chats of everybody who is linked. */
  chats(): readonly string[] {
    return this.#made().map(({ chatId }) => chatId);
  }

  /** Null if the chat is nobody's. */
  personOf(chatId: string): string | null {
    return this.#made().find((link) => link.chatId === chatId)?.person ?? null;
  }

  /**
   * Empty while the list of ended links can't be read: `refresh` reports that, and the desk's own chat is
   * notified all the same.
   */
  #made(): readonly PersonLink[] {
    try {
      return this.#links.filter((link) => linkStanding(this.#maker, this.desk.desk, link) === 'made');
    } catch {
      return [];
    }
  }

  /** All roles that linked people have. */
  rolesLinked(): readonly string[] {
    const linked = this.#made().map(({ person }) => person);
    return this.#people.filter(({ name }) => linked.includes(name)).flatMap(({ roles }) => roles);
  }

  /** Private chats of linked people in this audience of a notice. */
  chatsOf(audience: readonly string[]): readonly string[] {
    return this.#made()
      .filter(({ person }) => !audience.includes(allBut(person)))
      .filter(({ person }) =>
        this.#people.some(
          ({ name, roles: has }) => name === person && has.some((role) => audience.includes(role)),
        ),
      )
      .map(({ chatId }) => chatId);
  }
}

function readLinks(file: string): readonly PersonLink[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as PersonLink[];
  } catch {
    return [];
  }
}
