/**
 * What a desk must declare before its orders may go to a venue, and before it may trade real money; who
 * decides about that, and what a validation must show for it.
 */
import { HOUR_MS } from '../domain/civil-date.js';
import { APPROVER, namesWith } from '../domain/people-roles.js';
import { mostOf } from '../limits/most-of.js';
import { positionSizeLimit } from '../limits/position-size.js';
import { type DeskVenue, isBrokerPaper, kindsOf, ordersLeave } from './desk-venue.js';
import { stepsLiftedBy } from './own-steps.js';
import type { BrokenRule } from './problem.js';
import type { Desk } from './schema.js';

/** A single approver has to sleep on it. */
const COOLING_OFF_HOURS_MIN = 24;

export function liveRules(desk: Desk, venues: readonly DeskVenue[]): BrokenRule[] {
  const account = isBrokerPaper(desk.venue) ? brokerPaperRules(desk, venues) : [];
  if (desk.twinOf !== undefined && ordersLeave(desk)) return [twinStaysHere(desk)];
  if (desk.mode !== 'live') return [...account, ...namedApprovers(desk)];
  return [
    ...account,
    ...resumeRules(desk),
    ...venueRules(desk, venues),
    ...namedApprovers(desk),
    ...enoughApprovers(desk),
    ...sizes(desk),
  ];
}

const twinStaysHere = ({ mode, twinOf }: Desk): BrokenRule => ({
  path: mode === 'live' ? ['mode'] : ['venue', 'account'],
  expected: `a paper twin, whose orders never leave this machine (twinOf: ${twinOf})`,
  found: mode === 'live' ? 'live' : 'broker-paper',
  doThis: `trade with the desk ${twinOf} itself; its twin stays on paper`,
});

function brokerPaperRules(desk: Desk, venues: readonly DeskVenue[]): BrokenRule[] {
  const { name, testnet } = desk.venue;
  const keepers = venues.filter(({ keepsPaper }) => keepsPaper).map((venue) => venue.name);
  const rule = (path: BrokenRule['path'], expected: string, found: string, doThis: string): BrokenRule[] => [
    { path, expected, found, doThis },
  ];
  const account = ['venue', 'account'];
  if (desk.mode === 'live')
    return rule(account, 'no account, with mode: live', 'broker-paper', 'remove it, or write mode: paper');
  if (!keepers.includes(name))
    return rule(
      account,
      `broker-paper at ${keepers.join(' or ')} only, which keeps paper accounts`,
      `broker-paper at ${name}`,
      'remove it: the desk then trades Fermata’s own paper account',
    );
  if (!testnet)
    return rule(['venue', 'testnet'], 'true, with account: broker-paper', 'false', 'remove testnet');
  return venueRules(desk, venues);
}

function resumeRules(desk: Desk): BrokenRule[] {
  const keys = (['startup', 'fault'] as const).filter((key) => desk.resume[key] === 'auto');
  return [...keys.map((key) => ['resume', key]), ...stepsLiftedBy(desk, 'auto')].map((path) => ({
    path,
    expected: 'person or two-people, since the desk trades real money',
    found: 'auto',
    doThis: `write ${path.at(-1)}: person`,
  }));
}

function venueRules({ venue, instruments }: Desk, venues: readonly DeskVenue[]): BrokenRule[] {
  const known = venues.find(({ name }) => name === venue.name);
  if (known === undefined)
    return [
      {
        path: ['venue', 'name'],
        expected: `one of ${venues.map(({ name }) => name).join(', ')}, for mode: live`,
        found: venue.name,
        doThis: `write name: ${venues[0]?.name}, or mode: paper`,
      },
    ];
  const { takes, mixesKinds, account } = known;
  const kinds = kindsOf(known);
  const [first] = instruments;
  return instruments.flatMap(({ kind, symbol, lotSize }, index) => {
    const rule = (expected: string, doThis: string): BrokenRule[] => [
      {
        path: ['instruments', index, 'kind'],
        expected: `${expected}, since orders go to ${account}`,
        found: `${kind} (${symbol})`,
        doThis,
      },
    ];
    const isPaperOnly =
      !venues.some((one) => kindsOf(one).includes(kind)) && (kind === 'inverse' || kind === 'fx');
    const doThis = isPaperOnly
      ? `write mode: paper, on Fermata’s own paper account: no venue of this version takes orders of kind: ${kind}`
      : `write kind: ${kinds[0]}`;
    if (!kinds.includes(kind)) return rule(kinds.join(' or '), doThis);
    if (!mixesKinds && first !== undefined && kind !== first.kind)
      return rule(
        `${first.kind}, as of the first instrument`,
        'give the other kind a desk and an account of its own',
      );
    const { symbols, lotSize: only = null } = takes[kind] ?? {};
    if (symbols !== undefined && !symbols.form.test(symbol))
      return [
        {
          path: ['instruments', index, 'symbol'],
          expected: `${symbols.parts}, such as ${symbols.example}: a ${kind} at ${venue.name}, where orders go`,
          found: symbol,
          doThis: `write it like ${symbols.example}`,
        },
      ];
    if (only === null || Number(lotSize) === Number(only)) return [];
    return [
      {
        path: ['instruments', index, 'lotSize'],
        expected: `"${only}", the only lot size of a ${kind} at ${venue.name}, where orders go (${symbol})`,
        found: lotSize,
        doThis: `write lotSize: "${only}"`,
      },
    ];
  });
}

function namedApprovers(desk: Desk): BrokenRule[] {
  const known = goLiveApprovers({ ...desk, goLive: { ...desk.goLive, approvers: undefined } });
  return (desk.goLive.approvers ?? []).flatMap((named, index) =>
    known.includes(named)
      ? []
      : [
          {
            path: ['goLive', 'approvers', index],
            expected: 'a person of `people` with the role approver',
            found: named,
            doThis: 'add the person to people, or remove the name here',
          },
        ],
  );
}

function enoughApprovers(desk: Desk): BrokenRule[] {
  const { needed, coolingOffHours } = desk.goLive;
  const have = new Set(goLiveApprovers(desk)).size;
  const rules: BrokenRule[] = [];
  if (have < needed)
    rules.push({
      path: ['goLive', 'needed'],
      expected: `at least ${needed} people who may decide about real money`,
      found: `${have}`,
      doThis: `${needed - have === 1 ? 'add an approver' : `add ${needed - have} approvers`}, or write needed: ${have < 2 ? '1 and wait the cooling-off' : have}`,
    });
  if (needed === 1 && coolingOffHours < COOLING_OFF_HOURS_MIN)
    rules.push({
      path: ['goLive', 'coolingOffHours'],
      expected: `at least ${COOLING_OFF_HOURS_MIN}, since one person decides alone`,
      found: `${coolingOffHours}`,
      doThis: `write coolingOffHours: ${COOLING_OFF_HOURS_MIN}`,
    });
  return rules;
}

/** A size above the limits could never come into force, so people would approve something that doesn't happen. */
function sizes({ goLive, risk, instruments }: Desk): BrokenRule[] {
  const most = mostOf(positionSizeLimit.setting, instruments);
  const startTooLarge: BrokenRule[] =
    goLive.start.maxPositionSizePct <= most
      ? []
      : [
          {
            path: ['goLive', 'start', 'maxPositionSizePct'],
            expected: `at most ${most}, since spot and stocks are bought for cash`,
            found: `${goLive.start.maxPositionSizePct}`,
            doThis: 'write how large the first positions may be, for example 1',
          },
        ];
  const stepsTooLarge = goLive.ramp.flatMap((step, index) =>
    (['maxPositionSizePct', 'maxConcurrentPositions'] as const)
      .filter((key) => step[key] > risk[key])
      .map((key) => ({
        path: ['goLive', 'ramp', index, key],
        expected: `at most risk.${key}, ${risk[key]}`,
        found: `${step[key]}`,
        doThis: `raise risk.${key}, or lower the step`,
      })),
  );
  return [...startTooLarge, ...stepsTooLarge];
}

/** The approvers that the desk file names for it, or everybody with the role approver if it names none. */
export function goLiveApprovers({ goLive, people }: Pick<Desk, 'goLive' | 'people'>): readonly string[] {
  const approvers = namesWith(people, APPROVER);
  return goLive.approvers === undefined
    ? approvers
    : goLive.approvers.filter((named) => approvers.includes(named));
}

const VALIDATION_HOURS = 48;
const GO_VALID_DAYS = 14;

/**
 * What a validation must show for real money. Defaults are applied here and not in the schema, so that a file without
 * these keys keeps its hash.
 */
export function goLiveValidation({ goLive }: Pick<Desk, 'goLive'>): {
  readonly durationMsMin: number;
  readonly validMs: number;
} {
  return {
    durationMsMin: (goLive.validationHours ?? VALIDATION_HOURS) * HOUR_MS,
    validMs: (goLive.validForDays ?? GO_VALID_DAYS) * 24 * HOUR_MS,
  };
}

/** How many of the votes about real money may come through a chat if `needed` people decide. */
export function chatVotesMax({ goLive }: Pick<Desk, 'goLive'>, needed: number): number {
  return goLive.telegramVotes ?? (needed >= 2 ? 1 : 0);
}
