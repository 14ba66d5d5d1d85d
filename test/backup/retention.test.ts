import { expect, it } from 'vitest';
import { expiredBackups, type KeptBackup } from '../../src/backup/retention.js';
import type { BackupTag } from '../../src/contracts/backup.js';

const NOW = Date.parse('2026-08-20T12:00:00Z');

const taken = (day: string, tag: BackupTag | null = null): KeptBackup => ({
  id: tag === null ? day : `${day} ${tag}`,
  takenMs: Date.parse(`${day}T02:00:00Z`),
  tag,
});
const gone = (backups: readonly KeptBackup[], keep: number, days: number | null, nowMs = NOW) =>
  expiredBackups(backups, { keep, days }, nowMs);

it('lets the newest stay, of those without a tag and of each tag by itself, and one at least', () => {
  const nights = ['2026-08-16', '2026-08-17', '2026-08-18', '2026-08-19'].map((day) => taken(day));
  const weeks = ['2026-07-31', '2026-08-07', '2026-08-14'].map((day) => taken(day, 'weekly'));
  expect(gone([...weeks, ...nights], 2, null)).toEqual(['2026-07-31 weekly', '2026-08-16', '2026-08-17']);
  expect(gone(nights, 0, null)).toEqual(['2026-08-16', '2026-08-17', '2026-08-18']);
});

it('lets those go that are older than the days, however few they are', () => {
  const some = ['2026-06-10', '2026-07-20', '2026-07-22', '2026-08-19'].map((day) => taken(day));
  expect(gone(some, 100, 30)).toEqual(['2026-06-10', '2026-07-20']);
  expect(gone([taken('2026-07-21', 'weekly'), taken('2026-08-19')], 100, 30)).toEqual([]);
});

it('never lets the newest go, nor the newest of last month, which the drill restores', () => {
  const old = ['2026-05-30', '2026-05-31', '2026-07-01', '2026-07-02'].map((day) => taken(day));
  expect(gone(old, 100, 10)).toEqual(['2026-05-30', '2026-05-31', '2026-07-01']);
  expect(gone([...old, taken('2026-08-19')], 100, 10)).toEqual(['2026-05-30', '2026-05-31', '2026-07-01']);
  // The month after, it is any other.
  const september = Date.parse('2026-09-01T00:00:00Z');
  expect(gone([...old, taken('2026-08-31')], 100, 10, september)).toEqual(old.map(({ id }) => id));
  expect(gone([taken('2025-12-01'), taken('2026-01-02')], 9, 10, Date.parse('2026-01-31T00:00:00Z'))).toEqual(
    [],
  );
});

it('keeps those of months by their number alone', () => {
  const months = ['2026-03-01', '2026-04-01', '2026-05-01'].map((day) => taken(day, 'monthly'));
  expect(gone([...months, taken('2026-08-19')], 2, 30)).toEqual(['2026-03-01 monthly']);
});

it('lets none go while one is dated more than five minutes ahead: a clock was wrong', () => {
  const nights = ['2026-06-10', '2026-08-18', '2026-08-19'].map((day) => taken(day));
  const ahead = (ms: number): KeptBackup => ({ id: 'ahead', takenMs: NOW + ms, tag: null });
  expect(gone([...nights, ahead(300_001)], 1, 30)).toEqual([]);
  expect(gone([...nights, ahead(300_000)], 1, 30)).toEqual(['2026-06-10', '2026-08-18', '2026-08-19']);
});
