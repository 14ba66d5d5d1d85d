/** What is wrong with a request, in words: the member, what was expected there, and what was found. */
import type { FastifySchemaValidationError } from 'fastify/types/schema.js';

type Schema = Readonly<Record<string, unknown>>;

/** With Ajv's option `verbose` an error includes the schema and the value that violated it. */
interface Broken extends FastifySchemaValidationError {
  readonly parentSchema?: Schema;
  readonly data?: unknown;
}

const PLACES: Readonly<Record<string, string>> = {
  querystring: 'the query',
  params: 'the address',
  body: 'the body',
  headers: 'the headers',
};
const SHOWN_MAX = 60;
const SECRET = /password|token/i;

/** A value that fits none of several schemas is one problem, not one for each of them. */
export function wordsOf(errors: readonly FastifySchemaValidationError[], context: string): string[] {
  const several = new Set(
    errors.flatMap(({ keyword, instancePath }) => (keyword === 'anyOf' ? [instancePath] : [])),
  );
  return errors
    .filter(({ keyword, instancePath }) => keyword === 'anyOf' || !several.has(instancePath))
    .map((error) => wordsFor(error, context));
}

function wordsFor(error: FastifySchemaValidationError, context: string): string {
  const { keyword, instancePath, params, parentSchema = {}, data, message = '' } = error as Broken;
  const at = instancePath.split('/').slice(1).map(unescaped);
  const place = PLACES[context] ?? 'the request';
  const name = at.length === 0 ? place : `\`${at.join('.')}\``;
  if (keyword === 'required') {
    const missing = String(params.missingProperty);
    const expected = expectation(memberOf(parentSchema, missing));
    return `\`${[...at, missing].join('.')}\` is missing from ${place}${expected === '' ? '' : `: expected ${expected}`}.`;
  }
  if (keyword === 'additionalProperties') {
    const known = Object.keys(membersOf(parentSchema)).join(', ') || 'none';
    return `\`${String(params.additionalProperty)}\` is not known in ${name}; known: ${known}.`;
  }
  const expected = expectation(parentSchema) || message;
  return `${name}: expected ${expected}${SECRET.test(name) ? '' : `, found ${shown(data)}`}.`;
}

/** Empty if the schema says nothing that helps a person. */
function expectation({ type, enum: values, anyOf, pattern, description, ...bounds }: Schema): string {
  if (Array.isArray(anyOf)) return anyOf.map(expectation).join(', or ');
  if (Array.isArray(values)) return `one of ${values.join(', ')}`;
  if (type === 'integer' || type === 'number')
    return `a ${type === 'integer' ? 'whole number' : 'number'}${range(bounds.minimum, bounds.maximum)}`;
  if (type === 'boolean') return 'true or false';
  if (type === 'object' || type === 'array') return type === 'object' ? 'an object' : 'a list';
  if (type !== 'string') return '';
  const length = range(bounds.minLength, bounds.maxLength);
  const words = length === '' ? 'text' : `text of${length.replace(/^ from/, '')} characters`;
  const form = typeof pattern === 'string' ? `${words} like ${pattern}` : words;
  return typeof description === 'string' ? `${form} (${description})` : form;
}

function range(low: unknown, high: unknown): string {
  const [least, most] = [low, high].map((bound) => (isBound(bound) ? String(bound) : null));
  if (least && most) return ` from ${least} to ${most}`;
  if (least) return ` from ${least} on`;
  return most ? ` from 0 to ${most}` : '';
}

/** Schemas made from types bound every integer by what a double can represent. */
const isBound = (bound: unknown): bound is number =>
  typeof bound === 'number' && Math.abs(bound) < Number.MAX_SAFE_INTEGER;

const membersOf = (schema: Schema): Readonly<Record<string, Schema>> =>
  (schema.properties as Readonly<Record<string, Schema>> | undefined) ?? {};

const memberOf = (schema: Schema, name: string): Schema => membersOf(schema)[name] ?? {};

const unescaped = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~');

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}
