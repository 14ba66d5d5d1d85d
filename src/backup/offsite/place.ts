/** Layout of one desk's copies in its bucket: `<prefix><desk>/<id>/`, with the receipt next to the archives. */
import type { Storage } from './storage.js';

export interface OffsitePlace {
  readonly storage: Storage;
  /** From the desk file: empty, or ending with a slash. */
  readonly prefix: string;
  readonly desk: string;
  /** The installation's backup key, hex. */
  readonly secret: string;
}

type Named = Pick<OffsitePlace, 'prefix' | 'desk'>;

export const deskPrefix = ({ prefix, desk }: Named): string => `${prefix}${desk}/`;
export const backupPrefix = (place: Named, id: string): string => `${deskPrefix(place)}${id}/`;
export const archiveKey = (place: Named, id: string, name: string): string =>
  `${backupPrefix(place, id)}${name}.sealed`;
export const receiptKey = (place: Named, id: string): string => `${backupPrefix(place, id)}receipt`;

/** The name under which an archive is sealed: it can't be opened as that of another backup. */
export const sealName = (place: Named, id: string, name: string): string => `${place.desk}/${id}/${name}`;
