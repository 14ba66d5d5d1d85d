/** Where the copies of one desk lie in its bucket: `<prefix><desk>/<id>/`, with the receipt beside the archives. */
import type { Storage } from './storage.js';

export interface OffsitePlace {
  readonly storage: Storage;
  /** Of the desk file, empty or with a slash at its end. */
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

/** What an archive is sealed as: it opens as that of no other backup. */
export const sealName = (place: Named, id: string, name: string): string => `${place.desk}/${id}/${name}`;
