// Builds what is older than its source: the compiled sources, the programs, the workflow bundles, the dashboard.
// `prepare` runs this at install time; `npm start` and `npm test` run it again and mostly find nothing to do.
// `--look` builds nothing: exit code 3 says that something is older than its source.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitForBuildLock } from './build/build-lock.mjs';
import { layers, sharedWithPage } from './structure/layers.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamps = join(root, 'dist', '.built');

/** Newest modification time, in milliseconds, of the files below the given places. */
const newest = (places) => Math.max(0, ...places.map(newestBelow));

const looked = new Map();
/** Each place is read once: several steps share sources, and `fermata up` waits for this. */
function newestBelow(place) {
  if (!looked.has(place)) {
    const stat = statSync(join(root, place), { throwIfNoEntry: false });
    const below = stat?.isDirectory() ? readdirSync(join(root, place)) : null;
    // A missing place counts as newest: the build itself says what it lacks.
    const found =
      below === null ? (stat?.mtimeMs ?? Infinity) : newest(below.map((name) => join(place, name)));
    looked.set(place, found);
  }
  return looked.get(place);
}

function run(command, args, env = process.env) {
  const result = spawnSync(process.execPath, [join(root, command), ...args], {
    cwd: root,
    // Passes the lock on, so the next build also waits for a step that outlives a killed build.
    stdio: ['inherit', 'inherit', 'inherit', lock],
    env,
  });
  if (result.status !== 0) {
    console.error(`The build stopped at: ${command} ${args.join(' ')}`);
    process.exit(result.status ?? 1);
  }
}

/** Each further one finds out for itself what the others know: four take twice the processor time, and on two cores no less of the clock. */
const ONE_CHECKER = ['--checkers', '1'];

/** Bundles contain libraries. */
const LIBRARIES = ['package.json', 'package-lock.json'];

const steps = [
  {
    name: 'compile',
    sources: ['src', 'tsconfig.json', 'tsconfig.pack.json', 'package.json'],
    build() {
      run('node_modules/typescript/bin/tsc', ['-p', 'tsconfig.json', ...ONE_CHECKER]);
      // For editors: the types that code of a desk's folder imports.
      run('node_modules/typescript/bin/tsc', ['-p', 'tsconfig.pack.json', ...ONE_CHECKER]);
      rmSync(join(root, 'dist/store/migrations'), { recursive: true, force: true });
      cpSync(join(root, 'src/store/migrations'), join(root, 'dist/store/migrations'), { recursive: true });
    },
  },
  {
    name: 'programs',
    sources: ['src', 'tsconfig.json', 'scripts/bundle-programs.mjs', ...LIBRARIES],
    build: () => run('scripts/bundle-programs.mjs', []),
  },
  {
    name: 'workflows',
    // Includes everything that the table lets workflows import: a bundle must not be older than any of it.
    sources: [
      'src/workflows',
      ...layers.workflows.map((folder) => `src/${folder}`),
      'src/worker/workflow-bundles.ts',
      ...LIBRARIES,
    ],
    build: () => run('dist/worker/workflow-bundles.js', []),
  },
  {
    name: 'dashboard',
    sources: ['dashboard', ...sharedWithPage, ...LIBRARIES],
    // A test run sets NODE_ENV to test, which would build the page with development versions of libraries.
    build: () =>
      run('node_modules/vite/bin/vite.js', ['build', 'dashboard', '--logLevel', 'warn'], {
        ...process.env,
        NODE_ENV: 'production',
      }),
  },
  {
    name: 'docs',
    sources: ['docs'],
    // The web role serves them; only Markdown files are copied.
    build() {
      rmSync(join(root, 'dist/docs'), { recursive: true, force: true });
      for (const name of readdirSync(join(root, 'docs')).filter((one) => one.endsWith('.md')))
        cpSync(join(root, 'docs', name), join(root, 'dist/docs', name));
    },
  },
];

mkdirSync(stamps, { recursive: true });
const isBuilt = ({ name, sources }) => {
  const stamp = join(stamps, name);
  return existsSync(stamp) && statSync(stamp).mtimeMs >= newest(sources);
};
// If there is nothing to build, nobody waits for the lock: every start of a desk runs this, several at a time.
if (steps.every(isBuilt)) process.exit(0);
if (process.argv.includes('--look')) process.exit(3);
const lock = waitForBuildLock(join(stamps, 'lock'), console.log);
for (const step of steps) {
  if (isBuilt(step)) continue;
  const { name, build } = step;
  const stamp = join(stamps, name);
  const started = Date.now();
  build();
  // The stamp has the start time: a source edited during its build is built again.
  writeFileSync(stamp, '');
  utimesSync(stamp, started / 1000, started / 1000);
  console.log(`built ${name} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}
