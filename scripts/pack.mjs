// `npm run --silent pack-release [-- FOLDER]`: makes the package as it is published, a tarball in FOLDER; prints its
// path.
//
// npm ignores the `overrides` of an installed dependency and the npm-shrinkwrap.json of a tarball, so each override
// becomes a dependency of its own: npm then uses that version wherever it fits the requested range. The bare name
// belongs to somebody else, so the package is published under a scope.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeFormerPrograms } from './build/placed-programs.mjs';

const PUBLISHED_AS = '@fermata-trading/fermata';
/** Keys of package.json that only a checkout can use. */
const CHECKOUT_ONLY = ['private', 'scripts', 'devDependencies', 'overrides', 'allowScripts'];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = resolve(process.argv[2] ?? '.');
mkdirSync(target, { recursive: true });
const work = mkdtempSync(join(tmpdir(), 'fermata-pack-'));
try {
  execFileSync(process.execPath, [join(root, 'scripts/build.mjs')], { cwd: root, stdio: ['ignore', 2, 2] });
  execFileSync('tar', ['-xzf', pack(root, work), '-C', work]);
  const staged = join(work, 'package');
  removeFormerPrograms(join(staged, 'dist/run'));
  // Where the README and the messages say that they are; those below dist are what the desk serves.
  cpSync(join(staged, 'dist/docs'), join(staged, 'docs'), { recursive: true });
  const path = join(staged, 'package.json');
  const manifest = publishedManifest(JSON.parse(readFileSync(path, 'utf8')));
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
  console.log(pack(staged, target));
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** Has npm make the tarball of a folder. No scripts run: it is built already. */
function pack(folder, destination) {
  const out = execFileSync(
    'npm',
    ['pack', '--json', '--loglevel=error', '--ignore-scripts', `--pack-destination=${destination}`],
    { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 2] },
  );
  return join(destination, JSON.parse(out)[0].filename);
}

function publishedManifest(manifest) {
  const kept = Object.entries(manifest).filter(([key]) => !CHECKOUT_ONLY.includes(key));
  // Overrides within one package are left out: a dependency can't express them.
  const overridden = Object.entries(manifest.overrides).filter(([, version]) => typeof version === 'string');
  return {
    ...Object.fromEntries(kept),
    name: PUBLISHED_AS,
    publishConfig: { access: 'public' },
    files: [...manifest.files, 'docs'],
    dependencies: { ...manifest.dependencies, ...Object.fromEntries(overridden) },
  };
}
