// Which sources a test run used: the commit, and whether anything had been changed since.
import { spawnSync } from 'node:child_process';

/** `commit` is null outside a git checkout; `clean`: no tracked file is changed, and there are no new files. */
export function sourceState(root) {
  const git = (...args) => {
    const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
    return status === 0 ? stdout.trim() : null;
  };
  const commit = git('rev-parse', 'HEAD');
  return { commit, clean: commit !== null && git('status', '--porcelain') === '' };
}

/** Null if the report is of a complete run of the current sources; otherwise why it proves nothing about them. */
export function notOfThese(run, now) {
  if (run === null)
    return 'the report does not say which commit it is of: `npm test -- --report FILE` writes one that does';
  if (!run.whole) return 'only a part of the tests ran';
  if (run.commit === null || now.commit === null)
    return 'these sources are no git checkout, so no report can be of them';
  if (run.commit !== now.commit)
    return `the report is of commit ${run.commit.slice(0, 12)}, and the sources are of ${now.commit.slice(0, 12)}`;
  if (!run.clean) return 'files had been changed without a commit when the tests ran';
  return now.clean ? null : 'files have been changed without a commit since the tests ran';
}
