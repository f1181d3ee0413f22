/** Claims beyond their name and type: where they are, and whether anybody has verified them. */
import { describe, expect, test } from 'vitest'
import { Compiler, SECRET } from './compiler.ts'
import { from } from './pieces.ts'

const compiler = new Compiler()
const environment = { MOORING_HASH_SECRET: SECRET }
const hashSecret = { env: 'MOORING_HASH_SECRET' }
const AUTHORIZATION = { kind: 'header', name: 'authorization', path: 'request\0headers\0authorization' }

function claimView(claim: object, siblings: object = {}) {
  const { policy, errors } = compiler.compile(
    { key: { hashSecret, from: [{ claim, ...siblings }] } },
    environment,
  )
  expect(errors).toEqual([])
  return policy?.top?.key?.from[0]
}

describe('a claim compiles to where it is and what it is called in a key', () => {
  const CLAIMS = 'metadata\0filter_metadata\0envoy.filters.http.jwt_authn\0payload\0'

  test.each<[claim: object, label: string, path: string]>([
    [{ name: 'sub', token: 'verified' }, 'claim:/sub', `${CLAIMS}sub`],
    [{ name: 'sub', metadata: ['envoy.filters.http.jwt_authn', 'payload'] }, 'claim:/sub', `${CLAIMS}sub`],
    [
      { name: ['org', 'a/b~'], metadata: ['envoy.filters.http.ext_authz', 'claims'] },
      'metadata:/envoy.filters.http.ext_authz/claims/org/a~1b~0',
      'metadata\0filter_metadata\0envoy.filters.http.ext_authz\0claims\0org\0a/b~',
    ],
    [
      { name: 'sub', metadata: ['envoy.filters.http.jwt_authn'] },
      'metadata:/envoy.filters.http.jwt_authn/sub',
      'metadata\0filter_metadata\0envoy.filters.http.jwt_authn\0sub',
    ],
    [
      { name: 'sub', metadata: ['envoy.filters.http.jwt_authn', 'payload', 'act'] },
      'metadata:/envoy.filters.http.jwt_authn/payload/act/sub',
      `${CLAIMS}act\0sub`,
    ],
  ])('verified, %j', (claim, label, name) => {
    expect(claimView(claim)).toMatchObject({ kind: 'claim', label, name, token: [] })
  })

  test.each<[claim: object, label: string, names: string, carrier: object]>([
    [{ name: 'sub' }, 'unverified-claim:/sub', '\0sub', AUTHORIZATION],
    [
      { name: ['realm', 'a/b'], in: { header: 'X-Token' } },
      'unverified-claim:/realm/a~1b',
      '\0realm\0a/b',
      { kind: 'header', name: 'x-token', path: 'request\0headers\0x-token', join: false },
    ],
    [{ name: 'sub', in: { header: 'Authorization' } }, 'unverified-claim:/sub', '\0sub', AUTHORIZATION],
    [
      { name: 'sub', in: { query: 'id_token' } },
      'unverified-claim:/sub',
      '\0sub',
      { kind: 'query', name: 'id_token' },
    ],
    [
      { name: 'sub', in: { cookie: 'jwt' } },
      'unverified-claim:/sub',
      '\0sub',
      { kind: 'cookie', name: 'jwt' },
    ],
  ])('unverified, %j', (claim, label, name, carrier) => {
    const view = claimView({ ...claim, token: 'unverified' })
    expect(view).toMatchObject({ kind: 'claim', label, name, claimType: 'string' })
    expect(view?.token).toMatchObject([carrier])
  })

  test('as replaces the label of either', () => {
    expect(claimView({ name: 'sub', token: 'unverified' }, { as: 'user' })?.label).toBe('as:user')
    expect(claimView({ name: 'sub', metadata: ['a'] }, { as: 'user' })?.label).toBe('as:user')
  })
})

const CLAIM = '/key/from/0/claim'
const KEY_HEADER = 'a key header: what clients send in it is removed before anything is read'
const TOKEN_CLAIM = { claim: { name: 'sub', token: 'unverified' } }
const UNVERIFIED =
  'an unverified claim needs format: hash and a hashSecret: anybody can write one and compute its key'
const IN = 'a verified claim comes from metadata; in says where to read a token: unverified'

/** One claim, with a secret. */
function claim(fields: object): object {
  return { key: { hashSecret, from: [{ claim: { name: 'sub', ...fields } }] } }
}

function unverified(fields: object): object {
  return claim({ token: 'unverified', ...fields })
}

const refused: [configuration: unknown, errors: string[]][] = [
  [
    claim({ token: 'Unverified' }),
    [
      `unknown_value at ${CLAIM}/token: found "Unverified", expected one of: verified, unverified; did you mean unverified?`,
    ],
  ],
  [
    unverified({ metadata: ['a'] }),
    [
      `token_mismatch at ${CLAIM}/metadata: metadata is where a filter leaves verified claims; an unverified token is read from the request`,
    ],
  ],
  [claim({ in: { header: 'x-token' } }), [`token_mismatch at ${CLAIM}/in: ${IN}`]],
  [claim({ token: 'verified', in: { query: 'a' } }), [`token_mismatch at ${CLAIM}/in: ${IN}`]],
  [
    unverified({ in: {} }),
    [`missing_field at ${CLAIM}/in: expected a header, a query or a cookie, as in {query: token}`],
  ],
  [
    unverified({ in: { header: 'a', cookie: 'b' } }),
    [`ambiguous_carrier at ${CLAIM}/in: a token is in one place; list two sources for two`],
  ],
  [unverified({ in: 'authorization' }), [`wrong_type at ${CLAIM}/in: found a string, expected an object`]],
  [
    unverified({ in: { headers: 'a' } }),
    [`unknown_field at ${CLAIM}/in/headers: not known here; did you mean header?`],
  ],
  [
    unverified({ in: { header: { name: 'a' } } }),
    [`wrong_type at ${CLAIM}/in/header: found an object, expected a string`],
  ],
  [
    unverified({ in: { header: 'Cookie' } }),
    [
      `forbidden_source at ${CLAIM}/in/header: this header is never read; for a cookie write the source {cookie: NAME}`,
    ],
  ],
  [
    unverified({ in: { header: 'X-Mooring-Key' } }),
    [`key_header_as_source at ${CLAIM}/in/header: ${KEY_HEADER}`],
  ],
  [
    {
      key: {
        header: 'x-pod',
        hashSecret,
        from: [{ all: [{ claim: { name: 'a', token: 'unverified', in: { header: 'X-Pod' } } }] }],
      },
    },
    [`key_header_as_source at /key/from/0/all/0/claim/in/header: ${KEY_HEADER}`],
  ],
  [
    unverified({ in: { query: 'a b' } }),
    [
      `invalid_query_name at ${CLAIM}/in/query: found "a b", expected a name as it stands in the URL, without & = # and blanks`,
    ],
  ],
  [
    unverified({ in: { cookie: 'a b' } }),
    [`not_a_token at ${CLAIM}/in/cookie: found "a b", expected letters, digits and !#$%&'*+-.^_\`|~`],
  ],
  [
    claim({ metadata: [] }),
    [`empty_list at ${CLAIM}/metadata: an empty list says nothing; leave the field out, or list something`],
  ],
  [
    claim({ metadata: Array.from({ length: 9 }, () => 'a') }),
    [`out_of_range at ${CLAIM}/metadata: found 9, expected 1 to 8 names, one within the other`],
  ],
  [claim({ metadata: 'a' }), [`wrong_type at ${CLAIM}/metadata: found a string, expected a list`]],
  [
    claim({ metadata: ['a', 'b\0c'] }),
    [`invalid_claim at ${CLAIM}/metadata/1: a claim name has no control characters`],
  ],
  [
    claim({ metadata: ['é'.repeat(257)] }),
    [`too_long at ${CLAIM}/metadata/0: expected at most 256 characters`],
  ],
  [
    {
      key: {
        hashSecret: { env: 'MOORING_HASH_SECRET' },
        from: [{ all: [1, 2, 3].map(() => TOKEN_CLAIM) }, TOKEN_CLAIM, { firstOf: [TOKEN_CLAIM] }],
      },
    },
    ['too_many_sources at /key/from: expected at most 4 unverified claims'],
  ],
  [from({ claim: { name: 'sub', token: 'unverified' } }), [`secret_required at /key: ${UNVERIFIED}`]],
  [
    { key: { format: 'raw', hashSecret, from: [{ claim: { name: 'sub', token: 'unverified' } }] } },
    [`secret_required at /key: ${UNVERIFIED}`],
  ],
  [
    {
      session: {},
      key: { hashSecret },
      rules: [
        {
          name: 'a',
          match: { paths: ['/'] },
          key: { format: 'raw', from: [{ firstOf: [{ claim: { name: 'sub', token: 'unverified' } }] }] },
        },
      ],
    },
    [`secret_required at /rules/0: ${UNVERIFIED}`],
  ],
]

describe('a claim that cannot be meant is refused, and the error says what to write', () => {
  test.each(refused)('%j', (configuration, errors) => {
    expect(compiler.compile(configuration, environment).errors).toEqual(errors)
  })
})

describe('one `as` for a verified and an unverified claim', () => {
  const verifiedClaim = { claim: 'sub', as: 'user' }
  const metadataClaim = { claim: { name: 'sub', metadata: ['a'] }, as: 'user' }
  const token = { claim: { name: 'sub', token: 'unverified' }, as: 'user' }
  const rule = (name: string, source: object) => ({
    name,
    match: { paths: [`/${name}`] },
    key: { from: [source] },
  })
  const MIXED = 'a verified claim has this name too: whoever writes a token could take its keys'

  test.each<[where: string, configuration: object, pointer: string]>([
    ['in one list', { key: { hashSecret, from: [verifiedClaim, token] } }, '/key/from/1/as'],
    ['the other way round', { key: { hashSecret, from: [token, verifiedClaim] } }, '/key/from/0/as'],
    ['with other metadata', { key: { hashSecret, from: [metadataClaim, token] } }, '/key/from/1/as'],
    [
      'within firstOf and all',
      { key: { hashSecret, from: [{ all: [{ firstOf: [verifiedClaim] }] }, { all: [token] }] } },
      '/key/from/1/all/0/as',
    ],
    [
      'in two rules',
      { session: {}, key: { hashSecret }, rules: [rule('a', token), rule('b', verifiedClaim)] },
      '/rules/0/key/from/0/as',
    ],
    [
      'at the top and in a rule that is skipped',
      {
        key: { hashSecret, from: [verifiedClaim] },
        rules: [{ ...rule('a', token), skip: true }],
      },
      '/rules/0/key/from/0/as',
    ],
  ])('is refused %s', (_, configuration, pointer) => {
    expect(compiler.compile(configuration, environment).errors).toEqual([
      `mixed_trust at ${pointer}: ${MIXED}`,
    ])
  })

  test('is accepted where the names differ, or all are of one kind', () => {
    const lists = [
      [verifiedClaim, { ...token, as: 'user-1' }],
      [verifiedClaim, metadataClaim, { header: 'x-user', as: 'user' }],
      [token, { ...token, claim: { ...token.claim, in: { cookie: 'jwt' } } }, { cookie: 'user', as: 'user' }],
    ]
    for (const list of lists) {
      expect(compiler.compile({ key: { hashSecret, from: list } }, environment).errors).toEqual([])
    }
  })

  test('is found behind a thousand other names', () => {
    const rules = Array.from({ length: 64 }, (_, number) => ({
      ...rule(`r-${number}`, verifiedClaim),
      key: { from: Array.from({ length: 16 }, (__, place) => ({ claim: 'a', as: `n-${number}-${place}` })) },
    }))
    const key = { hashSecret, from: [{ ...token, as: 'n-63-15' }] }
    expect(compiler.compile({ key, rules }, environment).errors).toEqual([
      `mixed_trust at /key/from/0/as: ${MIXED}`,
    ])
  })
})
