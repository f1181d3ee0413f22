/**
 * `session.application` on lines that were generated: what a client is handed and brings back again is what the application
 * wrote, byte for byte; and whatever clients and hosts do, nothing traps and nothing is lost.
 */
import assert from 'node:assert/strict'
import { expect, test } from 'vitest'
import type { HeaderEntry } from '../../host/index.ts'
import { type Mooring, type Passed, pass, requestValues, startMooring } from '../filter/mooring.ts'
import { binaryNode, plainKey } from '../filter/reference-key.ts'
import { ENVIRONMENT, K1, K2, STRANGER, ring } from '../session/keys.ts'
import { type Carrier, unwrap, wrap } from '../session/wrapped.ts'
import { COOKIE, placeOfValue, sessionId, setCookieLine, value } from './application-lines.ts'
import { isFieldValue, promisedAnswer, promisedRequest } from './application-promises.ts'
import { damagedText } from './damage.ts'
import { randomFault } from './faults.ts'
import { checkVm } from './invariants.ts'
import { SEED, TIME_LIMIT, type Prng, caseCount, rounds } from './prng.ts'

const KEY_HEADER = 'x-mooring-key'
const HEADER = 'mcp-session-id'
const CARRIERS: Readonly<Record<'cookie' | 'header', Carrier>> = {
  cookie: { kind: 'cookie', name: COOKIE, audience: 'shop' },
  header: { kind: 'header', name: HEADER, audience: 'shop' },
}
const LONGEST = 4096
const SUFFIX = /^~1\.k2\.[\w-]{22}\.[\w-]{22}$/
const ANY_SUFFIX = /~1\.k2\.[\w-]{22}\.[\w-]{22}/g
const SUFFIX_LENGTH = '~1.k2..'.length + 2 * 22

const keyOf = (k: Uint8Array) => plainKey(binaryNode('session', Buffer.from(k).toString('hex')))

function start(kind: 'cookie' | 'header'): Mooring {
  const session = {
    application: { [kind]: kind === 'cookie' ? COOKIE : 'Mcp-Session-Id', strategy: 'wrap' },
    signing: { keys: ring(K2, K1), audience: 'shop' },
  }
  return startMooring({ session }, { environment: ENVIRONMENT })
}

/** What the client gets of these lines of an answer. */
function answerOf({ stream }: Passed, lines: readonly HeaderEntry[], name: string): readonly string[] {
  const { headers } = stream.responseHeaders({
    headers: [[':status', '200'], ...lines],
    details: 'via_upstream',
  })
  const left = [...headers.all(name)]
  stream.end()
  return left
}

function answered(
  { plugin }: Mooring,
  sent: readonly HeaderEntry[],
  lines: readonly HeaderEntry[],
  name = 'set-cookie',
): readonly string[] {
  return answerOf(pass(plugin, sent), lines, name)
}

/** What the application gets of a request with these headers. */
function asked({ plugin }: Mooring, sent: readonly HeaderEntry[]) {
  const passed = pass(plugin, sent)
  passed.stream.end()
  return passed
}

/** So many suffixes of one request are verified. */
const TOGETHER = 4
const LINES = caseCount(100_000)

test(
  `${LINES} lines of Set-Cookie come back as the application wrote them (seed ${SEED})`,
  { timeout: TIME_LIMIT },
  () => {
    const mooring = start('cookie')
    let wrapped = 0
    rounds('application.test.ts', LINES, (prng) => {
      const lines = prng.list(TOGETHER, () => setCookieLine(prng))
      const left = answered(
        mooring,
        [],
        lines.map((line) => ['set-cookie', line]),
      )
      const kept = lines.flatMap((line, i) => keptOf(line, left[i] ?? ''))
      assert.equal(left.length, lines.length)
      wrapped += kept.length
      if (kept.length === 0) return TOGETHER
      const back = asked(mooring, [['cookie', kept.map((each) => `${COOKIE}=${each.wrapped}`).join('; ')]])
      assert.deepEqual(requestValues(back, 'cookie'), [
        kept.map((each) => `${COOKIE}=${each.bare}`).join('; '),
      ])
      assert.deepEqual(requestValues(back, KEY_HEADER), [keyOf(kept[0]?.k ?? new Uint8Array())])
      assert.equal(new Set(kept.map(({ k }) => String(k))).size, 1, 'one answer has one K')
      return TOGETHER
    })
    checkVm(mooring.vm)
    expect(wrapped).toBeGreaterThan(LINES / 2)
  },
)

/** What a client keeps of a line that was wrapped as it has to be: the value without blanks around it, quotes and all. */
function keptOf(line: string, shown: string) {
  const place = placeOfValue(line)
  if (place === undefined || line.length + SUFFIX_LENGTH > LONGEST) {
    assert.equal(shown, line)
    return []
  }
  const { from, to } = place
  const suffix = shown.slice(to, to + SUFFIX_LENGTH)
  assert.match(suffix, SUFFIX)
  assert.equal(shown, line.slice(0, to) + suffix + line.slice(to))
  const quote = line[from - 1] === '"' && line[to] === '"' ? '"' : ''
  const bare = line.slice(from, to)
  return [{ bare: quote + bare + quote, wrapped: quote + bare + suffix + quote, k: unwrap(bare + suffix)?.k }]
}

const VALUES = caseCount(20_000)

test(
  `${VALUES} values of a header come back as the application wrote them (seed ${SEED})`,
  { timeout: TIME_LIMIT },
  () => {
    const mooring = start('header')
    rounds('application.test.ts', VALUES, (prng) => {
      // Whoever reads a header takes blanks off its ends.
      const text = value(prng).replace(/^[\t ]+|[\t ]+$/g, '')
      const [shown = '', ...more] = answered(mooring, [], [[HEADER, text]], HEADER)
      assert.deepEqual(more, [])
      if (text === '' || text.length + SUFFIX_LENGTH > LONGEST) {
        assert.equal(shown, text)
        return 1
      }
      assert.equal(shown.slice(0, text.length), text)
      assert.match(shown.slice(text.length), SUFFIX)
      const back = asked(mooring, [[HEADER, shown]])
      assert.deepEqual(requestValues(back, HEADER), [text])
      assert.deepEqual(requestValues(back, KEY_HEADER), [keyOf(unwrap(shown)?.k ?? new Uint8Array())])
      return 1
    })
    checkVm(mooring.vm)
  },
)

const REQUESTS = caseCount(8_000)

test.each(['cookie', 'header'] as const)(
  `${REQUESTS} hostile requests and answers by %s: each byte is where it was, and no key is chosen (seed ${SEED})`,
  { timeout: TIME_LIMIT },
  (kind) => {
    const mooring = start(kind)
    const carrier = CARRIERS[kind]
    const entryName = kind === 'cookie' ? 'cookie' : HEADER
    const answerName = kind === 'cookie' ? 'set-cookie' : HEADER
    const outcomes = { new: 0, none: 0, known: 0 }
    rounds('application.test.ts', REQUESTS, (prng) => {
      const entries = hostileEntries(prng, carrier)
      const passed = pass(
        mooring.plugin,
        entries.map((entry) => [entryName, entry]),
      )
      checkVm(mooring.vm)
      if (passed.request.localReply !== undefined) {
        // Envoy refuses such bytes before the filter does; a host that lets them in gets them in no header of ours.
        assert.equal(passed.request.localReply.status, 503)
        assert.ok(!entries.every(isFieldValue))
        passed.stream.end()
        return 1
      }
      const lines = prng.list(prng.below(4), () => {
        const line = kind === 'cookie' ? setCookieLine(prng) : value(prng)
        return prng.onceIn(4) ? damagedText(prng, line) : line
      })
      const answer = answerOf(
        passed,
        lines.map((line) => [answerName, line]),
        answerName,
      )
      checkVm(mooring.vm)
      if (!entries.every(isFieldValue)) return 1
      const promised = promisedRequest(carrier, entries)
      assert.deepEqual(requestValues(passed, entryName), promised.entries)
      const key = requestValues(passed, KEY_HEADER)
      const { k } = promised
      outcomes[typeof k === 'string' ? k : 'known']++
      if (k === 'none') {
        assert.deepEqual(key, [])
        assert.deepEqual(answer, lines)
        return 1
      }
      assert.equal(key.length, 1)
      if (k !== 'new') {
        assert.deepEqual(key, [keyOf(k)])
        assert.deepEqual(answer, promisedAnswer(carrier, lines, k))
      }
      return 1
    })
    expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(REQUESTS / 50)
  },
)

/** Values that are right, forged, cut, extended or encoded another way, beside others, in several entries. */
function hostileEntries(prng: Prng, carrier: Carrier): readonly string[] {
  const one = () => {
    const k = prng.bytes(16)
    const id = prng.onceIn(4) ? value(prng) : sessionId(prng)
    const good = wrap(prng.pick([K2, K2, K1]), carrier, id, k)
    return prng.oneOf([
      () => good,
      () => good,
      () => `"${good}"`,
      () => id,
      () => wrap(prng.pick([STRANGER, { ...STRANGER, kid: 'k2' }]), carrier, id, k),
      () => wrap(K2, { ...carrier, audience: 'bank' }, id, k),
      () => wrap(K2, carrier, good, k),
      () => sessionId(prng) + good.slice(id.length),
      () => good.slice(0, -1 - prng.below(60)),
      () => good + prng.pick(['A', '=', '.', '~', '~1.', ' ', '"']),
      () => good.slice(0, -1) + prng.pick(['A', 'B', 'Q', 'g', 'w', '-', '_']),
      () =>
        good
          .replace('~1.', prng.pick(['~2.', '~1', '~01.', '1.']))
          .replace('.k', prng.pick(['.k', '.K', '.'])),
      () => damagedText(prng, good),
    ])
  }
  if (carrier.kind === 'header') return prng.list(prng.onceIn(8) ? 2 + prng.below(3) : 1, one)
  const part = () =>
    prng.onceIn(5)
      ? prng.pick(['a=b', 'connect.sid', 'connect.sid2=x', '=', '', 'CONNECT.SID=x', '\tconnect.sid=x'])
      : `${COOKIE}=${one()}`
  return prng.list(prng.below(4), () =>
    prng.list(prng.below(6), part).join(prng.pick(['; ', '; ', '; ', ';', ' ;', ';;', ','])),
  )
}

const REFUSALS = caseCount(5_000)

test.each(['cookie', 'header'] as const)(
  `${REFUSALS} refusals of the host on the way of a %s: no trap, and no line is lost but with the whole answer (seed ${SEED})`,
  { timeout: TIME_LIMIT },
  (kind) => {
    const mooring = start(kind)
    const entryName = kind === 'cookie' ? 'cookie' : HEADER
    const answerName = kind === 'cookie' ? 'set-cookie' : HEADER
    rounds('application.test.ts', REFUSALS, (prng) => {
      const { plugin, vm } = mooring
      const onRequest = prng.onceIn(2)
      if (onRequest) vm.inject(randomFault(prng))
      const passed = pass(
        plugin,
        hostileEntries(prng, CARRIERS[kind]).map((entry) => [entryName, entry]),
      )
      vm.clearFaults()
      if (!onRequest) vm.inject(randomFault(prng))
      const lines = prng.list(prng.below(4), () => (kind === 'cookie' ? setCookieLine(prng) : value(prng)))
      if (passed.request.localReply === undefined) {
        const answer = answerOf(
          passed,
          lines.map((line) => [answerName, line]),
          answerName,
        )
        if (passed.stream.localReply === undefined)
          assert.deepEqual(
            answer.map((line) => line.replace(ANY_SUFFIX, '')),
            lines.map((line) => line.replace(ANY_SUFFIX, '')),
          )
      } else passed.stream.end()
      vm.clearFaults()
      checkVm(vm)
      return 1
    })
  },
)
