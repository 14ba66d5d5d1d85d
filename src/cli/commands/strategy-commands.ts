import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import type { Command } from 'commander';
import { parseDocument } from 'yaml';
import { ArtefactReader, artefactRules, artefactsKey, type ListedArtefacts } from '../../desk/artefacts.js';
import { isShipped } from '../../desk/resolve-desk.js';
import { strategySchema } from '../../desk/trading-schema.js';
import { NAME, NAME_EXPECTED } from '../../desk/typed-names.js';
import { rangeText } from '../../domain/declared-value.js';
import { counted } from '../../domain/figure-text.js';
import { packError } from '../../pack/child-process.js';
import type { DescribedStrategy } from '../../pack/protocol.js';
import { describeStrategies } from '../../pack/strategy/read-strategies.js';
import { CliFailure, usageFailure } from '../failure.js';
import { namedDeskFile } from '../named-desk.js';
import { printJson, printLines } from '../output.js';

const FOLDER = 'strategies';
const HASH_SHOWN = 12;

export function strategyCommand(command: Command): void {
  command
    .command('new')
    .description('write a starter strategy into a desk’s folder')
    .argument('<name>', 'its file is strategies/<name>.ts')
    .requiredOption('--desk <name or file>', 'your desk that gets it')
    .option('--json', 'for scripts')
    .action((name: string, options: { desk: string; json?: boolean }) => {
      writeNew(name, namedDeskFile(options.desk), options.json === true);
    });
  command
    .command('check')
    .description('compile a strategy, say what it may not use, and run it twice on made-up prices')
    .argument('<file>', 'a file in the strategies folder of a desk')
    .option('--json', 'for scripts')
    .action((file: string, options: { json?: boolean }) => {
      check(file, options.json === true);
    });
}

function writeNew(name: string, deskFile: string, json: boolean): void {
  if (!NAME.test(name))
    throw usageFailure(
      `<name>: expected ${NAME_EXPECTED}; found ${name}`,
      'fermata strategy new dip --desk NAME',
    );
  const folder = dirname(deskFile);
  if (isShipped(folder))
    throw usageFailure(
      `${deskFile} comes with Fermata, and the next version brings it anew`,
      'write a desk of your own first: fermata init --name NAME',
    );
  const kind = `./${FOLDER}/${name}.ts`;
  const file = join(folder, FOLDER, `${name}.ts`);
  if (existsSync(file))
    throw new CliFailure(`${file} is there already`, 'it was not touched', 'take another name');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, NEW_STRATEGY, { flag: 'wx' });
  if (json) printJson({ file, kind });
  else
    printLines([
      `✓ ${file}`,
      `  a strategy of ${deskFile} names it:   kind: ${kind}`,
      `  and what it does now is looked at by: fermata strategy check ${shownPath(file)}`,
    ]);
}

function check(given: string, json: boolean): void {
  const file = resolve(given);
  const parts = file.split(sep);
  const at = parts.lastIndexOf(FOLDER);
  if (at < 0 || at === parts.length - 1 || !/\.(ts|js|mjs)$/.test(file))
    throw usageFailure(
      `<file>: expected a .ts, .js or .mjs file in a folder ${FOLDER}; found ${given}`,
      'fermata strategy check desks/NAME/strategies/NAME.ts',
    );
  const [folder, path] = [parts.slice(0, at).join(sep), parts.slice(at).join('/')];
  const checked = listedFor(folder, `./${path}`).flatMap((listed) => describedWith(folder, path, listed));
  const [first] = checked;
  if (first === undefined) return;
  if (json) {
    const { module: _module, files, listed: _listed, ...said } = first;
    const artefacts = checked.map(({ listed }) => listed);
    printJson({ ...said, file, files: files.map((one) => one.path), artefacts, problems: [] });
  } else printLines([`✓ ${shownPath(file)}`, ...checked.flatMap(checkedLines)]);
}

/**
 * The artefacts that the adjacent desk file lists for it: each list once if several strategies use the file.
 */
function listedFor(folder: string, kind: string): readonly ListedArtefacts[] {
  const file = join(folder, 'desk.yaml');
  const written: unknown = existsSync(file) ? parseDocument(readFileSync(file, 'utf8')).toJS() : null;
  const { strategies } = (written ?? {}) as { readonly strategies?: unknown };
  const each = new Map<string, ListedArtefacts>();
  for (const strategy of Array.isArray(strategies) ? strategies : []) {
    const { success, data } = strategySchema.safeParse(strategy);
    if (success && data.kind === kind) each.set(artefactsKey(data.artefacts), data.artefacts ?? {});
  }
  return each.size === 0 ? [{}] : [...each.values()];
}

type Checked = DescribedStrategy & { readonly listed: ListedArtefacts };

/** Throws `DeskFileError`. */
function describedWith(folder: string, file: string, listed: ListedArtefacts): readonly Checked[] {
  const refuse = (problems: ReturnType<typeof artefactRules>): void => {
    if (problems.length === 0) return;
    const named = problems.map(({ path, ...said }) => ({ file: path.join('.'), line: null, ...said }));
    throw packError(folder, named);
  };
  refuse(new ArtefactReader(folder).read(listed).problems);
  const [found] = describeStrategies(folder, [file], listed);
  if (found === undefined) return [];
  refuse(artefactRules(`./${file}`, found.forms, listed));
  return [{ ...found, listed }];
}

function checkedLines({ hash, suits, parameters, files, trial, forms, listed }: Checked): string[] {
  const others = files.length - 1;
  const artefacts = Object.entries(listed);
  return [
    `  ${suits} markets, hash ${hash.slice(0, HASH_SHOWN)}${others === 0 ? '' : `, over ${others} more files`}${artefacts.length === 0 ? '' : ', and its artefacts'}`,
    ...artefacts.map(
      ([name, { file, sha256 }]) =>
        `  ${name}: ${file} as ${forms[name]}, SHA-256 ${sha256.slice(0, HASH_SHOWN)}`,
    ),
    ...parameters.map((spec) => `  ${spec.name}: ${spec.default} (${rangeText(spec)}), ${spec.meaning}`),
    `  ${trial.bars} made-up minutes after its warm-up, twice, with the same decisions: ${counted(trial.entries, 'entry', 'entries')} asked for, ${trial.exits} exits`,
  ];
}

const shownPath = (file: string): string => {
  const path = relative(process.cwd(), file);
  return path.startsWith('..') ? file : path === '' ? basename(file) : path;
};

/** The file that `fermata strategy new` writes. */
export const NEW_STRATEGY = `/** Buys a dip below an average of closes and sells when the price is back at it. docs/STRATEGY.md says what there is. */
import { Ema, strategy } from 'fermata/strategy';

export default strategy({
  suits: 'ranging',
  parameters: {
    bars: { whole: true, min: 2, max: 500, default: 30, meaning: 'bars of the average' },
    belowPct: { min: 0.01, max: 20, default: 0.3, meaning: 'how far below it is bought, percent' },
    stopPct: { min: 0.01, max: 20, default: 1, meaning: 'distance of the stop, percent' },
  },
  create({ parameters: { bars, belowPct, stopPct } }) {
    const average = new Ema(bars);
    return {
      warmupBars: bars,
      onBar(desk, bar) {
        average.update(bar.closeTicks);
        if (average.value === null) return;
        if (desk.lots > 0 && bar.closeTicks >= average.value) desk.exit('back at the average');
        const isDip = bar.closeTicks < average.value * (1 - belowPct / 100);
        if (!isDip || desk.lots !== 0 || desk.entryResting || Number.isNaN(desk.bid)) return;
        desk.enter({
          side: 'buy',
          type: 'limit',
          ticks: desk.bid,
          exits: { stop: { ticks: Math.ceil(desk.bid * (1 - Math.min(stopPct, desk.stopLossPct) / 100)) } },
          restBars: 3,
          because: \`\${belowPct} % below the average of \${bars} bars\`,
        });
      },
      state: () => (average.value === null ? 'warming up' : 'no dip below the average yet'),
      lines: () => [{ name: 'average', ticks: average.value }],
    };
  },
});
`;
