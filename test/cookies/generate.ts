/** Cookie headers as odd as a proxy lets them through. */
import fc from 'fast-check'

/** Octets that Envoy takes in a header's value: no control but the tab. test/envoy/cookie-parser.test.ts tries all. */
export const FIELD_OCTETS: readonly number[] = Array.from({ length: 256 }, (_, octet) => octet).filter(
  (octet) => octet === 0x09 || (octet >= 0x20 && octet !== 0x7f),
)

const ID = 'ABEiM0RVZneImaq7zN3u_w'
const TOKEN = `1.k2.${ID}.AABlU_EAAABlU_NY.Rnoc6ffVJFY4LYLMV2zTRQ`

const anyOctet = fc.constantFrom(...FIELD_OCTETS.map((octet) => String.fromCharCode(octet)))
const oddOctet = fc.constantFrom('"', '=', ' ', '\t', ',', '\\', '%', '\x80', '\xff', ':', '-')
const octet = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'X', '0') },
  { weight: 2, arbitrary: oddOctet },
  { weight: 1, arbitrary: anyOctet },
)

const word = fc.string({ unit: octet, maxLength: 8 })
// A session's value ends at 128 octets, a raw key at 256; the rest is far beyond both.
const length = fc.oneof(fc.constantFrom(127, 128, 129, 255, 256, 257), fc.integer({ min: 1, max: 8_000 }))
const long = fc.tuple(octet, length).map(([each, times]) => each.repeat(times))
const bare = fc.oneof(
  { weight: 8, arbitrary: word },
  { weight: 3, arbitrary: fc.constantFrom('', ID, TOKEN, '5e1192314817394d', `${TOKEN}x`) },
  { weight: 1, arbitrary: long },
)
const value = fc.oneof(
  { weight: 4, arbitrary: bare },
  { weight: 1, arbitrary: bare.map((text) => `"${text}"`) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom('"', '""', ' ', '\t'), bare).map((texts) => texts.join('')),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(bare, fc.constantFrom('"', '""', ' ', '\t', '" ')).map((texts) => texts.join('')),
  },
)

const blanks = fc.constantFrom('', '', '', '', ' ', '  ', '\t')
const separator = fc.constantFrom('; ', '; ', '; ', ';', ';', ' ;', ';;', '; ; ', ',', ', ')

function partWith(name: string): fc.Arbitrary<string> {
  const names = fc.oneof(
    { weight: 6, arbitrary: fc.constant(name) },
    { weight: 2, arbitrary: fc.constantFrom('a', 'theme', '') },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        ...[name.toLowerCase(), `${name} `, `\t${name}`, `"${name}"`, `${name}2`, `x${name}`, name.slice(1)],
      ),
    },
    { weight: 1, arbitrary: word },
  )
  const pair = fc.tuple(blanks, names, fc.constant('='), value, blanks).map((texts) => texts.join(''))
  const junk = fc.oneof(word, fc.constantFrom(name, ` ${name}`, '', ' ', ','))
  return fc.oneof({ weight: 5, arbitrary: pair }, { weight: 1, arbitrary: junk })
}

// What browsers send: the cookie once, and others beside it.
function ordinaryWith(name: string): fc.Arbitrary<string> {
  const others = fc.array(fc.constantFrom('a=1', 'theme=dark', 'lang="en"', 'b=', `x${name}=2`), {
    maxLength: 4,
  })
  const own = fc.constantFrom(ID, TOKEN, '5e1192314817394d', 'x', 'a'.repeat(128))
  return fc
    .tuple(others, own, others)
    .map(([before, id, after]) => [...before, `${name}=${id}`, ...after].join('; '))
}

/** The `cookie` entries of a request, at most 40,000 octets; many of them have the cookie, in some form. */
export function cookieLines(name: string): fc.Arbitrary<readonly string[]> {
  const part = partWith(name)
  const parts = fc.array(fc.tuple(part, separator), { maxLength: 6 })
  const many = fc.array(fc.tuple(part, separator), { maxLength: 150, size: 'max' })
  const line = fc
    .tuple(fc.oneof({ weight: 20, arbitrary: parts }, { weight: 1, arbitrary: many }), part)
    .map(([before, last]) => before.flat().join('') + last)
  return fc
    .oneof(
      { weight: 6, arbitrary: fc.array(line, { minLength: 1, maxLength: 1 }) },
      { weight: 1, arbitrary: fc.array(fc.oneof(ordinaryWith(name), line), { minLength: 1, maxLength: 2 }) },
      { weight: 3, arbitrary: fc.array(line, { maxLength: 4 }) },
    )
    .filter((lines) => lines.reduce((sum, { length }) => sum + length, 0) <= 40_000)
}
