/**
 * Scripts that run in a strategy's context: they remove what a strategy must not use, and stand between it
 * and us. Only primitive values cross, so the strategy can never reach an object of ours.
 */
import { MINUTE_MS } from '../../domain/civil-date.js';
import { TARGETS_MAX, WHOLE_TRADE_PPM } from '../../domain/exits.js';
import { ENTRY_TYPES, WISH_TYPES } from '../../domain/order.js';
import { LINES_MAX, WARMUP_BARS_MAX, WARMUP_MINUTES_MAX } from '../../engine/strategies/strategy.js';
import {
  EXPORTS,
  GLOBALS,
  MATH,
  MEMBERS,
  PLACED,
  SCRIPT,
  STEP,
  STEPS_MAX,
  THROW,
  WATCHED_NUMBERS,
} from './names.js';

/** For `timeInForce` of a limit entry. */
export const LASTS = ['immediateOrCancel', 'fillOrKill', 'day'] as const;

/** One day. */
const TIMER_SECONDS_MAX = 86_400;
/** Earlier than an hour before the close, an entry or exit is no longer at the close. */
const LEAD_SECONDS_MAX = 3_600;
/** As in a desk file, where the minimum is a minute. */
const END_SECONDS_MIN = 60;
const SPANS_MAX = 6;

/** Runs before the strategy. */
export const TAKE_AWAY = `"use strict";
(() => {
  const globals = new Set(${JSON.stringify([...GLOBALS])});
  const math = new Set(${JSON.stringify([...MATH])});
  for (const name of Object.getOwnPropertyNames(Math)) if (!math.has(name)) delete Math[name];
  Object.freeze(Math);
  for (const { prototype } of [Object, Number, BigInt, String, Array]) {
    for (const name of ${JSON.stringify(Object.keys(MEMBERS).filter((name) => /ocale|normalize/.test(name)))}) delete prototype[name];
  }
  Object.freeze(Error);
  const here = globalThis;
  for (const name of Object.getOwnPropertyNames(here)) {
    if (globals.has(name)) continue;
    // What a flag of Node brings (--expose-gc) can't be deleted.
    if (Object.getOwnPropertyDescriptor(here, name).configurable) delete here[name];
    else here[name] = undefined;
  }
})();`;

/**
 * Also runs before the strategy; its names are not properties of any object. It keeps throwing even if the
 * strategy catches the error.
 */
export const COUNT_STEPS = `"use strict";
let fermataSteps = 0;
const ${STEP} = () => {
  fermataSteps += 1;
  if (fermataSteps > ${STEPS_MAX}) throw new RangeError('more than ${STEPS_MAX} steps at once: does a loop not end?');
};`;

/** Also runs before the strategy. If something other than an error is thrown, only this tells its line. */
export const PLACE_THROWS = `"use strict";
let fermataPlace = '';
const ${THROW} = (thrown, line, column) => {
  fermataPlace = ' at ${SCRIPT}:' + line + ':' + (column + 1);
  return thrown;
};
const ${PLACED} = (thrown) => {
  if (typeof thrown?.stack === 'string') return thrown;
  const isSimple = thrown === null || (typeof thrown !== 'object' && typeof thrown !== 'function');
  const said = typeof thrown === 'string' ? thrown : 'it threw ' + (isSimple ? String(thrown) : 'an object') + ', which is no error';
  const error = new Error(said);
  error.stack = said + fermataPlace;
  return error;
};`;

/** Returns two functions: one returns the file's declaration as JSON, the other creates a strategy. */
export const STAND_BETWEEN = `"use strict";
(() => {
  const made = ${EXPORTS}?.default;
  const text = (value) => String(value).slice(0, 400);
  // Before the first price, numbers that are taken from prices are NaN.
  class NotANumber extends TypeError {}
  const unfit = (value, found) => new (Number.isNaN(value) ? NotANumber : TypeError)(found);
  const whole = (value, name) => {
    if (!Number.isSafeInteger(value) || value <= 0) throw unfit(value, name + ': expected a whole number above 0, found ' + String(value));
    return value;
  };
  const leadIn = (seconds, name) => {
    if (whole(seconds, name) > ${LEAD_SECONDS_MAX}) throw new TypeError(name + ': expected at most ${LEAD_SECONDS_MAX}, found ' + seconds);
    return seconds;
  };
  const leadOf = (sessionEnd, name) => {
    if (sessionEnd === undefined) return 0;
    const lead = leadIn(sessionEnd?.leadSeconds, name + '.leadSeconds');
    if (lead < ${END_SECONDS_MIN}) throw new TypeError(name + '.leadSeconds: expected at least ${END_SECONDS_MIN}, found ' + lead);
    return lead;
  };
  const closedAt = (targets) => {
    if (targets === undefined) return [];
    if (!Array.isArray(targets) || targets.length > ${TARGETS_MAX}) throw new TypeError('exits.targets: expected a list of ${TARGETS_MAX} targets at most');
    const numbers = [];
    let closed = 0;
    for (let at = 0; at < targets.length; at += 1) {
      const name = 'exits.targets[' + at + ']';
      const part = targets[at]?.part ?? (at === targets.length - 1 ? 1 - closed : undefined);
      if (typeof part !== 'number' || !(part > 0 && closed + part < 1.000001)) throw new TypeError(name + '.part: expected a part of the trade above 0, together 1 at most; only the last may be left out. Found ' + String(targets[at]?.part));
      closed += part;
      numbers.push(whole(targets[at].ticks, name + '.ticks'), Math.min(${WHOLE_TRADE_PPM}, Math.round(closed * ${WHOLE_TRADE_PPM})));
    }
    return numbers;
  };
  const sizeOf = (size) => {
    if (size === undefined) return [0, 0, 0, 0, 0];
    const { riskPct, lots, equityPct, volatilityPct, maxLots } = size ?? {};
    if ([riskPct, lots, equityPct, volatilityPct].filter((one) => one !== undefined).length !== 1) throw new TypeError('size: expected one of riskPct, lots, equityPct and volatilityPct');
    const percent = (value, name, most = 100) => {
      if (value === undefined) return 0;
      if (typeof value !== 'number' || !(value > 0 && value <= most)) throw unfit(value, name + ': expected a percentage above 0 and up to ' + most + ', found ' + String(value));
      return value;
    };
    const count = (value, name) => (value === undefined ? 0 : whole(value, name));
    return [percent(riskPct, 'size.riskPct'), count(lots, 'size.lots'), percent(equityPct, 'size.equityPct', 10000), count(maxLots, 'size.maxLots'), percent(volatilityPct, 'size.volatilityPct')];
  };
  const spansOf = (bars) => {
    if (bars === undefined) return [];
    if (!Array.isArray(bars) || bars.length < 1 || bars.length > ${SPANS_MAX}) throw new TypeError('bars: expected a list of 1 to ${SPANS_MAX} spans, such as 1m, 15m, 4h and 1d');
    const spans = bars.map((span) => {
      const [, count, unit] = /^([1-9][0-9]{0,3})([mhd])$/.exec(String(span)) ?? [];
      const minutes = Number(count) * (unit === 'd' ? 1440 : unit === 'h' ? 60 : 1);
      if (!(1440 % minutes === 0)) throw new TypeError('bars: expected spans that divide a day, such as 1m, 15m, 4h and 1d, found ' + text(span));
      return minutes;
    });
    if (new Set(spans).size !== spans.length) throw new TypeError('bars: expected each span once');
    return spans.sort((one, other) => one - other);
  };
  const enters = () => made.enters ?? ['limit'];
  const declared = () => JSON.stringify(made === undefined || made === null ? null : {
    kind: made.kind, suits: made.suits, parameters: made.parameters, enters: made.enters, terms: made.terms, watches: made.watches, legs: made.legs, artefacts: made.artefacts, creates: typeof made.create === 'function',
  }) ?? 'null';
  const counted = (work) => {
    fermataSteps = 0;
    try {
      const answer = work();
      // It may have caught what stopped it.
      ${STEP}();
      return answer;
    } catch (thrown) {
      throw ${PLACED}(thrown);
    }
  };
  const frozen = (value) => {
    const open = [value];
    while (open.length > 0) {
      const one = open.pop();
      if (typeof one !== 'object' || one === null) continue;
      Object.freeze(one);
      if (Array.isArray(one)) for (let at = 0; at < one.length; at += 1) { if (typeof one[at] === 'object') open.push(one[at]); }
      else for (const name of Object.keys(one)) open.push(one[name]);
    }
    return value;
  };
  const bytesOf = (characters) => {
    const bytes = new Uint8Array(characters.length);
    for (let at = 0; at < bytes.length; at += 1) bytes[at] = characters.charCodeAt(at);
    return bytes;
  };
  const contentOf = (form, content) => (form === 'json' ? frozen(JSON.parse(content)) : form === 'bytes' ? bytesOf(content) : content);
  const create = (host, parameters, instrument, otherLegs, watches, artefacts, takesAny) => {
    const factsIn = (json) => JSON.parse(json).map((facts) => Object.freeze(facts));
    const own = Object.freeze(JSON.parse(instrument));
    const [others, watched] = [factsIn(otherLegs), factsIn(watches)];
    const beside = [...others, ...watched];
    const symbolAt = (place) => (beside[place] ?? own).symbol;
    const given = Object.freeze(Object.fromEntries(JSON.parse(artefacts).map(([name, form], place) => [name, contentOf(form, host.artefact(place))])));
    const strategy = counted(() => made.create({
      parameters: Object.freeze(JSON.parse(parameters)),
      instrument: own,
      legs: Object.freeze([own, ...others]),
      watches: Object.freeze([...watched]),
      artefacts: given,
    }));
    const missing = ['onBar', 'state'].filter((name) => typeof strategy?.[name] !== 'function');
    if (missing.length > 0) throw new TypeError('create: expected an object with warmupBars, onBar and state, found no function ' + missing.join(' and no function '));
    const warmupBars = strategy.warmupBars;
    if (!Number.isSafeInteger(warmupBars) || warmupBars < 0 || warmupBars > ${WARMUP_BARS_MAX}) throw new TypeError('warmupBars: expected a whole number from 0 to ${WARMUP_BARS_MAX}, found ' + String(warmupBars));
    const spans = spansOf(strategy.bars);
    const longest = spans[spans.length - 1];
    if (longest !== undefined && (warmupBars + 1) * longest > ${WARMUP_MINUTES_MAX}) throw new TypeError('warmupBars: expected at most ' + (Math.floor(${WARMUP_MINUTES_MAX} / longest) - 1) + ' bars of its longest span, found ' + warmupBars);
    const readingOf = (symbol, place, more = {}) => {
      const reading = { symbol, ...more };
      for (const what of ${JSON.stringify(WATCHED_NUMBERS)}) Object.defineProperty(reading, what, { enumerable: true, get: () => host.watched(place, what) });
      return reading;
    };
    const readings = new Map(beside.map(({ symbol }, place) => [symbol, Object.freeze(readingOf(symbol, place))]));
    let turned = -1;
    const legOf = (symbol, place) => {
      // Whatever a wish throws, or asks for while it is read: what follows is about the instrument of before again.
      const here = (ask) => (...given) => {
        const before = turned;
        turned = place;
        host.turnTo(place);
        try {
          ask(...given);
        } finally {
          turned = before;
          host.turnTo(before);
        }
      };
      const { enter, exit, adjust, enterOneOf, change, cancel } = desk;
      const leg = readingOf(symbol, place, {
        enter: here(enter), exit: here(exit), adjust: here(adjust), enterOneOf: here(enterOneOf), change: here(change), cancel: here(cancel),
      });
      Object.defineProperty(leg, 'lots', { enumerable: true, get: () => host.watched(place, 'lots') });
      Object.defineProperty(leg, 'entryResting', { enumerable: true, get: () => host.watched(place, 'entryResting') === 1 });
      return Object.freeze(leg);
    };
    // A wish that would not be heard is not read, so at a start a strategy need not look whether there is a price.
    const heard = (opens, ask) => (wish, other) => {
      if (!host.hears(opens)) return;
      try {
        ask(wish, other);
      } catch (thrown) {
        if (!(thrown instanceof NotANumber) || !host.lacksPrice()) throw thrown;
        host.note(text(wish.because) + ': there is no price yet, so nothing was done');
      }
    };
    const desk = {
      session: Object.freeze({
        get open() { return host.minutesToClose() > 0; },
        get minuteOfDay() { return host.minuteOfDay(); },
        get date() { return host.date(); },
        get weekday() { return host.weekday(); },
        get minutesToClose() { return host.minutesToClose(); },
      }),
      lots: 0, entryResting: false, bid: NaN, ask: NaN, shorting: false, stopLossPct: 0,
      enter: heard(true, (wish) => {
        const { side, type, ticks, slippage, exits, size, restBars, because } = wish;
        const { postOnly = false, timeInForce = '', until, limit, leadSeconds, trail: turn, reverses = false } = wish;
        if (side !== 'buy' && side !== 'sell') throw new TypeError('side: expected buy or sell, found ' + String(side));
        if (!${JSON.stringify(WISH_TYPES)}.includes(type)) throw new TypeError('type: expected ${WISH_TYPES.join(' or ')}, found ' + String(type));
        if (!enters().includes(type)) throw new TypeError('type: the strategy says that it enters by ' + enters().join(' and ') + ', found ' + type);
        if (typeof postOnly !== 'boolean') throw new TypeError('postOnly: expected true or false, found ' + String(postOnly));
        if (!${JSON.stringify(['', ...LASTS])}.includes(timeInForce)) throw new TypeError('timeInForce: expected ${LASTS.join(' or ')}, found ' + String(timeInForce));
        if (type !== 'limit' && (postOnly || timeInForce !== '' || until !== undefined)) throw new TypeError('postOnly, timeInForce, until: only an entry of type limit has them, found type ' + type);
        if (typeof reverses !== 'boolean' || (reverses && !${JSON.stringify(ENTRY_TYPES)}.includes(type))) throw new TypeError('reverses: expected true or false, of an entry of type ${ENTRY_TYPES.join(' or ')}, found ' + String(reverses) + ' with type ' + type);
        const term = postOnly ? 'postOnly' : timeInForce === 'fillOrKill' ? timeInForce : null;
        if (term !== null && made.terms !== undefined && !made.terms.includes(term)) throw new TypeError(term + ': the strategy says terms: ' + made.terms.join(' and ') + ', without it');
        const isTimed = type === 'atOpen' || type === 'atClose';
        if (type === 'ifTouched' ? (limit === undefined) === (slippage === undefined) : limit !== undefined) throw new TypeError('limit: expected of an entry of type ifTouched alone, in place of slippage, found ' + (limit === undefined ? 'neither' : 'it with type ' + type));
        if (type !== 'atClose' && leadSeconds !== undefined) throw new TypeError('leadSeconds: only an entry of type atClose has it, found type ' + type);
        const isTrailing = type === 'trailingStop';
        if (isTrailing ? ticks !== undefined : turn !== undefined) throw new TypeError((isTrailing ? 'ticks: an entry of type trailingStop has trail instead, and no price' : 'trail: only an entry of type trailingStop has it, found type ' + type + '; a stop that trails is exits.trail'));
        const lead = type === 'atClose' ? leadIn(leadSeconds, 'leadSeconds') : 0;
        const restsNot = type === 'market' || isTimed || timeInForce === 'immediateOrCancel' || timeInForce === 'fillOrKill';
        if (restsNot && (postOnly || until !== undefined)) throw new TypeError('postOnly, until: an entry with timeInForce ' + timeInForce + ' never rests');
        const { stop, targets, trail, breakEvenAt, maxBars, sessionEnd } = exits ?? {};
        host.enter(
          side, type, type === 'market' || isTimed ? 0 : isTrailing ? whole(turn?.ticks, 'trail.ticks') : whole(ticks, 'ticks'), type === 'limit' || limit !== undefined ? 0 : whole(slippage?.ticks, 'slippage.ticks'),
          whole(stop?.ticks, 'exits.stop.ticks'), restsNot ? 0 : whole(restBars, 'restBars'),
          postOnly, timeInForce, until === undefined ? 0 : whole(until, 'until'),
          limit === undefined ? 0 : whole(limit?.ticks, 'limit.ticks'), lead, reverses, text(because), ...sizeOf(size),
          trail === undefined ? 0 : whole(trail?.ticks, 'exits.trail.ticks'),
          breakEvenAt === undefined ? 0 : whole(breakEvenAt?.ticks, 'exits.breakEvenAt.ticks'),
          maxBars === undefined ? 0 : whole(maxBars, 'exits.maxBars'),
          leadOf(sessionEnd, 'exits.sessionEnd'),
          ...closedAt(targets),
        );
      }),
      of(symbol) {
        const reading = readings.get(symbol) ?? (takesAny ? readings.values().next().value : undefined);
        if (reading === undefined) throw new TypeError('desk.of: expected one of the instruments that it watches (' + [...readings.keys()].join(', ') + '), found ' + text(symbol));
        return reading;
      },
      leg(symbol) {
        const leg = legs.get(symbol) ?? (takesAny ? [...legs.values()][1] : undefined);
        if (leg === undefined) throw new TypeError('desk.leg: expected one of the instruments that it trades (' + [...legs.keys()].join(', ') + '), found ' + text(symbol));
        return leg;
      },
      exit: heard(false, (because, options) => {
        const part = options?.part;
        if (part !== undefined && !(typeof part === 'number' && part > 0 && part < 1)) throw new TypeError('part: expected a part of the position above 0 and below 1, found ' + text(part));
        // A part that rounds to none, or to all of it, is one millionth more or less.
        host.exit(text(because), part === undefined ? 0 : Math.min(${WHOLE_TRADE_PPM - 1}, Math.max(1, Math.round(part * ${WHOLE_TRADE_PPM}))));
      }),
      adjust: heard(false, (change) => {
        const { stop, targets, trail, breakEvenAt, maxBars, sessionEnd, because } = change;
        const changed = (value, name) => (value === undefined ? 0 : value === null ? -1 : whole(value, name));
        const ticks = (value, name) => changed(value === undefined || value === null ? value : value.ticks, name + '.ticks');
        host.adjust(
          stop === undefined ? 0 : whole(stop?.ticks, 'stop.ticks'), ticks(trail, 'trail'), ticks(breakEvenAt, 'breakEvenAt'),
          changed(maxBars, 'maxBars'), sessionEnd === null ? -1 : leadOf(sessionEnd, 'sessionEnd'), text(because), targets !== undefined,
          ...closedAt(targets ?? undefined),
        );
      }),
      enterOneOf: heard(true, (one, other) => {
        for (const [name, wish] of [['first', one], ['second', other]]) {
          const rests = wish?.type === 'stop' || (wish?.type === 'limit' && (wish.timeInForce === undefined || wish.timeInForce === 'day'));
          if (!rests || (wish.reverses ?? false)) throw new TypeError('enterOneOf: expected two entries that rest (of type limit or stop) and reverse nothing, found as the ' + name + ' one type ' + String(wish?.type));
        }
        host.pair(true);
        // A strategy may catch what the other one throws: then neither is entered, and the next entry is its own.
        try {
          desk.enter(one);
          desk.enter(other);
        } finally {
          host.pair(false);
        }
      }),
      change: heard(true, (change) => {
        const { side = '', ticks, exits, because } = change;
        if (!['', 'buy', 'sell'].includes(side)) throw new TypeError('side: expected buy or sell, found ' + String(side));
        if (ticks === undefined && exits === undefined) throw new TypeError('change: expected ticks, exits or both');
        const { stop, targets, trail, breakEvenAt, maxBars, sessionEnd } = exits ?? {};
        host.change(
          side, ticks === undefined ? 0 : whole(ticks, 'ticks'), text(because), exits !== undefined,
          exits === undefined ? 0 : whole(stop?.ticks, 'exits.stop.ticks'),
          trail === undefined ? 0 : whole(trail?.ticks, 'exits.trail.ticks'),
          breakEvenAt === undefined ? 0 : whole(breakEvenAt?.ticks, 'exits.breakEvenAt.ticks'),
          maxBars === undefined ? 0 : whole(maxBars, 'exits.maxBars'),
          leadOf(sessionEnd, 'exits.sessionEnd'),
          ...closedAt(targets),
        );
      }),
      cancel(because) { host.cancel(text(because)); },
      note(line) { host.note(text(line)); },
    };
    const legs = new Map([own, ...others].map(({ symbol }, at) => [symbol, legOf(symbol, at - 1)]));
    const bar = { openMs: 0, openTicks: 0, highTicks: 0, lowTicks: 0, closeTicks: 0, volumeLots: NaN, spanMinutes: 1, symbol: own.symbol };
    const call = (name, work) => {
      const answer = counted(work);
      if (answer !== undefined && typeof answer?.then === 'function') throw new TypeError(name + ': expected no promise');
      return answer;
    };
    const show = (lots, entryResting, bid, ask, shorting, stopLossPct) => {
      desk.lots = lots; desk.entryResting = entryResting; desk.bid = bid; desk.ask = ask;
      desk.shorting = shorting; desk.stopLossPct = stopLossPct;
    };
    const onBar = (openMs, openTicks, highTicks, lowTicks, closeTicks, volumeLots, spanMinutes, place) => {
      bar.openMs = openMs; bar.openTicks = openTicks; bar.highTicks = highTicks; bar.lowTicks = lowTicks; bar.closeTicks = closeTicks; bar.volumeLots = volumeLots; bar.spanMinutes = spanMinutes;
      if (beside.length > 0) bar.symbol = symbolAt(place);
      call('onBar', () => strategy.onBar(desk, bar));
    };
    const isMissing = (name) => {
      if (strategy[name] !== undefined && typeof strategy[name] !== 'function') throw new TypeError(name + ': expected a function');
      return strategy[name] === undefined;
    };
    const onQuote = isMissing('onQuote') ? null : (place) => call('onQuote', () => strategy.onQuote(desk, symbolAt(place)));
    const onTrade = isMissing('onTrade') ? null : (ticks, lots, taker, place) =>
      call('onTrade', () => strategy.onTrade(desk, Object.freeze({ symbol: symbolAt(place), ticks, lots, taker })));
    const onFill = isMissing('onFill') ? null : (side, lots, ticks, opens, place) =>
      call('onFill', () => strategy.onFill(desk, Object.freeze({ symbol: symbolAt(place), side, lots, ticks, opens })));
    const onTimer = isMissing('onTimer') ? null : (dueMs) => call('onTimer', () => strategy.onTimer(desk, dueMs));
    const onSignal = isMissing('onSignal') ? null : (source, id, revision, action, entry, stop, ageSeconds, place, ...targets) => {
      const signal = { symbol: symbolAt(place), source, id, revision, action, entry: entry || null, stop: stop || null, targets: Object.freeze(targets), ageSeconds };
      const why = call('onSignal', () => strategy.onSignal(desk, Object.freeze(signal)));
      return why === undefined ? '' : text(why);
    };
    const timerSeconds = onTimer === null ? 0 : whole(strategy.timerSeconds, 'timerSeconds');
    if (timerSeconds > ${TIMER_SECONDS_MAX}) throw new TypeError('timerSeconds: expected at most ${TIMER_SECONDS_MAX}, found ' + timerSeconds);
    let names = null;
    let drawn = null;
    const lines = isMissing('lines') ? null : () => {
      const all = counted(() => strategy.lines());
      if (!Array.isArray(all) || all.length > ${LINES_MAX}) throw new TypeError('lines: expected a list of at most ${LINES_MAX} lines');
      for (let at = 0; at < all.length; at += 1) {
        const { name, ticks } = all[at] ?? {};
        if (typeof name !== 'string' || name.length < 1 || name.length > 40) throw new TypeError('lines[' + at + '].name: expected 1 to 40 characters, found ' + text(name));
        if (ticks !== null && !(typeof ticks === 'number' && isFinite(ticks))) throw new TypeError('lines[' + at + '].ticks: expected a number of ticks or null, found ' + text(ticks));
        host.line(name, ticks ?? NaN);
      }
      // Compared one by one: writing them out at each bar costs more than the strategy.
      let alike = drawn !== null && drawn.length === all.length;
      for (let at = 0; alike && at < all.length; at += 1) alike = drawn[at] === all[at].name;
      if (alike) return;
      const now = all.map(({ name }) => name);
      const said = JSON.stringify(now);
      drawn ??= now;
      names ??= said;
      if (said !== names) throw new TypeError('lines: expected the same names in the same order each time, ' + names + ', found ' + text(said));
    };
    return { warmupBars, spans: spans.map((minutes) => minutes * ${MINUTE_MS}).join(','), show, onBar, onFill, onSignal, onQuote, onTrade, onTimer, timerSeconds, lines, state: () => counted(() => text(strategy.state())) };
  };
  return { declared, create };
})();`;
