/** What Temporal's UI says of an incident: where it is, who has it, and its newest steps. */

import type { IncidentInput } from '../../../contracts/incident.js';
import { showDetails, showPhase, stepLine } from '../../show.js';
import type { Course, Finding } from './course.js';

const SHOWN_MAX = 30;
const LINE_MAX = 200;

export function showIncident(input: IncidentInput, course: Course): void {
  showPhase(titleOf(input, course), linesOf(course));
}

export function showStep(input: IncidentInput, course: Course, { name, verdict, observed }: Finding): void {
  course.shown.push(stepLine(name, verdict, observed).slice(0, LINE_MAX));
  course.shown.splice(0, course.shown.length - SHOWN_MAX);
  showDetails(titleOf(input, course), linesOf(course));
}

const titleOf = ({ title }: IncidentInput, { phase }: Course): string => `${title}: ${phase}`;

function linesOf({ reports, acknowledged, shown }: Course): string[] {
  return [
    reports[0]?.detail ?? '',
    acknowledged ? `Acknowledged by ${acknowledged.by}` : 'Nobody has acknowledged it yet',
    ...shown,
  ];
}
