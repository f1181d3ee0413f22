import { expect, test } from 'vitest'
import { assertDoesItsJob, contendersFor } from '../../bench/contender.ts'
import { type Job, jobsAt, type Outcome } from '../../bench/jobs.ts'
import { Load } from '../../bench/load.ts'
import { addressCookie, leadsHere } from '../../bench/stateful-session.ts'

const JOBS = jobsAt(1_800_000_000)
const MODULES = {
  empty: 'e',
  floor: 'f',
  callsAlone: new Map([['a', 'c']]),
  rustCookie: 'r',
  rustSession: 's',
  assemblyScript: 'a',
}

function job(letter: string): Job {
  const found = JOBS.find((each) => each.letter === letter)
  if (found === undefined) throw new Error(`no job ${letter}`)
  return found
}

test('a contender is timed only if what reaches the upstream is what was expected', async () => {
  await using load = await Load.start()
  const { letter, visit } = job('a')
  // Nothing stands between: what is sent arrives.
  const arrives = (sent: string | undefined, expected: Partial<Outcome>) =>
    assertDoesItsJob(
      {
        name: 'no proxy',
        port: load.upstream,
        visit: {
          ...visit,
          headers: { ...visit.headers, ...(sent === undefined ? {} : { 'x-mooring-key': sent }) },
        },
        expected: () => ({
          key: undefined,
          session: 'ABEiM0RVZneImaq7zN3u_w',
          set: undefined,
          pod: undefined,
          ...expected,
        }),
      },
      { letter },
      load,
    )
  await arrives('a', { key: 'a' })
  await arrives(undefined, {})
  await expect(arrives(undefined, { key: 'a', set: 'b' })).rejects.toThrow(
    '(a) no proxy: key absent, session ABEiM0RVZneImaq7zN3u_w, Set-Cookie absent, pod absent; ' +
      'expected: key a, session ABEiM0RVZneImaq7zN3u_w, Set-Cookie b, pod absent',
  )
  await expect(arrives('a', {})).rejects.toThrow('no proxy: key a, ')
  await expect(arrives('a', { key: 'a', session: 'x' })).rejects.toThrow('expected: key a, session x, ')
})

test('each job has a baseline, the floor and Mooring, and its other contenders by name', () => {
  const names = (letter: string) => contendersFor(job(letter), MODULES).map(({ name }) => name)
  const common = (...others: readonly string[]) => [
    'no filter',
    'empty Wasm filter',
    'floor: one read, one write',
    ...others,
    'Mooring',
  ]
  for (const letter of ['d', 'e', 'f', 'g']) expect(names(letter)).toEqual(common('Rust SDK'))
  expect(names('i')).toEqual(common())
  expect(names('l')).toEqual(common('Rust SDK, the cookie alone'))
  const copies = [
    'no filter',
    'empty Wasm filter',
    'Lua filter',
    'floor: one read, one write',
    'Rust SDK',
    'AssemblyScript SDK',
    'Mooring',
  ]
  expect(names('h')).toEqual(copies)
  expect(names('a')).toEqual(copies.toSpliced(4, 0, "Mooring's calls alone"))
  expect(names('b')).toEqual(
    common('Rust SDK').toSpliced(1, 0, 'httpCookie with ttl', 'stateful_session cookie'),
  )
  expect(names('c')).toEqual(
    common('Rust SDK').toSpliced(1, 0, 'httpCookie with ttl', 'stateful_session cookie'),
  )
})

test('contenders whose module could not be built are left out', () => {
  const names = contendersFor(job('a'), { empty: 'e', floor: 'f', callsAlone: new Map() }).map(
    ({ name }) => name,
  )
  expect(names).toEqual([
    'no filter',
    'empty Wasm filter',
    'Lua filter',
    'floor: one read, one write',
    'Mooring',
  ])
})

test('Mooring runs the shipped configuration, but for what the job is about', () => {
  const configuration = (letter: string): unknown =>
    JSON.parse(contendersFor(job(letter), MODULES).at(-1)?.mesh.wasmPlugin?.configuration ?? '')
  const cookie = { name: 'ISTIOID', path: '/', secure: 'auto', httpOnly: true, sameSite: 'Lax' }
  const key = { header: 'x-mooring-key', from: ['session'] }
  expect(configuration('a')).toEqual({ session: { cookie }, key })
  expect(configuration('b')).toEqual({ session: { cookie }, key: { skip: true } })
  expect(configuration('d')).toMatchObject({ session: { cookie, signing: { idleTimeout: '8h' } }, key })
})

test('the many cookies are 40, of 4 KB together', () => {
  const { cookie = '' } = job('h').visit.headers
  expect([cookie.length, cookie.split('; ').length]).toEqual([4096, 40])
})

test('the cookie of stateful_session is the message that Envoy reads, in base64', () => {
  const cookie = addressCookie(34567, 1_800_000_000)
  // Field 1 of 15 bytes, then field 2 as a varint of five.
  expect(Buffer.from(cookie, 'base64').toString('latin1')).toBe(
    '\n\x0f127.0.0.1:34567\x10\x80\xa4\xa7\xda\x06',
  )
  expect([leadsHere(cookie), leadsHere(`"${cookie}"`), leadsHere('ABEiM0RVZneImaq7zN3u_w')]).toEqual([
    true,
    true,
    false,
  ])
})
