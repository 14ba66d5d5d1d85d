/**
 * The attributes by which runs are found in Temporal's UI. They are Keywords that the server must know, and can read.
 */
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

export const FERMATA_DESK = defineSearchAttributeKey('FermataDesk', SearchAttributeType.KEYWORD);
export const FERMATA_ROUTINE = defineSearchAttributeKey('FermataRoutine', SearchAttributeType.KEYWORD);
/** What a run is about, in the list of runs. Contains no texts by people, because it isn't sealed. */
export const FERMATA_SUMMARY = defineSearchAttributeKey('FermataSummary', SearchAttributeType.KEYWORD);
export const FERMATA_VERDICT = defineSearchAttributeKey('FermataVerdict', SearchAttributeType.KEYWORD);
