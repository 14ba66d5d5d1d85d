/** Writes a new desk file: an existing one with some values changed and its comments kept. */
import { type Document, isMap, isScalar, isSeq, parseDocument } from 'yaml';

export interface NewInstrument {
  readonly symbol: string;
  readonly tickSize: string;
  readonly lotSize: string;
  readonly minNotional: string;
}

/** `strategy`: index in the list. */
export interface ParameterValue {
  readonly strategy: number;
  readonly name: string;
  readonly value: number;
}

/** An absent key keeps the template's value. */
export interface NewDesk {
  readonly name: string;
  readonly symbols?: readonly string[] | undefined;
  /** Step sizes of symbols that the template doesn't have. */
  readonly instruments?: readonly NewInstrument[] | undefined;
  readonly mode?: 'paper' | 'live' | undefined;
  readonly testnet?: boolean | undefined;
  /** Real money: nothing starts by itself. `approvers` are added to those of the template. */
  readonly live?: { readonly approvers: readonly string[] } | undefined;
  readonly balance?: string | undefined;
  readonly port?: number | undefined;
  readonly stopLossPct?: number | undefined;
  readonly dailyLossLimitPct?: number | undefined;
  readonly maxPositionSizePct?: number | undefined;
  readonly maxConcurrentPositions?: number | undefined;
  readonly maxDrawdownPct?: number | undefined;
  /** For every strategy that the template sizes by risk: percent of equity, and lots. */
  readonly riskPct?: number | undefined;
  readonly maxLots?: number | undefined;
  readonly strategiesOff?: true | undefined;
  /** At AWS if the template has no storage. */
  readonly s3Bucket?: string | undefined;
  readonly parameters?: readonly ParameterValue[] | undefined;
  readonly strategyMaxConsecutiveLosses?: number | undefined;
  readonly strategyReEnableCheckHours?: number | undefined;
}

type NewDeskText =
  | { readonly kind: 'text'; readonly text: string }
  /** No step sizes can be assumed for these. */
  | { readonly kind: 'unknownSymbols'; readonly symbols: readonly string[] };

/** Points editors to the schema; a file has it once, on its first line. */
const SCHEMA_LINE = ' yaml-language-server: $schema=../schema.json';

/** In the default `backup.s3.region`. */
const AWS = 'https://s3.us-east-1.amazonaws.com';

/** `template` is the text of a valid desk file. */
export function newDeskText(template: string, wanted: NewDesk): NewDeskText {
  const document = parseDocument(template);
  document.commentBefore = `${SCHEMA_LINE}\n The desk ${wanted.name}. Every key: docs/DESK_FILE.md`;
  const first = isMap(document.contents) ? document.contents.items[0]?.key : null;
  if (isScalar(first)) first.commentBefore = withoutHeader(first.commentBefore ?? '');
  document.setIn(['desk'], wanted.name);
  const unknown =
    wanted.symbols === undefined ? [] : setSymbols(document, wanted.symbols, wanted.instruments ?? []);
  if (unknown.length > 0) {
    return { kind: 'unknownSymbols', symbols: unknown };
  }
  setStrategies(document, wanted);
  const changes: readonly [readonly string[], string | number | boolean | undefined][] = [
    [['mode'], wanted.mode],
    [['venue', 'testnet'], wanted.testnet],
    [['paper', 'balance'], wanted.balance],
    [['paper', 'currency'], quoteOf(wanted.symbols ?? [])],
    [['api', 'port'], wanted.port],
    [['risk', 'stopLossPct'], wanted.stopLossPct],
    [['risk', 'dailyLossLimitPct'], wanted.dailyLossLimitPct],
    [['risk', 'maxPositionSizePct'], wanted.maxPositionSizePct],
    [['risk', 'maxConcurrentPositions'], wanted.maxConcurrentPositions],
    [['risk', 'maxDrawdownPct'], wanted.maxDrawdownPct],
    [['breakers', 'strategyMaxConsecutiveLosses'], wanted.strategyMaxConsecutiveLosses],
    [['breakers', 'strategyReEnableCheckHours'], wanted.strategyReEnableCheckHours],
  ];
  for (const [path, value] of changes) {
    if (value !== undefined) document.setIn(path, value);
  }
  if (wanted.port !== undefined) explainPort(document, wanted.port);
  if (wanted.s3Bucket !== undefined) setBucket(document, wanted.s3Bucket);
  if (wanted.live !== undefined) setLive(document, wanted.live.approvers);
  return { kind: 'text', text: document.toString({ lineWidth: 0 }) };
}

/** A template that was written here has a header of its own, or several of earlier versions. */
function withoutHeader(comment: string): string | null {
  const left = comment
    .replace(`${SCHEMA_LINE}\n`, '')
    .replace(/^(\n* The desk \S+\. Every key: docs\/DESK_FILE\.md\n*)+/, '');
  return left === '' ? null : left;
}

/** The currency that all are quoted in. The desk file's own rules refuse several. */
function quoteOf(symbols: readonly string[]): string | undefined {
  const [quote, ...others] = new Set(symbols.map((symbol) => symbol.split('/')[1]));
  return others.length === 0 ? quote : undefined;
}

/** The template's comment is about the template's port. */
function explainPort(document: Document, port: number): void {
  const node = document.getIn(['api', 'port'], true);
  if (isScalar(node))
    node.comment = port === 0 ? ' any free one; the first screen names it' : ` http://localhost:${port}`;
}

function setBucket(document: Document, bucket: string): void {
  if (!document.hasIn(['backup', 's3'])) document.setIn(['backup', 's3', 'endpoint'], AWS);
  document.setIn(['backup', 's3', 'bucket'], bucket);
}

/**
 * For new desks: adds the pack version next to the file's own version. It would change an existing desk's
 * hash.
 */
export function withPackVersion(text: string): string {
  const document = parseDocument(text);
  const { contents } = document;
  if (!isMap(contents) || document.has('pack')) return text;
  const version = contents.items.findIndex(({ key }) => isScalar(key) && key.value === 'version');
  contents.items.splice(version + 1, 0, document.createPair('pack', 1));
  return String(document);
}

/** As docs/GO_LIVE.md requires; the template has everything else for going live. */
function setLive(document: Document, approvers: readonly string[]): void {
  document.setIn(['mode'], 'live');
  document.setIn(['venue', 'testnet'], false);
  // A broker's paper account is none for real money.
  document.deleteIn(['venue', 'account']);
  for (const rule of ['startup', 'fault']) document.setIn(['resume', rule], 'person');
  const people = document.get('people');
  if (!isSeq(people)) return;
  const known = people.items.map((item) => (isMap(item) ? item.get('name') : null));
  for (const name of approvers)
    if (!known.includes(name)) people.add(document.createNode({ name, roles: ['approver'] }, { flow: true }));
}

function setStrategies(
  document: Document,
  { riskPct, maxLots, strategiesOff, parameters = [] }: NewDesk,
): void {
  for (const { strategy, name, value } of parameters)
    document.setIn(['strategies', strategy, 'parameters', name], value);
  const list = document.get('strategies');
  if (!isSeq(list)) return;
  for (const strategy of list.items.filter(isMap)) {
    if (strategiesOff === true) strategy.set('enabled', false);
    if (!strategy.hasIn(['size', 'riskPct'])) continue;
    if (riskPct !== undefined) strategy.setIn(['size', 'riskPct'], riskPct);
    if (maxLots !== undefined) strategy.setIn(['size', 'maxLots'], maxLots);
  }
}

/** Returns the symbols whose step sizes are not given. */
function setSymbols(
  document: Document,
  symbols: readonly string[],
  given: readonly NewInstrument[],
): readonly string[] {
  const list = document.get('instruments');
  if (!isSeq(list)) return symbols;
  const items = symbols.map((symbol) => {
    const asked = given.find((instrument) => instrument.symbol === symbol);
    return asked === undefined
      ? list.items.find((item) => isMap(item) && item.get('symbol') === symbol)
      : document.createNode({ ...asked, spread: asked.tickSize });
  });
  const unknown = symbols.filter((_symbol, index) => items[index] === undefined);
  list.items = items.filter((item) => item !== undefined);
  document.setIn(['strategies', 0, 'symbols'], document.createNode([...symbols], { flow: true }));
  return unknown;
}
