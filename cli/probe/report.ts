import type { Style } from '../../tools/style.ts'
import { CAUSES, NOTES } from './advice.ts'
import type { Verdict } from './judge.ts'

/** What was asked, for the head of the report. */
export interface Asked {
  readonly origin: string
  readonly paths: readonly string[]
  readonly requests: number
  readonly minShare: number
}

/** More pods than this are summed up. */
const LISTED_PODS = 20

/** The verdict for people. */
export function asText(verdict: Verdict, asked: Asked, style: Style): string {
  const { sessions, stuck, movedAfterFirst, moved, share, paths, pods } = verdict
  const unknown = sessions - stuck - movedAfterFirst - moved
  const known = sessions - unknown
  const good = share >= asked.minShare ? style.good : style.bad
  const row = (label: string, count: number) => `  ${label.padEnd(34)} ${percent(count, known)}  ${count}`
  const width = Math.max(...paths.map(({ path }) => path.length), ...pods.map(({ pod }) => pod.length), 4)
  const more = pods.slice(LISTED_PODS)
  return [
    style.bold(
      `${count(sessions, 'session')}, ${asked.requests} requests each to ${asked.origin}: ${asked.paths.join(' ')}`,
    ),
    '',
    good(row('stuck from the first request on', stuck)),
    row('moved after the first request only', movedAfterFirst),
    row('moved', moved),
    ...(unknown === 0 ? [] : [`  ${'no two answers that name a pod'.padEnd(34)}          ${unknown}`]),
    '',
    `  ${'path'.padEnd(width)}    stuck  pods`,
    ...paths.map((each) => `  ${each.path.padEnd(width)}  ${percent(each.share, 1)}  ${each.pods}`),
    '',
    `  ${'pod'.padEnd(width)}  sessions`,
    ...pods
      .slice(0, LISTED_PODS)
      .map((each) => `  ${each.pod.padEnd(width)}  ${percent(each.sessions, sessions)}  ${each.sessions}`),
    ...(more.length === 0 ? [] : [`  and ${more.length} more`]),
    '',
    `  answers: ${listed(verdict.statuses)}${
      Object.keys(verdict.failures).length === 0 ? '' : `; none: ${listed(verdict.failures)}`
    }`,
    '',
    ...verdict.causes.flatMap((each) => [
      `${style.bad(each.code)}  ${count(each.sessions, 'session')}`,
      `  ${CAUSES[each.code].says}`,
      `  ${CAUSES[each.code].advice}`,
      '',
    ]),
    ...verdict.notes.flatMap((note) => [
      style.dim(note),
      `  ${NOTES[note].says}`,
      `  ${NOTES[note].advice}`,
      '',
    ]),
  ].join('\n')
}

/** The verdict for programs, causes and notes with their words. */
export function asJson(verdict: Verdict, { origin, paths, requests, minShare }: Asked): string {
  const report = {
    origin,
    asked: { paths, requests, minShare },
    ...verdict,
    causes: verdict.causes.map(({ code, sessions }) => ({ code, sessions, ...CAUSES[code] })),
    notes: verdict.notes.map((code) => ({ code, ...NOTES[code] })),
  }
  return `${JSON.stringify(report, null, 2)}\n`
}

const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`

/** A share in percent, seven characters wide. Never rounded up to all, nor down to none. */
function percent(part: number, whole: number): string {
  const exact = whole === 0 ? 0 : (100 * part) / whole
  const shown = exact >= 100 || exact <= 0 ? exact : Math.min(99.9, Math.max(0.1, exact))
  return `${shown.toFixed(1).padStart(5)} %`
}

const listed = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts)
    .map(([name, number]) => `${name} (${number})`)
    .join(', ')
