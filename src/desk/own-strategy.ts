/** A strategy that is a file in the desk's own folder. */
import type { DeclaredStrategy } from '../engine/strategies/strategy.js';
import type { Artefact, ArtefactForm } from './artefacts.js';

/** `kind` of such a strategy: a path below the desk file's folder. */
export const OWN_STRATEGY = /^\.\/strategies\/[a-zA-Z0-9][a-zA-Z0-9_-]{0,59}\.(ts|js|mjs)$/;

export interface OwnStrategy extends DeclaredStrategy {
  /** SHA-256 in hex over all of its source files and artefacts; part of the configuration hash. */
  readonly hash: string;
  readonly module: StrategyModule;
  /** All of its source files, as read: a copy of the desk file needs them next to it. */
  readonly files: readonly StrategyFile[];
  /** The names of the artefacts that it is given, with the form of each. */
  readonly forms: Readonly<Record<string, ArtefactForm>>;
  readonly artefacts: readonly Artefact[];
}

/** One script, with a source map to the lines that a person wrote. */
export interface StrategyModule {
  readonly code: string;
  readonly map: string;
}

export interface StrategyFile {
  /** Relative to the desk's folder, with `/`. */
  readonly path: string;
  readonly text: string;
}
