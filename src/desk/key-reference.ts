/** The tables of docs/DESK_FILE.md, from the schema and its descriptions. */
import { rangeText } from '../domain/declared-value.js';
import { STRATEGIES } from '../engine/strategies/registry.js';
import type { StrategyDefinition } from '../engine/strategies/strategy.js';
import { KPI_READING_NAMES, termsOf, unitOf, unitsOf } from './kpi-schema.js';
import { deskJsonSchema, type JsonSchema } from './schema-problems.js';

interface KeyRow {
  readonly key: string;
  readonly type: string;
  /** Null: the key is required. */
  readonly byDefault: string | null;
  readonly meaning: string;
}

/** The Markdown: every key, what KPIs may read, and the parameters of the strategies that ship. */
export function keyReference(): string {
  return [table(keyRows(deskJsonSchema(), '')), '', kpiReadings(), '', parameterTables()].join('\n');
}

/** Every key of the desk file; a group comes before its members. */
export function keyRows(schema: JsonSchema, prefix: string): KeyRow[] {
  const named = schema.additionalProperties as JsonSchema | undefined;
  // Besides the known names, users may add their own.
  const own = named?.properties === undefined ? [] : [['<name>', named] as const];
  return [...Object.entries(schema.properties ?? {}), ...own].flatMap(([name, value]) => {
    const child = value as JsonSchema;
    const key = prefix === '' ? name : `${prefix}.${name}`;
    const inner = child.type === 'array' ? (child.items as JsonSchema | undefined) : child;
    const innerPrefix = child.type === 'array' ? `${key}[]` : key;
    const row = {
      key,
      type: typeText(child),
      byDefault: defaultText(child, schema.required?.includes(name) === true),
      meaning: child.description ?? '',
    };
    return [row, ...(inner === undefined ? [] : keyRows(inner, innerPrefix))];
  });
}

function typeText(schema: JsonSchema): string {
  if (schema.const !== undefined) {
    return `\`${String(schema.const)}\``;
  }
  if (schema.enum !== undefined) {
    return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  }
  switch (schema.type) {
    case 'array':
      return `list of ${typeText(schema.items as JsonSchema)}`;
    case 'object':
      return schema.properties === undefined ? 'names with values' : 'group';
    case 'integer':
    case 'number':
      return `${schema.type === 'integer' ? 'whole number' : 'number'}${boundsText(schema)}`;
    default:
      return simpleTypeText(schema);
  }
}

function simpleTypeText({ type, pattern }: JsonSchema): string {
  if (type === 'boolean') return '`true`, `false`';
  return pattern?.includes('\\d{1,15}') === true ? 'decimal in quotes' : 'text';
}

function boundsText({ minimum, exclusiveMinimum, maximum }: JsonSchema): string {
  const low = minimum ?? (typeof exclusiveMinimum === 'number' ? exclusiveMinimum : undefined);
  const high = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? null : maximum;
  if (low === undefined || low <= Number.MIN_SAFE_INTEGER) {
    return high === null ? '' : ` up to ${high}`;
  }
  const from = minimum === undefined ? `above ${low}` : `from ${low}`;
  return high === null ? ` ${from}` : ` ${from} to ${high}`;
}

function defaultText(schema: JsonSchema, required: boolean): string | null {
  if (schema.default === undefined) return required ? null : 'none';
  const isGroup = schema.type === 'object' && schema.properties !== undefined;
  return isGroup ? 'as below' : `\`${JSON.stringify(schema.default)}\``;
}

function table(rows: readonly KeyRow[]): string {
  const lines = rows.map(
    ({ key, type, byDefault, meaning }) =>
      `| \`${key}\` | ${type} | ${byDefault ?? '**required**'} | ${meaning} |`,
  );
  return ['| Key | Type | Default | Meaning |', '|---|---|---|---|', ...lines].join('\n');
}

const ACCOUNT_CURRENCY = 'the account’s currency';

function kpiReadings(): string {
  const lines = KPI_READING_NAMES.map((reading) => {
    const { title, of, looksBack, meaning } = termsOf(reading);
    const { unit } = unitOf({ reading }, ACCOUNT_CURRENCY);
    const others = unitsOf(reading, ACCOUNT_CURRENCY).filter((one) => one !== unit);
    const units = [unit || 'a plain number', ...others].join(', ');
    return `| \`${reading}\` | ${title}: ${meaning} | ${units} | ${looksBack ? 'over `days`' : 'now'} | ${of ?? ''} |`;
  });
  return [
    '### Readings of `kpis`',
    '',
    'The first unit is the one that is used where none is stated. What stands under “Sample” is what `minimumSample` counts.',
    '',
    '| Reading | What it is | Unit | When | Sample |',
    '|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

function parameterTables(): string {
  return [...STRATEGIES.values()].map(parameterTable).join('\n\n');
}

function parameterTable({ kind, parameters }: StrategyDefinition): string {
  const lines = parameters.map(
    (spec) =>
      `| \`${spec.name}\` | ${rangeText(spec).replace(/^a /, '')} | \`${spec.default}\` | ${spec.meaning} |`,
  );
  return [
    `### Parameters of \`${kind}\``,
    '',
    '| Parameter | Type | Default | Meaning |',
    '|---|---|---|---|',
    ...lines,
  ].join('\n');
}
