/** A file written while a run goes on. What was there before stays until the run is over. */
import {
  closeSync,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { usageFailure } from './failure.js';

const BUFFERED_CHARACTERS = 65_536;

/** A file that a run reads. */
export interface InputFile {
  readonly file: string;
  /** `the file that --data reads` */
  readonly what: string;
}

/** Throws a usage failure if the output would replace one of these files, by whatever name. Opens none of them. */
export function refuseReplacing(option: string, file: string, inputs: readonly InputFile[]): void {
  const path = resolve(file);
  const target = existsSync(path) ? realpathSync(path) : path;
  const written = [target, partOf(target)].flatMap(identityOf);
  const replaced = inputs.find((input) => identityOf(input.file).some((one) => written.includes(one)));
  if (replaced !== undefined)
    throw usageFailure(
      `${option} is ${replaced.what}, and would replace it: ${file}`,
      `name another file after ${option}`,
    );
}

/** The same for all links to a file. Empty: there is no regular file. */
function identityOf(file: string): readonly string[] {
  if (!existsSync(file)) return [];
  const about = statSync(file, { bigint: true });
  return about.isFile() ? [`${about.dev}/${about.ino}`] : [];
}

/** Written while the run goes on. */
const partOf = (file: string): string => `${file}.part`;

export class OutputFile {
  readonly #descriptor: number;
  /** Replaces `file` at the end. Null: `file` itself is written, for example a pipe. */
  readonly #part: string | null;
  readonly #file: string;
  #text = '';
  #isOpen = true;

  /** Opened before the run, so that a missing folder is reported at once and not after an hour. */
  constructor(option: string, file: string) {
    const path = resolve(file);
    // The file would replace the link, and nothing would be written where the link leads.
    if (!existsSync(path) && lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true)
      throw usageFailure(
        `${option}: ${file} is a link to a file that is not there`,
        'name the file itself, or remove the link',
      );
    try {
      if (!existsSync(path)) {
        // Nothing is there before the end: a killed run leaves no empty file that looks like its result.
        this.#file = join(realpathSync(dirname(path)), basename(path));
        this.#part = partOf(this.#file);
        this.#descriptor = openSync(this.#part, 'w');
        return;
      }
      const named = openSync(path, 'a');
      this.#file = realpathSync(path);
      const about = fstatSync(named);
      const isFile = about.isFile();
      this.#part = isFile ? partOf(this.#file) : null;
      // Keeps who may read the file.
      this.#descriptor = this.#part === null ? named : openSync(this.#part, 'w', about.mode & 0o777);
      if (isFile) closeSync(named);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw usageFailure(
        `${option}: ${file} can't be written (${code})`,
        'name a file in a folder that is there',
      );
    }
  }

  /** Two outputs to one file would overwrite each other. */
  isSameAs(other: OutputFile): boolean {
    return this.#part !== null && this.#part === other.#part;
  }

  write(text: string): void {
    this.#text += text;
    if (this.#text.length >= BUFFERED_CHARACTERS) this.#flush();
  }

  /** The run is over. Does nothing after `drop`. */
  keep(): void {
    if (!this.#isOpen) return;
    this.#flush();
    this.#isOpen = false;
    closeSync(this.#descriptor);
    if (this.#part !== null) renameSync(this.#part, this.#file);
  }

  /** The run failed. Does nothing after `keep`. */
  drop(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#descriptor);
    if (this.#part !== null) rmSync(this.#part, { force: true });
  }

  #flush(): void {
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    try {
      writeWhole(this.#descriptor, bytes);
    } catch (error) {
      // A write names no file.
      throw Object.assign(error as Error, { path: this.#file });
    }
  }
}

/** The system may take only a part of what it is given. Throws if the file takes no more. */
export function writeWhole(descriptor: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
}
