/**
 * What the Dockerfile puts into its image, made without Docker: each of its steps is carried out in folders of this
 * machine. A step that is not known here fails, so that none is added unseen.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repository } from '../support/desk-under-test.js';

const text = (name: string): string => readFileSync(join(repository, name), 'utf8');

/** One string an instruction, continued lines joined. */
export const instructions: readonly string[] = text('Dockerfile')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .map((line) => line.trim())
  .filter((line) => line !== '' && !line.startsWith('#'));

const WORKDIR = '/fermata/';

/**
 * `as here`: with what this repository has built, in which the image's own build finds nothing to do, and takes no half minute.
 * It would find something where a source is missing that the Dockerfile or `.dockerignore` leaves out.
 */
export type Built = 'anew' | 'as here';

type Step = readonly [
  instruction: RegExp,
  run: (build: string, image: string, match: RegExpExecArray, built: Built) => void,
];

const STEPS: readonly Step[] = [
  [/^(FROM|WORKDIR|USER|ENV|ENTRYPOINT|CMD) /, () => undefined],
  // Packages of the distribution, and folders that belong to a user: nothing that a test may do here.
  [
    /^RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client-15 /,
    () => undefined,
  ],
  [/^RUN install -d -o node -g node /, () => undefined],
  [/^COPY package\.json package-lock\.json \.\/$/, () => undefined],
  [
    /^RUN npm ci --ignore-scripts$/,
    (build) => symlinkSync(join(repository, 'node_modules'), join(build, 'node_modules')),
  ],
  [/^COPY \. \.$/, copyContext],
  [
    /^RUN node scripts\/build\.mjs && npm prune --omit=dev --ignore-scripts$/,
    (build, _image, _match, built) => buildAndPrune(build, built),
  ],
  [
    /^RUN node --input-type=module -e "(.*)"$/,
    (build, _image, [, program = '']) =>
      void execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: build }),
  ],
  [
    /^COPY --from=build (\S+) (\S+)$/,
    (build, image, [, from = '', to = '']) => {
      const name = from.slice(WORKDIR.length);
      const target = to === './' ? join(image, name) : join(image, to);
      // The folder of the build is not kept.
      renameSync(join(build, name), target);
    },
  ],
];

/** The folder that stands for `/fermata` of the image. */
export function makeImageFolder(folder: string, built: Built = 'as here'): string {
  const [build, image] = [join(folder, 'build'), join(folder, 'image')];
  for (const place of [build, image]) mkdirSync(place, { recursive: true });
  for (const instruction of instructions) {
    const step = STEPS.map(([form, run]) => ({ match: form.exec(instruction), run })).find(
      ({ match }) => match,
    );
    if (!step?.match) throw new Error(`the Dockerfile has a step that no test knows: ${instruction}`);
    step.run(build, image, step.match, built);
  }
  rmSync(build, { recursive: true });
  return image;
}

/** As Docker copies it, with its times: what was built of the same sources is as new there. */
function copyContext(build: string): void {
  const ignored = new Set(text('.dockerignore').split('\n').filter(Boolean));
  for (const name of readdirSync(repository).filter((entry) => !ignored.has(entry)))
    cpSync(join(repository, name), join(build, name), COPIED);
}

const COPIED = { recursive: true, preserveTimestamps: true };

function buildAndPrune(build: string, built: Built): void {
  if (built === 'as here') cpSync(join(repository, 'dist'), join(build, 'dist'), COPIED);
  const said = execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: build, encoding: 'utf8' });
  if (built === 'as here' && said !== '') throw new Error(`the image would be built otherwise: ${said}`);
  const modules = join(build, 'node_modules');
  rmSync(modules);
  const { packages } = JSON.parse(text('package-lock.json')) as {
    packages: Record<string, { readonly dev?: boolean }>;
  };
  const installed = Object.entries(packages).filter(
    ([path, { dev }]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && dev !== true,
  );
  for (const [path] of installed) {
    mkdirSync(dirname(join(build, path)), { recursive: true });
    symlinkSync(join(repository, path), join(build, path));
  }
}
