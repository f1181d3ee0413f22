import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { guarded, pure } from './module.ts'

const CASES = process.env['PROVE'] === undefined ? 20_000 : 1_000_000
const SEED = Number(process.env['SEED'] ?? Date.now() & 0x7fffffff)

/** Seconds since 1970; undefined for what is no moment. */
function instantOf(text: string): number | undefined {
  const seconds = guarded((room) => pure.instantOf(room.input(text)))
  return seconds === -(2n ** 63n) ? undefined : Number(seconds)
}

describe('a moment as RFC 3339 writes it', () => {
  test.each([
    ['1970-01-01T00:00:00Z', 0],
    ['1969-12-31T23:59:59Z', -1],
    ['2027-01-31T00:00:00Z', 1801353600],
    ['2000-02-29T12:00:00Z', 951825600],
    ['2024-02-29T23:59:59Z', 1709251199],
    ['0000-01-01T00:00:00Z', -62167219200],
    ['0000-02-29T00:00:00Z', -62162121600],
    ['9999-12-31T23:59:59Z', 253402300799],
    ['2027-01-31T00:00:00+00:00', 1801353600],
    ['2027-01-31T00:00:00+01:00', 1801350000],
    ['2027-01-31T00:00:00-23:59', 1801439940],
    // Seconds since 1970 know no leap seconds: it is the first second of the next day.
    ['2016-12-31T23:59:60Z', 1483228800],
  ])('%s', (text, seconds) => {
    expect(instantOf(text)).toBe(seconds)
  })

  test.each([
    '',
    'Z',
    '2027-01-31',
    '2027-01-31T00:00:00',
    '2027-01-31T00:00Z',
    '2027-01-31t00:00:00Z',
    '2027-01-31T00:00:00z',
    '2027-01-31 00:00:00Z',
    '2027-01-31T00:00:00.000Z',
    '2027-01-31T00:00:00Z ',
    ' 2027-01-31T00:00:00Z',
    '2027-00-31T00:00:00Z',
    '2027-13-31T00:00:00Z',
    '2027-01-00T00:00:00Z',
    '2027-01-32T00:00:00Z',
    '2027-04-31T00:00:00Z',
    '2027-12-32T00:00:00Z',
    '2027-02-29T00:00:00Z',
    '2024-02-30T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2100-02-29T00:00:00Z',
    '2027-01-31T24:00:00Z',
    '2027-01-31T00:60:00Z',
    '2027-01-31T00:00:61Z',
    '2027-01-31T00:00:00+1:00',
    '2027-01-31T00:00:00+01',
    '2027-01-31T00:00:00+0100',
    '2027-01-31T00:00:00+24:00',
    '2027-01-31T00:00:00+00:60',
    '2027-01-31T00:00:00+01:00Z',
    '2027-01-31T00:00:00,01:00',
    '+2027-1-31T00:00:00Z',
    '2027/01/31T00:00:00Z',
    '20:7-01-31T00:00:00Z',
    '20/7-01-31T00:00:00Z',
  ])('is not %j', (text) => {
    expect(instantOf(text)).toBeUndefined()
  })

  const two = (most: number): fc.Arbitrary<string> =>
    fc.nat(most).map((number) => String(number).padStart(2, '0'))

  test(`is what Date makes of it, or nothing (${CASES} cases, seed ${SEED})`, () => {
    const year = fc.oneof(fc.nat(9999), fc.constantFrom(0, 1900, 1970, 2000, 2024, 2100))
    const date = fc.tuple(
      year.map((number) => String(number).padStart(4, '0')),
      two(13),
      two(32),
    )
    const time = fc.tuple(two(25), two(61), two(60))
    const zone = fc.oneof(
      fc.constant('Z'),
      fc
        .tuple(fc.constantFrom('+', '-'), two(24), two(60))
        .map(([sign, hours, minutes]) => `${sign}${hours}:${minutes}`),
    )
    let valid = 0
    fc.assert(
      fc.property(date, time, zone, (days, [hour, minute, second], offset) => {
        const text = `${days.join('-')}T${hour}:${minute}:${second}${offset}`
        const expected = reference(days, [hour, minute, second], offset)
        if (expected !== undefined) valid++
        expect(instantOf(text), text).toBe(expected)
      }),
      { numRuns: CASES, seed: SEED },
    )
    expect(valid).toBeGreaterThan(CASES / 2)
  })
})

/** By Date, which takes days that a month does not have for days of the next one. */
function reference(
  [year, month, day]: [string, string, string],
  [hour, minute, second]: [string, string, string],
  offset: string,
): number | undefined {
  if (Number(hour) > 23) return undefined
  const leap = second === '60'
  const milliseconds = Date.parse(
    `${year}-${month}-${day}T${hour}:${minute}:${leap ? '59' : second}${offset}`,
  )
  if (Number.isNaN(milliseconds)) return undefined
  const midnight = new Date(Date.parse(`${year}-${month}-${day}T00:00:00Z`))
  if (midnight.getUTCDate() !== Number(day)) return undefined
  return milliseconds / 1000 + (leap ? 1 : 0)
}
