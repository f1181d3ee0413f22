/**
 * Sessions that are valid by construction, for properties. What has to be the same in all plans of a configuration, so
 * that whatever a rule inherits fits what it says, is a style that is decided first.
 */
import fc from 'fast-check'
import { LOWER, host, method, of, part, token } from './generate-parts.ts'

export interface Style {
  /** `timed`: the token's times end the cookie, so it has no ttl of its own. */
  signing: 'none' | 'plain' | 'timed'
  audience: string | undefined
  /** Cookies are adopted: where sessions are signed that needs a hashSecret. */
  adopts: boolean
  /** The cookie is hidden, so no plan leaves out the key. */
  hides: boolean
}

/** Every style there is. */
export const STYLES: Style[] = (['none', 'plain', 'timed'] as const).flatMap((signing) =>
  [undefined, 'shop', 'größe', 'x'.repeat(253)].flatMap((audience) =>
    [false, true].flatMap((adopts) => [false, true].map((hides) => ({ signing, audience, adopts, hides }))),
  ),
)

const ttl = fc.oneof(
  fc.nat(9599).map((hours) => `${hours}h1s`),
  fc.constantFrom('1s', '60s', '9600h', '1h30m', '1m30s', '1000ms', '500ms500ms', '00001s'),
)

export function cookieFields({ signing }: Style): fc.Arbitrary<object> {
  const fields = {
    name: token,
    path: of(`${LOWER}/ %,=`, 0, 8).map((rest) => `/${rest}`),
    domain: fc.tuple(fc.constantFrom('', '.'), host).map((parts) => parts.join('')),
    secure: fc.constantFrom('auto', true, false),
    httpOnly: fc.boolean(),
    sameSite: fc.constantFrom('Strict', 'Lax'),
    partitioned: fc.constant(false),
    renew: fc.constant('never'),
  }
  return part<Record<string, unknown>>(
    signing === 'timed' ? fields : { ...fields, ttl, renew: fc.constantFrom('never', 'always') },
  )
}

/** Whole in itself, so that it is valid over any other. */
export const strictCookie = fc
  .record({
    name: fc.constantFrom('__Secure-id', '__secure-x', 'plain'),
    sameSite: fc.constantFrom('None', 'Lax'),
    partitioned: fc.boolean(),
  })
  .map((fields) => ({ ...fields, secure: true }))

const deletions = fc.oneof(
  part<Record<string, unknown>>({
    path: fc.constantFrom('/', '/shop'),
    domain: fc.constantFrom('example.com', '.a.example.com'),
  }).map((fields) => ({ ...fields, delete: true })),
  fc.constantFrom({}, { delete: false }, { delete: true }),
)

// Names that no session's cookie has.
const adopt = fc
  .shuffledSubarray(['OLDSESSION', 'JSESSIONID', '__Secure-old'], { minLength: 1 })
  .chain((names) => fc.tuple(...names.map((cookie) => deletions.map((fields) => ({ ...fields, cookie })))))

const KEYS = [
  { id: 'k1', env: 'MOORING_SIGNING_1' },
  { id: 'key-2-of-16-chars', env: 'MOORING_SIGNING_2' },
  { id: 'x', env: 'MOORING_SIGNING_3' },
].map(({ id, env }) => ({ id: id.slice(0, 16), env }))
const keys = fc.shuffledSubarray(KEYS, { minLength: 1 })

const two = (number: number): string => String(number).padStart(2, '0')
const instant = fc
  .tuple(
    fc.date({
      min: new Date('0000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    }),
    fc.oneof(
      fc.constant('Z'),
      fc
        .tuple(fc.constantFrom('+', '-'), fc.nat(23), fc.nat(59))
        .map(([sign, hours, minutes]) => `${sign}${two(hours)}:${two(minutes)}`),
    ),
  )
  .map(([date, zone]) => date.toISOString().slice(0, 19) + zone)

// Any of these fits any other: the least idle timeout is twice the largest skew.
const times = {
  idleTimeout: fc.constantFrom('10m', '30m', '1h'),
  absoluteTimeout: fc.constantFrom('1h', '12h', '9600h'),
}

/** `whole` is that of the top level; that of a rule may leave to it what it likes. */
function signing(style: Style, whole: boolean): fc.Arbitrary<object> {
  const audience = style.audience === undefined ? {} : { audience: fc.constant(style.audience) }
  const fields = {
    ...(style.signing === 'timed' ? times : {}),
    ...audience,
    keys,
    clockSkew: fc.constantFrom('0s', '60s', '5m', '1000ms'),
    acceptUnsignedUntil: fc.oneof(instant, fc.constant('2024-02-29T23:59:60Z')),
  }
  if (!whole) return part<Record<string, unknown>>(fields)
  const requiredKeys: ('audience' | 'keys')[] = style.audience === undefined ? ['keys'] : ['audience', 'keys']
  return fc.record<Record<string, unknown>>(fields, { requiredKeys })
}

export function session(
  cookie: fc.Arbitrary<object>,
  style: Style,
  whole: boolean,
): fc.Arbitrary<Record<string, unknown>> {
  const fields = part<Record<string, unknown>>({
    cookie,
    readOnly: fc.boolean(),
    onInvalid: fc.constantFrom('replace', 'ignore', 'reject'),
    ...(style.adopts ? { adopt } : {}),
    hideFromUpstream: style.hides ? fc.boolean() : fc.constant(false),
    mint: part<Record<string, unknown>>({
      skip: fc.boolean(),
      methods: fc.array(method, { minLength: 1, maxLength: 3 }),
      onCacheable: fc.constantFrom('omit', 'markPrivate'),
      scope: fc.constantFrom('request', 'connection'),
      onLocalReply: fc.boolean(),
    }),
  })
  if (style.signing === 'none') return fields
  const signed = signing(style, whole)
  return fc
    .tuple(fields, whole ? signed : fc.option(signed, { nil: undefined }))
    .map(([rest, own]) => (own === undefined ? rest : { ...rest, signing: own }))
}
