/** A command about one desk of this FERMATA_HOME takes `--desk NAME`, and asks for it where several run. */
import type { Command } from 'commander';
import { chooseDesk, type RefusesUnknown } from './running-desk.js';

export type Configure = (command: Command) => void;

/**
 * Before its action the desk is chosen. Commands with a `--desk` of their own keep it; `unknownName`: when those refuse a
 * name that no desk was started by.
 */
export const ofDesk =
  (configure: Configure, unknownName: RefusesUnknown = 'never'): Configure =>
  (command) => {
    configure(command);
    const acting = command.commands.length > 0 ? command.commands : [command];
    const given = acting.filter((leaf) => !leaf.options.some(({ long }) => long === '--desk'));
    for (const leaf of given) leaf.option('--desk <name>', 'which desk, where several run here');
    command.hook('preAction', (_command, action) => {
      const { desk } = action.opts<{ desk?: string | true }>();
      return chooseDesk(desk, given.includes(action) ? 'always' : unknownName);
    });
  };
