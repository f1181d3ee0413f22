/** What mooring explain says of a session that stays on its pod. */
import { expect, test } from 'vitest'
import { K1, ring } from '../session/keys.ts'
import { sealOf } from '../session/sealed.ts'
import { tokenOf } from '../session/token.ts'
import { explained } from './explained.ts'

const TIME = new Date('2026-06-01T00:00:00Z')
const NOW = TIME.getTime() / 1000
const ID = Buffer.alloc(16, 5)
const TOKEN = tokenOf(
  K1,
  { name: 'ISTIOID', audience: 'shop' },
  { id: ID, birth: NOW - 60, issued: NOW - 60 },
)
const POD = Buffer.from('10.0.0.9:8080').toString('base64')
const SEALED = TOKEN + sealOf(K1, ['ISTIOID', 'shop'], ID, POD, Buffer.alloc(16, 1))

const persisting = {
  session: { signing: { keys: ring(K1), audience: 'shop' }, persistence: { header: 'X-Session-Pod' } },
}

const notesOf = (cookie: string, pluginConfig: object = persisting): readonly string[] =>
  explained({ pluginConfig, time: TIME, headers: [['cookie', `ISTIOID=${cookie}`]] }).notes

test('names the pod that the cookie keeps, which comes before the hash', () => {
  expect(notesOf(SEALED)).toEqual(['persistence: Envoy sends this to 10.0.0.9:8080 while that pod is there'])
})

test('says of a session without one that it gets one', () => {
  expect(notesOf(TOKEN)).toEqual(['persistence: the pod that answers stays with the session'])
})

test.each([
  ['without persistence', { session: { signing: { keys: ring(K1), audience: 'shop' } } }],
  ['in shadow', { ...persisting, mode: 'shadow' }],
])('says nothing of it %s', (_, pluginConfig) => {
  expect(notesOf(SEALED, pluginConfig)).toEqual([])
})
