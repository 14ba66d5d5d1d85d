import { readdirSync, type Stats, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { NO_PARAMETERS } from '../../desk/step-parts.js';
import { someOf } from '../../domain/figure-text.js';
import { messageOf } from '../../domain/message-of.js';
import { peopleFolder } from '../../home/people-folder.js';
import { deskFolderOf, homePaths, peopleHomeOf, writtenFileOf } from '../../home/runtime.js';
import { check } from '../check.js';

/** Permission bits of the group and of everybody else. */
const OTHERS = 0o077;
const EVERYBODY_WRITES = 0o002;

/**
 * Secrets, people's keys, sockets and the folders around them are accessible only to this user; nobody else may change
 * the desk file or put code next to it.
 */
export const filePermissions = check(
  'Files are readable by their owner alone',
  NO_PARAMETERS,
  async ({ runtime }) => {
    const expected =
      'home, secrets, keys and sockets open to this user alone, the desk file written by nobody else';
    const paths = homePaths(runtime.home);
    const { installation, sockets } = paths.servers;
    const secrets = new Set([paths, homePaths(installation)].map((at) => at.secrets));
    const whole = [...secrets, peopleFolder(paths.home)];
    // Only these themselves are checked: their contents can be reached only through them.
    const alone = [
      ...[installation, paths.home, paths.run, paths.logs, paths.postgres, paths.sockets, sockets],
      join(peopleHomeOf(paths.home), 'session.json'),
    ];
    const said = new Map<string, string>();
    let looked = 0;
    let unseen: string | null = null;
    const look = (path: string, wrong: (stats: Stats) => string | null): Stats | null => {
      const stats = statSync(path, { throwIfNoEntry: false });
      if (stats === undefined) return null;
      looked += 1;
      const problem = wrong(stats);
      if (problem !== null) said.set(path, `${shown(path, paths.home)} ${problem}`);
      return stats;
    };
    const lookBelow = (folder: string): void => {
      if (look(folder, openToOthers)?.isDirectory() !== true) return;
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) lookBelow(path);
        else if (entry.isFile()) look(path, openToOthers);
      }
    };
    try {
      for (const path of new Set(alone)) look(path, openToOthers);
      for (const folder of whole) lookBelow(folder);
      const file = writtenFileOf(runtime);
      for (const path of new Set([file, dirname(file), deskFolderOf(runtime)])) look(path, writtenByAnybody);
      const kept = [...secrets].flatMap((folder) => readdirSync(folder));
      if (kept.length === 0) throw new Error(`no secret lies in ${[...secrets].join(' or ')}`);
    } catch (error) {
      unseen = messageOf(error);
    }
    if (said.size > 0) return { verdict: 'fail', observed: someOf([...said.values()]), expected };
    if (unseen !== null)
      return { verdict: 'not_run', observed: `not everything could be looked at: ${unseen}`, expected };
    return { verdict: 'pass', observed: `${looked} files and folders are as they should be`, expected };
  },
);

function openToOthers({ mode, uid }: Stats): string | null {
  if (uid !== (process.getuid?.() ?? uid)) return `belongs to user ${uid}: chown it to this one`;
  return (mode & OTHERS) === 0 ? null : `has mode ${octal(mode)}: chmod go= takes it from others`;
}

const writtenByAnybody = ({ mode }: Stats): string | null =>
  (mode & EVERYBODY_WRITES) === 0 ? null : `has mode ${octal(mode)}, anybody may write it: chmod o-w`;

const octal = (mode: number): string => (mode & 0o777).toString(8).padStart(3, '0');

const shown = (path: string, home: string): string => {
  const inside = relative(home, path);
  return inside.startsWith('..') ? path : inside || path;
};
