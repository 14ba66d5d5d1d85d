/** A build that was tested beside the one that runs takes its place once a person agrees: all of it ends, and is started as that build. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { deployId } from '../../../../src/contracts/queues.js';
import { buildIdAt } from '../../../../src/domain/build.js';
import { buildEntry, buildFolder, keepBuild, readBuildPointer } from '../../../../src/home/builds.js';
import { repository } from '../../desk-under-test.js';
import { until } from '../../eventually.js';
import { type Bench, OPERATOR } from '../bench.js';
import type { Procedure } from '../procedure.js';
import { vote } from './vote.js';

const PATIENCE_MS = 290_000;
const BY = ['-c', 'user.name=t', '-c', 'user.email=t@example.com'];

/** One of each cell: a small build that runs what this one runs. */
const builds = new Map<string, string>();

export const deploy: Procedure = {
  name: 'a deployment',
  carryOut: async (bench, watch, cell) => {
    const { runtime, operations, pages } = bench;
    const build = buildOf(bench, cell);
    const workflowId = deployId(runtime.desk);
    watch(workflowId);
    const isBegun = () =>
      operations
        .deployBuild(OPERATOR, { build, reason: cell })
        .then(({ ok, detail }) => ok || detail.includes('under way'));
    await until('the deployment is under way', isBegun);
    await until(
      `build ${build} was tried`,
      async () => {
        const { ordered } = readBuildPointer(runtime.home);
        if (ordered?.to === build && ordered.outcome !== null) return true;
        await vote(pages[0], workflowId, cell);
        return false;
      },
      PATIENCE_MS,
    );
  },
  leaves: async ({ runtime }, _run, cell) => {
    const { build, ordered } = readBuildPointer(runtime.home);
    return { runs: build === builds.get(cell), switched: ordered?.outcome?.switched };
  },
};

function buildOf({ runtime: { home } }: Bench, cell: string): string {
  const made = buildIdAt(Date.now(), '0'.repeat(40));
  const folder = buildFolder(home, made);
  const entry = buildEntry(home, made);
  mkdirSync(dirname(entry), { recursive: true });
  const named = { name: 'fermata', version: '9.9.9', type: 'module' };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(named));
  const main = pathToFileURL(join(repository, 'dist/cli/main.js')).href;
  writeFileSync(
    entry,
    `const { main } = await import('${main}');\nprocess.exit(await main(process.argv.slice(2)));\n`,
  );
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', folder, ...BY, ...args], { encoding: 'utf8' });
  git('init', '--quiet');
  git('add', '--all');
  git('commit', '--quiet', '--message', cell);
  const commit = git('rev-parse', 'HEAD').trim();
  keepBuild(home, {
    id: made,
    commit,
    version: named.version,
    from: folder,
    updated: [],
    testedMs: Date.now(),
    testsTookMs: 1,
  });
  builds.set(cell, made);
  return made;
}
