/** What runs are found by in Temporal's UI. The server must know these Keyword attributes, and reads them. */
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

export const FERMATA_DESK = defineSearchAttributeKey('FermataDesk', SearchAttributeType.KEYWORD);
export const FERMATA_ROUTINE = defineSearchAttributeKey('FermataRoutine', SearchAttributeType.KEYWORD);
/** What a run is about, in its list. Nothing that a person wrote: nobody seals it. */
export const FERMATA_SUMMARY = defineSearchAttributeKey('FermataSummary', SearchAttributeType.KEYWORD);
export const FERMATA_VERDICT = defineSearchAttributeKey('FermataVerdict', SearchAttributeType.KEYWORD);
