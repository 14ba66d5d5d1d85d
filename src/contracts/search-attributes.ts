/** What runs are found by in Temporal's UI. The server must know these three Keyword attributes. */
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

export const FERMATA_DESK = defineSearchAttributeKey('FermataDesk', SearchAttributeType.KEYWORD);
export const FERMATA_ROUTINE = defineSearchAttributeKey('FermataRoutine', SearchAttributeType.KEYWORD);
export const FERMATA_VERDICT = defineSearchAttributeKey('FermataVerdict', SearchAttributeType.KEYWORD);
