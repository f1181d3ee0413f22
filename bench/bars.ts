import { escaped } from './escaped.ts'
import type { Estimate, JobResult } from './result.ts'

const WIDTH = 720
const LABELS = 190
const VALUES = 60
const ROW = 26
const TOP = 34

/** A job's contenders as horizontal bars, SVG: the bar ends at the median, the line spans the interval. */
export function bars({ letter, name, contenders }: JobResult): string {
  const ends = contenders.flatMap(({ cost }) => [cost.value, cost.interval[0], upperOf(cost)])
  const [least, most] = [Math.min(0, ...ends), Math.max(1, ...ends)]
  const x = (microseconds: number): string =>
    (LABELS + ((microseconds - least) / (most - least)) * (WIDTH - LABELS - VALUES)).toFixed(1)
  const height = TOP + ROW * contenders.length + 8
  const title = escaped(`(${letter}) ${name}: microseconds of processor time for a request, over no filter`)
  const rows = contenders.map(({ name, cost }, i) => {
    const middle = TOP + ROW * i + ROW / 2
    const [from, to] = [Math.min(0, cost.value), Math.max(0, cost.value)]
    const [lower, upper] = [x(cost.interval[0]), x(upperOf(cost))]
    return [
      `<text x="${LABELS - 8}" y="${middle + 4}" text-anchor="end">${escaped(name)}</text>`,
      `<rect class="${name === 'Mooring' ? 'own' : 'other'}" x="${x(from)}" y="${middle - 8}" ` +
        `width="${(Number(x(to)) - Number(x(from))).toFixed(1)}" height="16"/>`,
      `<path d="M${lower} ${middle}H${upper}M${lower} ${middle - 4}v8M${upper} ${middle - 4}v8"/>`,
      `<text x="${WIDTH - 4}" y="${middle + 4}" text-anchor="end">${cost.value.toFixed(1)}</text>`,
    ].join('')
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" font-family="sans-serif" font-size="13">`,
    `<title>${title}</title>`,
    '<style>.own{fill:#2b6cb0}.other{fill:#a0aec0}path{stroke:#1a202c;fill:none}</style>',
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="4" y="20">${title}</text>`,
    ...rows,
    '</svg>',
    '',
  ].join('\n')
}

function upperOf({ value, interval: [, upper] }: Estimate): number {
  return upper ?? value
}
