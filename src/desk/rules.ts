/** Rules across the keys of a desk file. Each names the value to change. */
import { z } from 'zod';
import { APPROVER, namesWith } from '../domain/people-roles.js';
import { venueOfFeed } from '../domain/venue.js';
import { mostOf } from '../limits/most-of.js';
import { LIMITS } from '../limits/registry.js';
import { SHIPPED_KINDS } from '../playbooks/registry.js';
import { type DeskVenue, feeAssetRules } from './desk-venue.js';
import { instrumentRules } from './instrument-rules.js';
import { kpiRules } from './kpi-rules.js';
import { liveRules } from './live-rules.js';
import { ownIncidentRules, ownIncidents } from './own-incidents.js';
import { ownStepRules, stepLists, stepsLiftedBy } from './own-steps.js';
import type { BrokenRule } from './problem.js';
import { type Desk, deskObject } from './schema.js';
import { sessionRules, zoneRule } from './session-schema.js';
import { strategyRules } from './strategy-rules.js';
import { closestName } from './typed-names.js';

const SHARED_KINDS = ['check', 'action', 'report', 'human', 'command', 'http'] as const;
const KINDS = [...SHARED_KINDS, 'playbook'] as const;
const KINDS_IN_PLAYBOOKS = [...SHARED_KINDS, 'choose'] as const;

function brokenRules(
  desk: Desk,
  venues: readonly DeskVenue[],
  coded: readonly string[],
): readonly BrokenRule[] {
  return [
    ...repeatedNames(desk),
    ...zoneRule(['timezone'], desk.timezone),
    ...zoneRule(['venue', 'serverTime', 'zone'], desk.venue.serverTime?.zone ?? 'UTC'),
    ...instrumentRules(desk, venues),
    ...sessionRules(desk),
    ...feeAssetRules(desk),
    ...strategyRules(desk),
    ...limitRules(desk),
    ...peopleRules(desk),
    ...intervalRules(desk),
    ...monthRules(desk),
    ...stepRules(desk),
    ...unlessRules(desk),
    ...itemRules(desk),
    ...haltRules(desk),
    ...escalationRules(desk),
    ...ownStepRules(desk),
    ...ownIncidentRules(desk, coded),
    ...contactRules(desk),
    ...kpiRules(desk),
    ...liveRules(desk, venues),
    ...feedRules(desk),
  ];
}

/** Names of price sources other than the venue itself: each has its own paper account. */
const SAID_OF_PRICES: ReadonlySet<string> = new Set(['simulator', 'testnet']);

function feedRules({ feeds }: Desk): BrokenRule[] {
  return feeds.flatMap((feed, index) => {
    const instance = feed.slice(venueOfFeed(feed).length + 1);
    if (!SAID_OF_PRICES.has(instance)) return [];
    return [
      {
        path: ['feeds', index],
        expected: 'an instance that is not called simulator or testnet',
        found: feed,
        doThis: `call it otherwise, for example ${venueOfFeed(feed)}-own: with that name its paper account would be that of the venue's ${instance}`,
      },
    ];
  });
}

/** `known`: the venues whose prices can be read. */
export function unknownFeeds({ feeds }: Desk, known: readonly string[]): BrokenRule[] {
  return feeds.flatMap((feed, index) => {
    const venue = venueOfFeed(feed);
    if (known.includes(venue)) return [];
    const near = closestName(venue, known);
    return [
      {
        path: ['feeds', index],
        expected: 'a venue whose prices can be read, or another instance of one, NAME-own',
        found: feed,
        doThis:
          near === null
            ? 'name a venue of docs/VENUES.md, or an exchange by the name that ccxt has for it'
            : `write ${near}${feed.slice(venue.length)} instead of ${feed}`,
      },
    ];
  });
}

function repeatedNames(desk: Desk): BrokenRule[] {
  return [
    ...repeated(['feeds'], '', desk.feeds),
    ...repeated(
      ['instruments'],
      'symbol',
      desk.instruments.map((instrument) => instrument.symbol),
    ),
    ...repeated(
      ['strategies'],
      'name',
      desk.strategies.map((strategy) => strategy.name),
    ),
    ...repeated(
      ['routines'],
      'name',
      desk.routines.map((routine) => routine.name),
    ),
    ...repeated(
      ['contacts'],
      'role',
      (desk.contacts ?? []).map(({ role }) => role),
    ),
    ...repeated(
      ['people'],
      'name',
      desk.people.map((person) => person.name),
    ),
    ...stepLists(desk).flatMap(({ path, steps }) =>
      repeated(
        path,
        'key',
        steps.map((step) => step.key),
      ),
    ),
    ...stepLists(desk).flatMap(({ path, steps }) =>
      steps.flatMap(({ choose = [] }, at) =>
        repeated(
          [...path, at, 'choose'],
          'key',
          choose.map(({ key }) => key),
        ),
      ),
    ),
  ];
}

/** `key` is empty if the list holds plain values. */
function repeated(
  list: readonly (string | number)[],
  key: string,
  values: readonly string[],
): readonly BrokenRule[] {
  return values.flatMap((value, index) => {
    const first = values.indexOf(value);
    if (first === index) return [];
    return [
      {
        path: key === '' ? [...list, index] : [...list, index, key],
        expected: 'each only once',
        found: `${value}, which number ${first + 1} of the list has already`,
        doThis: 'remove it or give it another value',
      },
    ];
  });
}

/** Otherwise a halt that nobody can lift would be discovered on the worst day. */
function peopleRules(desk: Desk): BrokenRule[] {
  const approvers = namesWith(desk.people, APPROVER).length;
  if (approvers === 0) {
    return [
      {
        path: ['people'],
        expected: 'at least one person with the role approver, who can resume after a person’s stop',
        found: 'none',
        doThis: 'add approver to the roles of a person',
      },
    ];
  }
  if (approvers >= 2) return [];
  const keys = ['startup', 'fault', 'venue', 'dailyLoss', 'drawdown', 'person'] as const;
  const paths = [
    ...keys.filter((key) => desk.resume[key] === 'two-people').map((key) => ['resume', key]),
    ...stepsLiftedBy(desk, 'two-people'),
  ];
  return paths.map((path) => ({
    path,
    expected: 'two people with the role approver, as two-people asks for',
    found: `${approvers}`,
    doThis: 'add a second approver to people, or write person',
  }));
}

/** A session lies within one day: one across midnight would have its times on two days. */
function intervalRules(desk: Desk): BrokenRule[] {
  return desk.routines.flatMap(({ every, session }, index) => {
    if (session === undefined) return [];
    const path = ['routines', index, 'session'];
    if (every === undefined)
      return [
        { path, expected: 'every beside it', found: session, doThis: 'write every: 30m, or remove session' },
      ];
    const [from = '', to = ''] = session.split('-');
    if (from < to) return [];
    const doThis = 'write the earlier time first; a session over midnight is two routines';
    return [{ path, expected: 'an end after its start', found: session, doThis }];
  });
}

/** In a leap year, so that 29 February counts. */
const DAYS_OF_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Nobody would notice a routine that is never due. */
function monthRules(desk: Desk): BrokenRule[] {
  return desk.routines.flatMap(({ months, daysOfMonth }, index) => {
    if (months === undefined || daysOfMonth.length === 0) return [];
    const longest = Math.max(...months.map((month) => DAYS_OF_MONTHS[month - 1] ?? 0));
    if (Math.min(...daysOfMonth) <= longest) return [];
    return [
      {
        path: ['routines', index, 'months'],
        expected: `a month that has a day of daysOfMonth (${daysOfMonth.join(', ')})`,
        found: months.join(', '),
        doThis: 'take another day or another month',
      },
    ];
  });
}

/** A step can only know the result of an earlier one. */
function unlessRules(desk: Desk): BrokenRule[] {
  return stepLists(desk).flatMap(({ path, steps }) =>
    steps.flatMap(({ unless }, at) => {
      const above = steps.slice(0, at).map(({ key }) => key);
      if (unless === undefined || above.includes(unless)) return [];
      return [
        {
          path: [...path, at, 'unless'],
          expected: `the key of a step above it (${above.join(', ') || 'there is none'})`,
          found: unless,
          doThis: 'write one of these, or take unless out',
        },
      ];
    }),
  );
}

/** Only a person can tick items. */
function itemRules(desk: Desk): BrokenRule[] {
  return stepLists(desk).flatMap(({ path, steps }) =>
    steps.flatMap(({ items, human }, at) => {
      if (items === undefined || human !== undefined) return [];
      return [
        {
          path: [...path, at, 'items'],
          expected: 'human beside it',
          found: 'items of another step',
          doThis: 'say with human: what the person does, or take items out',
        },
      ];
    }),
  );
}

/** Only a step that halts can say what lifts its halt. */
function haltRules({ routines }: Desk): BrokenRule[] {
  return routines.flatMap(({ steps }, index) =>
    steps.flatMap(({ onFail, resume }, at) => {
      if (resume === undefined || onFail === 'halt') return [];
      return [
        {
          path: ['routines', index, 'steps', at, 'resume'],
          expected: 'onFail: halt beside it',
          found: `onFail: ${onFail}`,
          doThis: 'write onFail: halt, or take resume out',
        },
      ];
    }),
  );
}

/** One goes after the other: an earlier time behind a later one would come late. */
function escalationRules({ incidents }: Desk): BrokenRule[] {
  return Object.entries(incidents.severities).flatMap(([severity, { respondMinutes, escalateMinutes }]) =>
    escalateMinutes.flatMap((minutes, at) => {
      const before = escalateMinutes[at - 1] ?? 0;
      if (at === 0 && minutes < respondMinutes)
        return [
          {
            path: ['incidents', 'severities', severity, 'escalateMinutes', at],
            expected: `at least the ${respondMinutes} minutes of respondMinutes, after which people are reminded`,
            found: `${minutes}`,
            doThis: 'write a smaller respondMinutes, or later escalateMinutes',
          },
        ];
      if (minutes > before) return [];
      return [
        {
          path: ['incidents', 'severities', severity, 'escalateMinutes', at],
          expected: `more minutes than the ${before} before it`,
          found: `${minutes}`,
          doThis: 'write the times in rising order',
        },
      ];
    }),
  );
}

/** A step does exactly one thing. */
function stepRules(desk: Desk): BrokenRule[] {
  return stepLists(desk).flatMap(({ path, of, steps }) =>
    steps.flatMap((step, at) => {
      const kinds = of === 'playbook' ? KINDS_IN_PLAYBOOKS : KINDS;
      const named = kinds.filter((kind) => step[kind] !== undefined);
      if (named.length === 1) return [];
      return [
        {
          path: [...path, at],
          expected: `one of ${kinds.slice(0, -1).join(', ')} and ${kinds.at(-1)}`,
          found: named.length === 0 ? 'none of them' : named.join(' and '),
          doThis: named.length === 0 ? 'say what the step does' : 'make a step of each',
        },
      ];
    }),
  );
}

/** The upper bounds of numbers in `risk` depend on what the desk trades. */
function limitRules({ risk, instruments }: Desk): BrokenRule[] {
  return LIMITS.flatMap(({ setting }) => {
    const value = risk[setting.key];
    const most = mostOf(setting, instruments);
    if (value === undefined || value <= most) return [];
    return [
      {
        path: ['risk', setting.key],
        expected: `at most ${most}, since spot and stocks are bought for cash`,
        found: `${value}`,
        doThis: `write ${most} or less, or give contracts on margin a desk of their own`,
      },
    ];
  });
}

function contactRules(desk: Desk): BrokenRule[] {
  const kinds = [...SHIPPED_KINDS, ...ownIncidents(desk).keys()];
  return (desk.contacts ?? []).flatMap(({ incidents = [] }, index) =>
    incidents.flatMap((kind, at): BrokenRule[] => {
      if (kinds.includes(kind)) return [];
      const near = closestName(kind, kinds);
      return [
        {
          path: ['contacts', index, 'incidents', at],
          expected: `kinds of incidents: ${kinds.join(', ')}`,
          found: kind,
          doThis: near === null ? 'name one of these' : `write ${near}`,
        },
      ];
    }),
  );
}

/**
 * The rules across keys run only on values that are valid individually. `coded`: names of the playbooks in
 * code from the desk's folder.
 */
export function deskSchema(venues: readonly DeskVenue[], coded: readonly string[]) {
  const consistentDesk = z.custom<Desk>().superRefine((desk, context) => {
    for (const broken of brokenRules(desk, venues, coded)) {
      context.addIssue({
        code: 'custom',
        path: [...broken.path],
        message: `expected ${broken.expected}, found ${broken.found}`,
        params: { expected: broken.expected, found: broken.found, doThis: broken.doThis },
      });
    }
  });
  return deskObject.pipe(consistentDesk);
}
