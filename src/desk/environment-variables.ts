/**
 * Every environment variable that Fermata reads, except the venues' own, which are in their definitions. `.env.example`
 * is generated from both, and a test checks that it has every variable that the code reads.
 */
import { z } from 'zod';
import {
  type EnvironmentSection,
  path,
  plain,
  secret,
  setting,
  text,
  webAddress,
  yesOrNo,
} from './environment-variable.js';
import { DEFAULT_DESK } from './resolve-desk.js';
import { BUCKET, BUCKET_EXPECTED } from './schema-values.js';
import { symbolIn } from './typed-names.js';

const percent = text
  .regex(/^\d{1,3}(\.\d{1,6})?$/, 'a percentage above 0 and up to 100')
  .transform(Number)
  .refine((value) => value > 0 && value <= 100, 'a percentage above 0 and up to 100');
const PART_EXPECTED = 'a part above 0 and below 1, for example 0.01';
/**
 * Converted to a percentage. A plain 1 is refused: it may be meant as 1 %, like the settings next to it, but
 * would be 100 %.
 */
const part = text
  .regex(/^0?\.\d{1,8}$/, PART_EXPECTED)
  .transform((given) => Number((Number(given) * 100).toFixed(6)))
  .refine((value) => value > 0, PART_EXPECTED);
const port = text
  .regex(/^\d{1,5}$/, 'a port from 1 to 65535')
  .transform(Number)
  .refine((value) => value >= 1 && value <= 65_535, 'a port from 1 to 65535');
const address = text.regex(/^[A-Za-z0-9._-]+:\d{1,5}$/, 'host:port');
const name = text.regex(/^[A-Za-z0-9._-]{1,100}$/, 'a name of letters, digits, dots and dashes');
const wholeUpTo = (most: number) =>
  text
    .regex(/^[1-9]\d{0,5}$/, `a whole number from 1 to ${most}`)
    .transform(Number)
    .refine((value) => value <= most, `a whole number from 1 to ${most}`);

const SYMBOLS_EXPECTED = 'symbols with commas, for example BTC/USDT,ETH/USDT, or a JSON list of them';
const symbols = text.transform((given, context) => {
  const list = listed(given);
  const known = list.flatMap((item) => (typeof item === 'string' ? (symbolIn(item) ?? []) : []));
  if (list.length > 0 && known.length === list.length) return known;
  context.addIssue({ code: 'custom', message: SYMBOLS_EXPECTED });
  return z.NEVER;
});

function listed(given: string): readonly unknown[] {
  if (!given.trim().startsWith('[')) return given.split(',');
  try {
    return JSON.parse(given) as unknown[];
  } catch {
    return [];
  }
}

const TRADING: EnvironmentSection = {
  title: 'Trading. Overrides the desk file.',
  variables: [
    setting(
      'TRADING_MODE',
      'paper',
      z.enum(['paper', 'live'], 'paper or live'),
      (mode) => ({ mode }),
      'paper, or live: real money, and only after go-live was approved',
    ),
    setting(
      'SYMBOLS',
      '["BTC/USDT","ETH/USDT"]',
      symbols,
      (list) => ({ symbols: list }),
      'With commas (BTC/USDT,ETH/USDT), or a JSON list.',
    ),
  ],
};

const RISK: EnvironmentSection = {
  title: 'Risk. Live trading needs a stop-loss and a daily loss limit.',
  variables: [
    setting('STOP_LOSS_PCT', '5.0', percent, (stopLossPct) => ({ stopLossPct }), 'Per position.'),
    setting(
      'DAILY_LOSS_LIMIT_PCT',
      '3.0',
      percent,
      (dailyLossLimitPct) => ({ dailyLossLimitPct }),
      'Of the day’s first equity: then no trading until the next day.',
    ),
    setting(
      'MAX_POSITION_SIZE_PCT',
      null,
      percent,
      (maxPositionSizePct) => ({ maxPositionSizePct }),
      'Of equity; go-live begins with 3.0 whatever stands here',
    ),
    setting(
      'MAX_CONCURRENT_POSITIONS',
      null,
      wholeUpTo(999),
      (maxConcurrentPositions) => ({ maxConcurrentPositions }),
      'Go-live begins with 3 whatever stands here',
    ),
    setting(
      'MAX_DRAWDOWN_STOP',
      null,
      part,
      (maxDrawdownPct) => ({ maxDrawdownPct }),
      'Fall of equity from its peak at which trading halts, as a part of it: 0.25 is 25 %',
    ),
    setting(
      'RISK_PER_TRADE',
      null,
      part,
      (riskPct) => ({ riskPct }),
      'Of strategies that are sized by risk: what the stop of an entry may lose, as a part of equity; 0.01 is 1 %',
    ),
    setting(
      'MAX_POSITION_SIZE',
      null,
      wholeUpTo(100_000),
      (maxLots) => ({ maxLots }),
      'Of the same strategies: lots of an entry at most, contracts of a future',
    ),
    setting(
      'ENABLE_TRADING',
      null,
      yesOrNo,
      (isOn) => (isOn ? {} : { strategiesOff: true }),
      'false: every strategy is off, as if each were switched off',
    ),
    setting(
      'STRATEGY_MAX_CONSECUTIVE_LOSSES',
      null,
      wholeUpTo(1_000),
      (strategyMaxConsecutiveLosses) => ({ strategyMaxConsecutiveLosses }),
      'Losses in a row that switch a strategy off',
    ),
    setting(
      'STRATEGY_RE_ENABLE_CHECK_HOURS',
      null,
      wholeUpTo(8_760),
      (strategyReEnableCheckHours) => ({ strategyReEnableCheckHours }),
      'Hours after which it is looked at again',
    ),
  ],
};

const PEOPLE: EnvironmentSection = {
  title: 'People.',
  variables: [
    secret(
      'DASHBOARD_PASSWORD',
      text.min(8, 'at least 8 characters'),
      'Of the operator. Without it one is generated at the first start.',
      { stays: 'stays in the environment: `fermata up` takes it from there at the first start' },
    ),
    plain('DASHBOARD_PASSWORD_FILE', null, path, 'File that holds the password, instead of the variable'),
    secret(
      'TELEGRAM_BOT_TOKEN',
      text.regex(/^\d{1,20}:[A-Za-z0-9_-]{10,100}$/, 'a bot’s token (digits:letters)'),
      'Alerts and approvals by Telegram; nothing is sent without it.',
      { stays: 'stays in the environment: no desk file holds a token' },
    ),
    plain('TELEGRAM_BOT_TOKEN_FILE', null, path, 'File that holds the token'),
    secret('TELEGRAM_CHAT_ID', text.regex(/^-?\d{1,20}$/, 'a chat’s number'), 'The chat of the alerts.'),
    plain('TELEGRAM_CHAT_ID_FILE', null, path, 'File that holds the chat’s number'),
    plain('TELEGRAM_API_ROOT', null, webAddress, 'Another server of the Bot API'),
    plain(
      'SMTP_SERVER',
      null,
      text.regex(/^[A-Za-z0-9.:-]{1,253}$/, 'the name of a mail server'),
      'Mail server that takes the desk’s mail; none is sent without it',
    ),
    plain('SMTP_PORT', null, port, '587, where TLS is asked for (STARTTLS); 465: TLS from the first byte'),
    plain('SMTP_USER', null, text, 'Who signs in there; SENDER_EMAIL'),
    secret('SMTP_PASSWORD', text, 'The password there; without it the desk does not sign in', {
      ...{ example: null, stays: 'stays in the environment: no desk file holds a password' },
    }),
    plain('SMTP_PASSWORD_FILE', null, path, 'File that holds it'),
    plain(
      'SMTP_CA_FILE',
      null,
      path,
      'Who signed the mail server’s certificate, where Node does not know them',
    ),
    plain(
      'SENDER_EMAIL',
      null,
      text.regex(/^[^\s@]{1,64}@[A-Za-z0-9.-]{1,190}$/, 'an address'),
      'Sender, and recipient if the desk file names none',
    ),
  ],
};

const COPIES: EnvironmentSection = {
  title:
    'Copies of backups away from this machine, where desk file (backup.s3) or environment name a storage.',
  variables: [
    setting(
      'AWS_S3_BUCKET',
      null,
      text.regex(BUCKET, BUCKET_EXPECTED),
      (s3Bucket) => ({ s3Bucket }),
      'The bucket; at AWS, us-east-1, where the desk file names no storage',
    ),
    secret('AWS_ACCESS_KEY_ID', text, 'Access key of the storage', { example: null }),
    plain('AWS_ACCESS_KEY_ID_FILE', null, path, 'File that holds it'),
    secret('AWS_SECRET_ACCESS_KEY', text, 'Its secret', { example: null }),
    plain('AWS_SECRET_ACCESS_KEY_FILE', null, path, 'File that holds it'),
  ],
};

const PLACES: EnvironmentSection = {
  title: 'Places and servers.',
  variables: [
    plain('FERMATA_HOME', null, path, 'Where everything is kept; .fermata in the working folder'),
    plain(
      'FERMATA_TEMPORAL',
      null,
      z.enum(['managed', 'external'], 'managed or external'),
      'external: a Temporal server of yours, named by the next ones or by a profile; managed',
    ),
    plain('TEMPORAL_ADDRESS', null, address, 'Where it is'),
    plain('TEMPORAL_NAMESPACE', null, name, 'The namespace there; fermata'),
    secret('TEMPORAL_API_KEY', text, 'For Temporal Cloud; goes out over TLS only', { example: null }),
    plain('TEMPORAL_API_KEY_FILE', null, path, 'File that holds it'),
    plain('TEMPORAL_TLS', null, yesOrNo, 'true: TLS, as with a key or a certificate anyway'),
    plain('TEMPORAL_TLS_CLIENT_CERT_PATH', null, path, 'Client certificate, where the server asks for one'),
    plain('TEMPORAL_TLS_CLIENT_KEY_PATH', null, path, 'Its key'),
    plain('TEMPORAL_TLS_SERVER_CA_CERT_PATH', null, path, 'Who signed the server’s certificate'),
    plain('TEMPORAL_TLS_SERVER_NAME', null, text, 'The name in it, where that is not the address'),
    plain(
      'TEMPORAL_CONFIG_FILE',
      null,
      path,
      'Profile file of Temporal’s own form; temporalio/temporal.toml in the user’s configuration',
    ),
    plain('TEMPORAL_PROFILE', null, name, 'Which profile of it; default'),
    plain(
      'FERMATA_CODEC_ORIGINS',
      null,
      text.regex(/^https?:\/\/[^\s/,]+(\s*,\s*https?:\/\/[^\s/,]+)*$/, 'origins with commas between them'),
      'Your Temporal UIs that may decrypt payloads for people signed in here',
    ),
    plain('FERMATA_TEMPORAL_DOWNLOAD', null, webAddress, 'Where the Temporal program is downloaded from'),
    plain('FERMATA_DEBUG', null, text, 'Any value: failures are printed with their stack'),
    plain(
      'XDG_CACHE_HOME',
      null,
      path,
      'Where the Temporal program and compiled strategies are kept; ~/.cache',
    ),
    plain('XDG_RUNTIME_DIR', null, path, 'Where the control sockets are, an absolute path'),
  ],
};

const CONTAINERS: EnvironmentSection = {
  title: 'Containers (docker-compose.yml) and roles that are started one by one.',
  variables: [
    plain('FERMATA_IMAGE', null, text, 'The image of every role; fermata:local'),
    plain('FERMATA_PORT', null, port, 'Port of dashboard and API on this machine; 8000'),
    plain('FERMATA_TEMPORAL_UI_PORT', null, port, 'Port of Temporal’s UI, behind our sign-in; 8233'),
    plain('FERMATA_DESK', null, text, `Name or path of the desk file; ${DEFAULT_DESK}`),
    plain(
      'FERMATA_MARKET',
      null,
      z.enum(['auto', 'live', 'simulated'], 'auto, live or simulated'),
      'Prices; auto',
    ),
    plain('FERMATA_WEB_HOST', null, text, 'Address that the web role listens on; that of the desk file'),
    plain('FERMATA_SECRETS', null, path, 'Folder of the secret files; secrets below FERMATA_HOME'),
    plain(
      'FERMATA_SECRETS_OF',
      null,
      path,
      'Where the set-up puts a folder of secret files for each container',
    ),
    plain(
      'FERMATA_HOME_BEFORE',
      null,
      path,
      'The home in which people (passwords, keys) were kept before they had their own volume',
    ),
    plain('FERMATA_POSTGRES_HOST', null, text, 'Where Postgres is'),
    plain('FERMATA_POSTGRES_PORT', null, port, '5432'),
    plain('FERMATA_TEMPORAL_UI', null, webAddress, 'Where Temporal’s UI is, for the signed-in proxy'),
    plain(
      'FERMATA_WORKER_METRICS',
      null,
      text.regex(/^[\w.-]+:\d{1,5}$/, 'host:port'),
      'Where a worker shows Prometheus the figures of its Temporal library; it has no sign-in',
    ),
    plain(
      'FERMATA_SEPARATE',
      null,
      z.enum(['0', '1'], '0 or 1'),
      '1: ledger, auditor and Telegram run as roles of their own',
    ),
    plain('FERMATA_RUNTIME', null, path, 'Set by fermata up for its processes'),
    plain('FERMATA_PACKS_RUNTIME', null, text, 'Set by the operations worker for its process of playbooks'),
    plain(
      'FERMATA_SHARING',
      null,
      text,
      'Set by fermata up for its processes that take in roles of other desks',
    ),
  ],
};

/** In the order of `.env.example`; `venues`: the sections of the venues that orders can go to. */
export const environmentSections = (venues: readonly EnvironmentSection[]): readonly EnvironmentSection[] => [
  TRADING,
  ...venues,
  RISK,
  PEOPLE,
  COPIES,
  PLACES,
  CONTAINERS,
];
