/** `npm run simulator -- ibkr`: options, help, and what is printed at the start. */
import { parseArgs } from 'node:util';
import { DEFAULT_ACCOUNTS } from './accounts.js';
import { COMMODITY_NAMES, type CommodityName, instrumentsAt, isExpired } from './contracts.js';
import { CONTROL_HELP } from './control.js';
import { startIbkrSimulator } from './start.js';
import { NEWEST_VERSION, OLDEST_VERSION } from './wire/versions.js';

function helpText(): string {
  const nowMs = Date.now();
  const contracts = instrumentsAt(nowMs)
    .filter((one) => !isExpired(one, nowMs))
    .map(
      ({ localSymbol, exchange, longName, startPrice }) =>
        `  ${localSymbol.padEnd(6)} ${exchange.padEnd(6)} ${longName}, starts at ${startPrice}`,
    );
  return [
    'A simulated IB Gateway on the loopback address: a paper account that is worth nothing anywhere else.',
    '',
    'npm run simulator -- ibkr [--port 4002] [--seed 1] [--walk-ms 1000] [--still]',
    `                          [--account DU1234567] [--cash 100000.00] [--server-version ${NEWEST_VERSION}] [--history-days 5] [--commodities CL,GC]`,
    '  --still           prices move only by the control endpoint; otherwise by a walk from the seed',
    '  --account         U… would be a live account; several with commas',
    `  --server-version  ${OLDEST_VERSION} to ${NEWEST_VERSION}: an older Gateway`,
    '  --history-days    days of minute bars before the start',
    `  --commodities     futures in addition to those below, with commas: ${COMMODITY_NAMES.join(', ')}`,
    '',
    'The TWS protocol, and HTTP for the control on the same port.',
    '',
    'Contracts:',
    ...contracts,
    'Control (not part of the protocol):',
    ...CONTROL_HELP.map(([what, how]) => `  ${what.padEnd(28)} ${how}`),
  ].join('\n');
}

/** Exit code 2 on usage errors; runs until it is ended. */
export async function runIbkrCommand(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      port: { type: 'string', default: '4002' },
      seed: { type: 'string', default: '1' },
      'walk-ms': { type: 'string', default: '1000' },
      still: { type: 'boolean', default: false },
      account: { type: 'string', default: DEFAULT_ACCOUNTS[0]?.id ?? '' },
      cash: { type: 'string', default: '100000.00' },
      'server-version': { type: 'string', default: String(NEWEST_VERSION) },
      'history-days': { type: 'string', default: '5' },
      commodities: { type: 'string', default: '' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${helpText()}\n`);
    return;
  }
  const simulator = await startIbkrSimulator({
    port: whole('port', values.port),
    seed: whole('seed', values.seed),
    serverVersion: whole('server-version', values['server-version']),
    historyDays: whole('history-days', values['history-days']),
    accounts: accounts(values.account, values.cash),
    commodities: commodities(values.commodities),
    ...(values.still ? {} : { walkMs: whole('walk-ms', values['walk-ms']) }),
  });
  process.stdout.write(
    `IB Gateway simulator at ${simulator.address} (--help lists contracts and controls)\n`,
  );
  const end = () => void simulator.close().then(() => process.exit(0));
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
}

function accounts(ids: string, cash: string) {
  return ids.split(',').map((id) => {
    if (!/^[A-Z]{1,2}\d{5,8}$/.test(id)) throw new TypeError(`--account: expected DU1234567, found ${id}`);
    return { id, cash };
  });
}

function commodities(names: string): CommodityName[] {
  return names
    .split(',')
    .filter(Boolean)
    .map((name) => {
      const found = COMMODITY_NAMES.find((one) => one === name);
      if (found === undefined)
        throw new TypeError(`--commodities: expected some of ${COMMODITY_NAMES.join(', ')}, found ${name}`);
      return found;
    });
}

function whole(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new TypeError(`--${name}: expected a whole number, found ${text}`);
  return Number(text);
}
