import { describe, expect, test } from 'vitest'
import { Compiler } from './compiler.ts'
import { from } from './pieces.ts'
import type { SourceView } from './policy-view.ts'

const compiler = new Compiler()

const PEER = '/key/from/0/peer'
const FORWARDED = '/key/from/0/forwardedClientCert'
const HOPS = 'expected hops, the number of trusted hops: without it only the last element can be trusted'

const forwarded = (fields: object): object => from({ forwardedClientCert: fields })

const refused: [configuration: unknown, errors: string[]][] = [
  [from('peer'), ['missing_field at /key/from/0: this source needs a value, as in {claim: sub}']],
  [
    from({ peer: { part: 'namespace' } }),
    [
      `missing_field at ${PEER}: expected the name or value that this source is about`,
      `uri_required at ${PEER}/part: a part is one of a SPIFFE id, and only field: uri has one`,
    ],
  ],
  [
    from({ peer: 'URI' }),
    [`unknown_value at ${PEER}: found "URI", expected one of: uri, dns, subject, digest; did you mean uri?`],
  ],
  [
    from({ peer: { field: 'hash' } }),
    [`unknown_value at ${PEER}/field: found "hash", expected one of: uri, dns, subject, digest`],
  ],
  [
    from({ peer: true }),
    [`quoted_string_expected at ${PEER}: found a boolean, expected a string; put it in quotes`],
  ],
  [
    from({ peer: { field: 'uri', part: 'account' } }),
    [
      `unknown_value at ${PEER}/part: found "account", expected one of: trustDomain, namespace, serviceAccount`,
    ],
  ],
  [
    from({ peer: { field: 'dns', part: 'namespace' } }),
    [`uri_required at ${PEER}/part: a part is one of a SPIFFE id, and only field: uri has one`],
  ],
  [from({ peer: { field: 'uri', element: 'last' } }), [`unknown_field at ${PEER}/element: not known here`]],
  [
    from({ forwardedClientCert: 'cert' }),
    [`unknown_value at ${FORWARDED}: found "cert", expected one of: by, hash, subject, uri, dns`],
  ],
  [
    forwarded({ field: 'by', part: 'namespace' }),
    [`uri_required at ${FORWARDED}/part: a part is one of a SPIFFE id, and only field: uri has one`],
  ],
  [forwarded({ field: 'uri', element: 'first' }), [`missing_field at ${FORWARDED}: ${HOPS}`]],
  [forwarded({ field: 'uri', element: 0 }), [`missing_field at ${FORWARDED}: ${HOPS}`]],
  [
    forwarded({ field: 'uri', element: 'second', hops: 2 }),
    [`unknown_value at ${FORWARDED}/element: found "second", expected one of: first, last`],
  ],
  [
    forwarded({ field: 'uri', element: true, hops: 2 }),
    [`quoted_string_expected at ${FORWARDED}/element: found a boolean, expected a string; put it in quotes`],
  ],
  ...[-1, 0.5, 16].map((element): [object, string[]] => [
    forwarded({ field: 'uri', element, hops: 16 }),
    [`out_of_range at ${FORWARDED}/element: expected an element from the first, 0 to 15`],
  ]),
  [
    forwarded({ field: 'uri', element: 2, hops: 2 }),
    [`no_such_element at ${FORWARDED}/element: the first element is 0, so it is less than hops`],
  ],
  ...[0, 1.5, 17].map((hops): [object, string[]] => [
    forwarded({ field: 'uri', hops }),
    [`out_of_range at ${FORWARDED}/hops: expected 1 to 16 trusted hops`],
  ]),
  [
    forwarded({ field: 'uri', hops: '2' }),
    [`wrong_type at ${FORWARDED}/hops: found a string, expected 1 to 16 trusted hops`],
  ],
]

describe('a certificate source that cannot be meant is refused, and the error says what to write', () => {
  test.each(refused)('%j', (configuration, errors) => {
    expect(compiler.compile(configuration).errors).toEqual(errors)
  })
})

describe('what is meant is compiled', () => {
  const PEER_VIEW: Partial<SourceView> = { kind: 'peer', part: 0, hops: 0, element: 0 }
  const FORWARDED_VIEW: Partial<SourceView> = {
    kind: 'forwardedClientCert',
    path: 'request\0headers\0x-forwarded-client-cert',
    part: 0,
    hops: 0,
    element: -1,
  }
  const property = (name: string): string => `connection\0${name}`

  test.each<[source: object, view: Partial<SourceView>]>([
    [{ peer: 'uri' }, { label: 'peer:uri', name: property('uri_san_peer_certificate') }],
    [{ peer: { field: 'dns' } }, { label: 'peer:dns', name: property('dns_san_peer_certificate') }],
    [{ peer: 'subject' }, { label: 'peer:subject', name: property('subject_peer_certificate') }],
    [{ peer: 'digest' }, { label: 'peer:digest', name: property('sha256_peer_certificate_digest') }],
    [
      { peer: { part: 'serviceAccount', field: 'uri' } },
      { label: 'peer:serviceAccount', name: property('uri_san_peer_certificate'), part: 3 },
    ],
    [
      { peer: 'subject', transform: ['lower'], as: 'client', required: true },
      { label: 'as:client', name: property('subject_peer_certificate'), required: true },
    ],
  ])('%j', (source, view) => {
    const { errors, policy } = compiler.compile(from(source))
    expect(errors).toEqual([])
    expect(policy?.top?.key?.from).toMatchObject([{ ...PEER_VIEW, ...view }])
  })

  test.each<[fields: unknown, view: Partial<SourceView>]>([
    ['hash', { label: 'hash', name: 'hash' }],
    [
      { field: 'uri', part: 'trustDomain', element: 'last', hops: 2 },
      { label: 'trustDomain', name: 'uri', part: 1, hops: 2 },
    ],
    [
      { field: 'by', element: 'first', hops: 1 },
      { label: 'by', name: 'by', element: 0, hops: 1 },
    ],
    [
      { field: 'dns', element: 15, hops: 16.0 },
      { label: 'dns', name: 'dns', element: 15, hops: 16 },
    ],
  ])('forwardedClientCert: %j', (fields, view) => {
    const { errors, policy } = compiler.compile(from({ forwardedClientCert: fields }))
    expect(errors).toEqual([])
    const label = `forwardedClientCert:${view.label ?? ''}`
    expect(policy?.top?.key?.from).toMatchObject([{ ...FORWARDED_VIEW, ...view, label }])
  })
})
