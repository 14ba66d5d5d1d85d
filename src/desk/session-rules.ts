/** Rules between the keys that say when an instrument trades. */
import { WEEKDAYS } from '../domain/civil-date.js';
import { periodOf } from '../domain/sessions/trading-hours.js';
import type { BrokenRule } from './problem.js';
import type { Desk } from './schema.js';
import type { DeskSessions } from './session-schema.js';

type Path = readonly (string | number)[];

export function sessionRules({ instruments }: Desk): BrokenRule[] {
  return instruments.flatMap(({ sessions }, index) =>
    sessions === undefined ? [] : rulesOf(sessions, ['instruments', index, 'sessions']),
  );
}

function rulesOf(sessions: DeskSessions, path: Path): BrokenRule[] {
  const { zone } = sessions;
  return [
    ...oneSourceRule(sessions, path),
    ...(zone === undefined ? [] : zoneRule([...path, 'zone'], zone)),
    ...zoneBelongsRule(sessions, path),
    ...daysRule(sessions, path),
    ...overlapRule(sessions, path),
  ];
}

function oneSourceRule({ calendar, hours }: DeskSessions, path: Path): BrokenRule[] {
  if ((calendar === undefined) !== (hours === undefined)) {
    const isEmpty = hours !== undefined && Object.values(hours).every((periods) => periods === undefined);
    if (!isEmpty) return [];
    const doThis = 'write for example mon: ["09:30-16:00"]';
    return [{ path: [...path, 'hours'], expected: 'a weekday with hours at least', found: 'none', doThis }];
  }
  return [
    {
      path,
      expected: 'either calendar or hours',
      found: calendar === undefined ? 'neither' : 'both',
      doThis: 'name a calendar that ships, or write hours with their zone',
    },
  ];
}

/** A shipped calendar has its own zone; explicit hours need one. */
function zoneBelongsRule({ calendar, hours, zone }: DeskSessions, path: Path): BrokenRule[] {
  if (hours !== undefined && zone === undefined) {
    const expected = 'the time zone of the hours';
    const doThis = 'write for example zone: America/New_York';
    return [{ path: [...path, 'zone'], expected, found: 'nothing', doThis }];
  }
  if (calendar === undefined || calendar === '24x7' || zone === undefined || hours !== undefined) return [];
  const expected = `no zone, which ${calendar} has already`;
  return [{ path: [...path, 'zone'], expected, found: zone, doThis: 'remove zone' }];
}

function daysRule({ calendar, holidays, earlyCloses }: DeskSessions, path: Path): BrokenRule[] {
  const key = holidays === undefined ? 'earlyCloses' : 'holidays';
  if (calendar !== '24x7' || (holidays ?? earlyCloses) === undefined) return [];
  const doThis = `remove ${key}, or write hours in place of the calendar`;
  return [
    { path: [...path, key], expected: `no ${key} of a market that never closes`, found: 'some', doThis },
  ];
}

const WEEK = 7 * 1440;

/** Also across the end of the week: a Monday period may begin on Sunday. */
function overlapRule({ hours }: DeskSessions, path: Path): BrokenRule[] {
  const all = WEEKDAYS.flatMap((weekday, day) =>
    (hours?.[weekday] ?? []).map((text, index) => {
      const { open, close } = periodOf(text);
      return { weekday, index, text, from: day * 1440 + open, to: day * 1440 + close };
    }),
  );
  return all.flatMap(({ weekday, index, text, from, to }, at) => {
    const other = all.find(
      (before, place) =>
        place < at && [-WEEK, 0, WEEK].some((shift) => from < before.to + shift && before.from + shift < to),
    );
    if (other === undefined) return [];
    return [
      {
        path: [...path, 'hours', weekday, index],
        expected: 'periods that do not overlap',
        found: `${text}, which overlaps with ${other.text} of ${other.weekday}`,
        doThis: 'let one end where the next begins',
      },
    ];
  });
}

/** The system must know a time zone. */
export function zoneRule(path: BrokenRule['path'], zone: string): BrokenRule[] {
  try {
    // The list has no other names of a zone. A format knows them, and loads so much for it that it takes longer than all other rules.
    if (zone === 'UTC' || Intl.supportedValuesOf('timeZone').includes(zone)) return [];
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return [];
  } catch {
    return [
      {
        path,
        expected: 'a time zone of the IANA list',
        found: zone,
        doThis: 'write for example UTC, Europe/Berlin or America/New_York',
      },
    ];
  }
}
