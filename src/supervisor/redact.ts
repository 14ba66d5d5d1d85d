/** Redacts secrets in text before it is written anywhere. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deskEnvironment, fromWorkingFolder } from '../desk/desk-environment.js';
import { homePaths, installationOf } from '../home/runtime.js';

export type Redact = (text: string) => string;

const MARK = '[redacted]';
/** Shorter values would redact ordinary words. */
const KNOWN_CHARS_MIN = 8;
const SECRET_NAME =
  /pass(word|phrase)?|secret|token|api[-_]?key|private[-_]?key|credential|authori[sz]ation/i;

/**
 * No pattern begins with an unbounded repetition: otherwise each position in a long run of letters would be
 * tried against everything that follows, and this input comes from other programs and addresses.
 */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, MARK],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${MARK}`],
  // user:password@ in an address
  [/(:\/\/[^\s:/@]+:)[^\s@/]+@/g, `$1${MARK}@`],
  // a chat bot's token
  [/\b\d{8,10}:[A-Za-z0-9_-]{35}\b/g, MARK],
  // a signed token of three parts
  [/\beyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/g, MARK],
  // "apiKey": "value", password=value, secret: value
  [
    /((?:password|passphrase|secret|api[-_]?key|private[-_]?key|access[-_]?token|refresh[-_]?token|signature)["']?\s*[:=]\s*)(?:"[^"]*"|'[^']*'|[^\s,;&"'}\]]+)/gi,
    `$1${MARK}`,
  ],
];

/** `known`: values that must never appear anywhere. */
export function createRedactor(known: Iterable<string>): Redact {
  const redactKnown = createKnownRedactor(known);
  return (text) => {
    let clean = redactKnown(text);
    for (const [pattern, replacement] of PATTERNS) clean = clean.replace(pattern, replacement);
    return clean;
  };
}

/** These values alone, as they are and as JSON writes them: a line of JSON stays one. */
export function createKnownRedactor(known: Iterable<string>): Redact {
  const plain = [...known].filter((value) => value.length >= KNOWN_CHARS_MIN);
  const values = [...new Set(plain.flatMap((value) => [value, JSON.stringify(value).slice(1, -1)]))];
  // Longest first: one secret may be a prefix of another.
  values.sort((left, right) => right.length - left.length);
  return (text) => {
    let clean = text;
    for (const value of values) clean = clean.replaceAll(value, MARK);
    return clean;
  };
}

const DEPTH_MAX = 8;

/** The same for structured data: by text, and by key name. */
export function redactValue(value: unknown, redact: Redact, depth = 0): unknown {
  if (typeof value === 'string') return redact(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEPTH_MAX) return '…';
  if (Array.isArray(value)) return value.map((item) => redactValue(item, redact, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      SECRET_NAME.test(key) && typeof item === 'string' ? MARK : redactValue(item, redact, depth + 1),
    ]),
  );
}

/**
 * The values of all secret files of the desk in `home` and of its installation, and of all environment
 * variables whose names mark them as a secret or as the file of a secret.
 */
export function knownSecrets(home: string, env: NodeJS.ProcessEnv = deskEnvironment()): readonly string[] {
  const values: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (!value || !SECRET_NAME.test(name)) continue;
    values.push(name.endsWith('_FILE') ? contentOf(value) : value);
  }
  for (const folder of new Set([home, installationOf(home)].map((at) => homePaths(at).secrets))) {
    // Some containers have no such folder.
    const found = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
    for (const { name } of found.filter((entry) => entry.isFile()))
      values.push(...readFileSync(join(folder, name), 'utf8').trim().split('\n'));
  }
  return values;
}

/** An unreadable file is reported by the code that needs it. */
function contentOf(file: string): string {
  try {
    return readFileSync(fromWorkingFolder(file), 'utf8').trim();
  } catch {
    return '';
  }
}
