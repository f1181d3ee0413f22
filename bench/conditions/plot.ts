import { escaped } from '../escaped.ts'

/** Lines over a few places, side by side and of equal distance, with a bar from the least to the most at each. */
export interface Series {
  readonly name: string
  /** As many as there are places: the value, the least and the most. */
  readonly points: readonly (readonly [value: number, least: number, most: number])[]
}

const WIDTH = 720
const HEIGHT = 320
const LEFT = 60
const RIGHT = 200
const TOP = 44
const BOTTOM = 40
const COLOURS = ['#a0aec0', '#dd6b20', '#38a169', '#2b6cb0']

/** SVG; the scale starts at zero. The last series is the one that the picture is about. */
export function plot(title: string, places: readonly string[], series: readonly Series[]): string {
  const most = Math.max(1e-9, ...series.flatMap(({ points }) => points.map(([, , upper]) => upper)))
  const step = (WIDTH - LEFT - RIGHT) / Math.max(1, places.length - 1)
  const y = (value: number): string =>
    (HEIGHT - BOTTOM - (Math.max(0, value) / most) * (HEIGHT - TOP - BOTTOM)).toFixed(1)
  const lines = series.map(({ name, points }, i) => {
    const colour = COLOURS[Math.max(0, COLOURS.length - series.length) + i] ?? '#2b6cb0'
    // Beside each other, so that no bar hides another.
    const x = (place: number): string => (LEFT + place * step + (i - (series.length - 1) / 2) * 5).toFixed(1)
    const path = points.map(([value], place) => `${place === 0 ? 'M' : 'L'}${x(place)} ${y(value)}`).join('')
    const ranges = points.map(([, least, upper], place) => `M${x(place)} ${y(least)}V${y(upper)}`).join('')
    const legend = TOP + 18 * i
    return [
      `<path d="${path}" stroke="${colour}" stroke-width="2"/>`,
      `<path d="${ranges}" stroke="${colour}"/>`,
      `<path d="M${WIDTH - RIGHT + 24} ${legend}h16" stroke="${colour}" stroke-width="2"/>`,
      `<text x="${WIDTH - RIGHT + 46}" y="${legend + 4}">${escaped(name)}</text>`,
    ].join('')
  })
  const axis = [0, most / 2, most].map(
    (value) => `<text x="${LEFT - 14}" y="${Number(y(value)) + 4}" text-anchor="end">${shown(value)}</text>`,
  )
  const names = places.map(
    (place, i) =>
      `<text x="${(LEFT + i * step).toFixed(1)}" y="${HEIGHT - 14}" text-anchor="middle">${escaped(place)}</text>`,
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" font-family="sans-serif" font-size="13">`,
    `<title>${escaped(title)}</title>`,
    '<style>path{fill:none}</style>',
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="4" y="20">${escaped(title)}</text>`,
    `<path d="M${LEFT - 8} ${TOP}V${HEIGHT - BOTTOM}H${WIDTH - RIGHT}" stroke="#1a202c"/>`,
    ...axis,
    ...names,
    ...lines,
    '</svg>',
    '',
  ].join('\n')
}

function shown(value: number): string {
  return value.toFixed(value < 10 ? 2 : 0)
}
