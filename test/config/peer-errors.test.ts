import { describe, expect, test } from 'vitest'
import { Compiler } from './compiler.ts'

const compiler = new Compiler()

const PEERS = [
  'cluster.local/ns/a/sa/b',
  'https://cluster.local/ns/a/sa/b',
  'spiffe://*/ns/a/sa/b',
  'spiffe:///ns/a',
  'spiffe://cluster.local',
  'spiffe://cluster.local/',
  'spiffe://cluster.local/ns/a*',
  'spiffe://cluster.local/ns/{a}',
  'spiffe://cluster.local/**/a',
  'spiffe://cluster.local/a/',
  'spiffe://cluster.local/a/..',
  'spiffe://cluster.local/a%20b',
  'spiffe://Cluster.local/a',
]

const refused: [configuration: unknown, errors: string[]][] = [
  ...PEERS.map((peer): [object, string[]] => [
    { session: {}, key: { trustInbound: { peers: [peer] } } },
    [
      `invalid_peer at /key/trustInbound/peers/0: found "${peer}", expected a SPIFFE id; * is one whole segment: spiffe://cluster.local/ns/istio-ingress/sa/*`,
    ],
  ]),
  [
    { session: {}, key: { trustInbound: {} } },
    ['missing_field at /key/trustInbound: expected peers, the SPIFFE ids whose key header is believed'],
  ],
]

describe('a peer that cannot be meant is refused, and the error says what to write', () => {
  test.each(refused)('%j', (configuration, errors) => {
    expect(compiler.compile(configuration).errors).toEqual(errors)
  })
})
