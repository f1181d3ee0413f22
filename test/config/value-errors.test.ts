import { describe, expect, test } from 'vitest'
import { Compiler, SECRET } from './compiler.ts'
import { SESSION, cookie, from, match, rule } from './pieces.ts'

const compiler = new Compiler()

const QUOTE = 'expected a string; put it in quotes'
const TOKEN = "expected letters, digits and !#$%&'*+-.^_`|~"
const LABEL = 'expected a lower-case letter, then lower-case letters, digits and -'
const GRAMMAR = 'expected h, m, s and ms as in 1h30m or 500ms; for 1d write 24h'
const TTL = 'expected whole seconds, 1s to 9600h; for a browser session leave it out'
const HOST_PREFIX = 'a __Host- cookie needs secure: true, path / and no domain'
const RESERVED = 'this header belongs to somebody else; use a name of your own, such as x-mooring-key'
const FORBIDDEN = 'this header is never read; for a cookie write the source {cookie: NAME}'

function nested(levels: number): unknown {
  return levels === 0 ? 'session' : { firstOf: [nested(levels - 1)] }
}

const refused: [configuration: unknown, errors: string[]][] = [
  [cookie({ name: 'a b' }), [`not_a_token at /session/cookie/name: found "a b", ${TOKEN}`]],
  [from({ header: ':path' }), [`not_a_token at /key/from/0/header: found ":path", ${TOKEN}`]],
  [{ ...SESSION, key: { header: 'x key' } }, [`not_a_token at /key/header: found "x key", ${TOKEN}`]],
  [
    cookie({ path: 'shop' }),
    [
      'invalid_cookie_path at /session/cookie/path: found "shop", expected a / first, then printable ASCII without ;',
    ],
  ],
  [
    cookie({ path: '/; Secure' }),
    [
      'invalid_cookie_path at /session/cookie/path: found "/; Secure", expected a / first, then printable ASCII without ;',
    ],
  ],
  [
    cookie({ path: '/\r\n' }),
    [
      'invalid_cookie_path at /session/cookie/path: found "/??", expected a / first, then printable ASCII without ;',
    ],
  ],
  [
    cookie({ domain: 'a..b' }),
    ['invalid_domain at /session/cookie/domain: found "a..b", expected a host name, such as example.com'],
  ],
  [
    cookie({ domain: '-a.b' }),
    ['invalid_domain at /session/cookie/domain: found "-a.b", expected a host name, such as example.com'],
  ],
  [
    cookie({ domain: '.' }),
    ['invalid_domain at /session/cookie/domain: found ".", expected a host name, such as example.com'],
  ],
  [cookie({ ttl: '1d' }), [`invalid_duration at /session/cookie/ttl: found "1d", ${GRAMMAR}`]],
  [
    cookie({ ttl: '1h1h1h1h1h' }),
    [`invalid_duration at /session/cookie/ttl: found "1h1h1h1h1h", ${GRAMMAR}`],
  ],
  [cookie({ ttl: '100000s' }), [`invalid_duration at /session/cookie/ttl: found "100000s", ${GRAMMAR}`]],
  [cookie({ ttl: '60' }), [`invalid_duration at /session/cookie/ttl: found "60", ${GRAMMAR}`]],
  [cookie({ ttl: 60 }), [`quoted_string_expected at /session/cookie/ttl: found a number, ${QUOTE}`]],
  [cookie({ ttl: '0s' }), [`duration_out_of_range at /session/cookie/ttl: found "0s", ${TTL}`]],
  [cookie({ ttl: '1500ms' }), [`duration_out_of_range at /session/cookie/ttl: found "1500ms", ${TTL}`]],
  [cookie({ ttl: '9600h1s' }), [`duration_out_of_range at /session/cookie/ttl: found "9600h1s", ${TTL}`]],
  [
    match({ hosts: ['Shop.example.com'] }),
    ['invalid_host at /rules/0/match/hosts/0: found "Shop.example.com", expected lower case'],
  ],
  [
    match({ hosts: ['a:80'] }),
    ['invalid_host at /rules/0/match/hosts/0: found "a:80", expected a host without a port'],
  ],
  [
    match({ hosts: ['a*.b'] }),
    [
      'invalid_host at /rules/0/match/hosts/0: found "a*.b", expected * alone or as the whole first label, as in *.example.com',
    ],
  ],
  [
    match({ hosts: ['a..b'] }),
    ['invalid_host at /rules/0/match/hosts/0: found "a..b", expected something between the dots'],
  ],
  [
    match({ hosts: ['a'.repeat(64)] }),
    [
      `invalid_host at /rules/0/match/hosts/0: found "${'a'.repeat(48)}...", expected at most 63 characters between dots`,
    ],
  ],
  [
    match({ hosts: ['a/b'] }),
    [
      'invalid_host at /rules/0/match/hosts/0: found "a/b", expected a host name in ASCII, such as shop.example.com',
    ],
  ],
  ...(
    [
      ['a', 'a / first'],
      ['//', 'no // : paths are matched with slashes collapsed'],
      ['/..', 'no . or .. : paths are matched with these resolved'],
      ['/a*', 'a whole segment: * for one, or ** at the end for any number'],
      ['/**/a', '** only at the end; for one segment write *'],
      ['/a{b}', 'a capture to be a whole segment, as in /users/{id}'],
      ['/{1}', 'a name such as {tenantId} in braces'],
      ['/a?b', 'no query and no fragment: they are not matched'],
      ['/a;b', 'no ; : a path with parameters matches no rule'],
      ['/%2f', 'only escapes that normalising leaves, in upper case, as in %20'],
      ['/a b', 'other characters escaped, as in %20'],
      ['/a'.repeat(65), 'at most 64 segments'],
    ] as const
  ).map(([path, advice]): [object, string[]] => [
    match({ paths: [path] }),
    [
      `invalid_path at /rules/0/match/paths/0: found "${path.length > 48 ? `${path.slice(0, 48)}...` : path}", expected ${advice}`,
    ],
  ]),
  [
    match({ paths: ['/{a}/{a}'] }),
    [
      'repeated_capture at /rules/0/match/paths/0: found "/{a}/{a}", expected each capture to have a name of its own',
    ],
  ],
  [
    match({ methods: ['get'] }),
    ['invalid_method at /rules/0/match/methods/0: found "get", expected a method in upper case, such as GET'],
  ],
  [
    { session: { mint: { methods: ['G T'] } } },
    ['invalid_method at /session/mint/methods/0: found "G T", expected a method in upper case, such as GET'],
  ],
  [
    from({ query: 'a&b' }),
    [
      'invalid_query_name at /key/from/0/query: found "a&b", expected a name as it stands in the URL, without & = # and blanks',
    ],
  ],
  [
    from({ path: '/static/**' }),
    ['missing_capture at /key/from/0/path: a template captures what counts, as in /carts/{cart}/**'],
  ],
  [
    from({ path: { template: 'carts/{cart}' } }),
    ['invalid_path at /key/from/0/path/template: found "carts/{cart}", expected a / first'],
  ],
  [
    from({ path: '/{a}/{a}' }),
    [
      'repeated_capture at /key/from/0/path: found "/{a}/{a}", expected each capture to have a name of its own',
    ],
  ],
  [
    from({ path: {} }),
    ['missing_field at /key/from/0/path: expected the name or value that this source is about'],
  ],
  [
    from({ grpc: 'stream' }),
    ['unknown_value at /key/from/0/grpc: found "stream", expected one of: service, method'],
  ],
  [from('grpc'), ['missing_field at /key/from/0: this source needs a value, as in {claim: sub}']],
  [from({ claim: 'sub', as: 'User' }), [`invalid_name at /key/from/0/as: found "User", ${LABEL}`]],
  [
    from({ as: 'user', all: [{ claim: 'sub' }] }),
    ['combined_as at /key/from/0/as: as names one value; put it on a source within'],
  ],
  [
    from({ claim: 'sub', required: 'true' }),
    ['wrong_type at /key/from/0/required: found a string, expected true or false, without quotes'],
  ],
  [from({ required: true }), ['missing_field at /key/from/0: expected a source, such as {claim: sub}']],
  [from({ claim: 'a\0b' }), ['invalid_claim at /key/from/0/claim: a claim name has no control characters']],
  [rule({ name: 'By-Tenant' }), [`invalid_name at /rules/0/name: found "By-Tenant", ${LABEL}`]],
  [
    { ...SESSION, observe: { instance: '1st' } },
    [`invalid_name at /observe/instance: found "1st", ${LABEL}`],
  ],

  [
    { ...SESSION, rules: [{ match: { paths: ['/'] } }] },
    ['missing_field at /rules/0: expected name, which counters and errors show'],
  ],
  [
    { ...SESSION, rules: [{ name: 'a' }] },
    ['missing_field at /rules/0: expected match: without it no later rule would count'],
  ],
  [
    match({}),
    ['missing_field at /rules/0/match: expected hosts, paths, methods, headers, services or namespaces'],
  ],
  [from({}), ['missing_field at /key/from/0: expected a source, such as {claim: sub}']],
  [from('claim'), ['missing_field at /key/from/0: this source needs a value, as in {claim: sub}']],
  [
    from({ header: { repeated: 'join' } }),
    ['missing_field at /key/from/0/header: expected the name or value that this source is about'],
  ],
  [
    { ...SESSION, key: { hashSecret: {} } },
    ['missing_field at /key/hashSecret: expected env, the name of an environment variable'],
  ],
  [
    {
      ...SESSION,
      rules: [
        { name: 'a', match: { paths: ['/'] } },
        { name: 'a', match: { paths: ['/b'] } },
      ],
    },
    ['duplicate_name at /rules/1/name: an earlier rule has this name'],
  ],

  ...[
    'authorization',
    'Cookie',
    'connection',
    'content-length',
    'host',
    'x-request-id',
    'X-Forwarded-For',
    'x-envoy-peer',
    'sec-fetch-site',
  ].map((header): [object, string[]] => [
    { ...SESSION, key: { header } },
    [`reserved_header at /key/header: ${RESERVED}`],
  ]),
  ...['cookie', 'Host', 'connection', 'te', 'proxy-authorization'].map((header): [object, string[]] => [
    from({ header }),
    [`forbidden_source at /key/from/0/header: ${FORBIDDEN}`],
  ]),
  [
    from({ cookie: 'a', query: 'b' }),
    ['ambiguous_source at /key/from/0: a source has one kind; list two sources, or join them with all'],
  ],
  [
    from(nested(5)),
    [
      'too_deep at /key/from/0/firstOf/0/firstOf/0/firstOf/0/firstOf/0/firstOf: firstOf and all may be at most 4 deep within each other',
    ],
  ],
  [
    from(
      { all: Array.from({ length: 9 }, () => 'address') },
      { all: Array.from({ length: 8 }, () => 'address') },
    ),
    ['too_many_sources at /key/from: expected at most 16 sources, those within firstOf and all counted'],
  ],

  [cookie({ name: '__Host-a' }), [`cookie_prefix at /session/cookie: ${HOST_PREFIX}`]],
  [
    cookie({ name: '__host-a', secure: true, path: '/a' }),
    [`cookie_prefix at /session/cookie: ${HOST_PREFIX}`],
  ],
  [
    cookie({ name: '__Host-a', secure: true, domain: 'a.b' }),
    [`cookie_prefix at /session/cookie: ${HOST_PREFIX}`],
  ],
  [
    cookie({ name: '__Secure-a', secure: 'auto' }),
    ['cookie_prefix at /session/cookie: a __Secure- cookie needs secure: true'],
  ],
  [
    cookie({ sameSite: 'None' }),
    ['secure_required at /session/cookie: sameSite: None needs secure: true, or browsers drop the cookie'],
  ],
  [
    cookie({ partitioned: true, secure: false }),
    ['secure_required at /session/cookie: partitioned: true needs secure: true, or browsers drop the cookie'],
  ],
  [
    { key: {} },
    [
      'missing_source at /key: there is no session to take the key from; give key.from, such as [{claim: sub}], or a session',
    ],
  ],
  [
    { key: { from: ['session'] } },
    ['session_required at /key: key.from has the source session, and there is no session here'],
  ],
  [
    { key: { format: 'raw', from: [{ all: ['address'] }] } },
    ['raw_composite at /key: format: raw takes one source at a time; all needs format: hash'],
  ],
  [
    { key: { from: [{ header: 'Authorization' }] } },
    ['secret_required at /key: the header authorization is a source only with format: hash and a hashSecret'],
  ],
  [
    { key: { header: 'x-tenant', from: [{ header: 'X-Tenant' }] } },
    [
      'key_header_as_source at /key/from/0/header: a key header: what clients send in it is removed before anything is read',
    ],
  ],
  [
    { key: { from: [{ all: [{ header: 'x-mooring-key' }] }] } },
    [
      'key_header_as_source at /key/from/0/all/0/header: a key header: what clients send in it is removed before anything is read',
    ],
  ],
  [rule({ session: { cookie: { name: '__Host-a' } } }), [`cookie_prefix at /rules/0: ${HOST_PREFIX}`]],
  [
    {
      session: {},
      key: { from: ['session'] },
      rules: [{ name: 'a', match: { paths: ['/'] }, session: { skip: true } }],
    },
    ['session_required at /rules/0: key.from has the source session, and there is no session here'],
  ],
  [
    { ...SESSION, key: { hashSecret: SECRET } },
    [
      'inline_secret at /key/hashSecret: a secret must not stand here: write {env: NAME}; the one that stood here is in etcd by now, rotate it',
    ],
  ],
  [
    { ...SESSION, key: { hashSecret: { env: SECRET } } },
    [
      'invalid_variable at /key/hashSecret/env: expected the name of an environment variable: A-Z, 0-9 and _, such as MOORING_HASH_SECRET',
    ],
  ],
  [
    { ...SESSION, key: { hashSecret: { env: 'MOORING_HASH_SECRET' } } },
    [
      'secret_missing at /key/hashSecret/env: MOORING_HASH_SECRET is not set; set it in the WasmPlugin, vmConfig.env (Envoy: vm_config.environment_variables); up to Envoy 1.38 plugins of one image share the environment of the first',
    ],
  ],
]

describe('a value that cannot be meant is refused, and the error says what to write', () => {
  test.each(refused)('%j', (configuration, errors) => {
    expect(compiler.compile(configuration).errors).toEqual(errors)
  })
})
