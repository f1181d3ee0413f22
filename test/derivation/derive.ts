/**
 * The whole derivation of a key a second time: written from docs/keys.md and docs/configuration.md, and from nothing
 * else. Where it and the filter differ, one of the two, or the page, is wrong.
 */
import ipaddr from 'ipaddr.js'
import type { HeaderList } from '../../host/index.ts'
import { parseCookieValue } from '../../host/envoy/index.ts'
import {
  allNode,
  binaryNode,
  booleanNode,
  keyedKey,
  listNode,
  numberNode,
  plainKey,
  textNode,
} from '../filter/reference-key.ts'
import { referencePath } from '../pure/reference-path.ts'
import { type ClaimValue, tokenClaim, withoutScheme } from './token.ts'
import { type PeerCertificate, certificateLabel, forwardedValue, peerValue } from './certificate.ts'
import { type TransformText, transformText } from './transform.ts'

/** A source as the configuration writes it. */
export type SourceText = string | Readonly<Record<string, unknown>>

export interface Request {
  readonly headers: HeaderList
  /** Envoy's filter metadata, where jwt_authn leaves what it has verified. */
  readonly metadata: Readonly<Record<string, unknown>>
  /** Envoy's `source.address`. */
  readonly address: string
  readonly peer: PeerCertificate
}

export interface KeyText {
  readonly from: readonly SourceText[]
  readonly format: 'hash' | 'raw'
  /** As it stands in the environment. */
  readonly secret: string | undefined
}

interface Siblings {
  readonly as: unknown
  readonly transform: readonly TransformText[]
}

type Value = ClaimValue | { readonly type: 'b'; readonly hex: string }

const LONGEST = 4096
const LONGEST_RAW = 256
const KINDS = [
  ...['cookie', 'header', 'query', 'claim', 'address', 'constant', 'path', 'authority', 'method', 'grpc'],
  ...['peer', 'forwardedClientCert', 'firstOf', 'all'],
]

/** Thrown where a required source yields nothing. */
class Refused extends Error {}

/** The key, or undefined if there is none. */
export function derive({ from, format, secret }: KeyText, request: Request): string | undefined {
  try {
    return firstYield(from, (source) => {
      const node = nodeOf(source, request, format === 'raw')
      if (node === undefined || typeof node === 'string') return node
      return secret === undefined ? plainKey(node) : keyedKey(node, secret)
    })
  } catch (error) {
    if (error instanceof Refused) return undefined
    throw error
  }
}

function firstYield<T>(
  sources: readonly SourceText[],
  yields: (source: SourceText) => T | undefined,
): T | undefined {
  for (const source of sources) {
    const found = yields(source)
    if (found !== undefined) return found
  }
  return undefined
}

/** The node, or under `raw` the text, of a source with its siblings. */
function nodeOf(source: SourceText, request: Request, raw: boolean): Buffer | string | undefined {
  const { as, required, transform = [], ...rest } = typeof source === 'string' ? { [source]: {} } : source
  const [kind = ''] = Object.keys(rest)
  if (!KINDS.includes(kind)) throw new Error(`no such source: ${kind}`)
  const node = nodeOfKind(kind, rest[kind], { as, transform: transform as TransformText[] }, request, raw)
  if (node === undefined && required === true) throw new Refused()
  return node
}

function nodeOfKind(
  kind: string,
  value: unknown,
  { as, transform }: Siblings,
  request: Request,
  raw: boolean,
): Buffer | string | undefined {
  if (kind === 'firstOf') return firstYield(value as SourceText[], (part) => nodeOf(part, request, raw))
  if (kind === 'all') {
    const parts: Buffer[] = []
    for (const part of value as SourceText[]) {
      const node = nodeOf(part, request, false)
      if (node === undefined) return undefined
      parts.push(node as Buffer)
    }
    return allNode(...parts)
  }
  const [label, yielded] = leafOf(kind, value, request)
  if (yielded === undefined || isNothing(yielded)) return undefined
  const found = transformed(yielded, transform)
  if (found === undefined || isNothing(found)) return undefined
  if (raw) return rawOf(kind, found)
  return encode(typeof as === 'string' ? `as:${as}` : label, found)
}

function isNothing(value: Value): boolean {
  const length = value.type === 's' ? value.text.length : value.type === 'l' ? listLength(value.items) : 1
  return length === 0 || length > LONGEST
}

function listLength(items: readonly string[]): number {
  return items.length === 0 ? 0 : 4 + items.reduce((sum, item) => sum + 4 + Buffer.byteLength(item), 0)
}

function encode(label: string, value: Value): Buffer {
  switch (value.type) {
    case 's':
      return textNode(label, value.text)
    case 'n':
      return numberNode(label, value.number === 0 ? 0 : value.number)
    case 't':
      return booleanNode(label, value.flag)
    case 'l':
      return listNode(label, value.items)
    case 'b':
      return binaryNode(label, value.hex)
  }
}

function rawOf(kind: string, value: Value): string | undefined {
  const text = rawText(kind, value)
  return text === '' || text === undefined || text.length > LONGEST_RAW ? undefined : text
}

function rawText(kind: string, value: Value): string | undefined {
  switch (value.type) {
    case 's':
      return escaped(value.text)
    case 'n':
      return Number.isInteger(value.number) ? BigInt(value.number).toString() : undefined
    case 't':
      return String(value.flag)
    case 'l':
      return value.items.map(escaped).join(',')
    case 'b': {
      if (kind !== 'address') throw new Error(`${kind} has no raw text here`)
      const bytes = [...Buffer.from(value.hex, 'hex')]
      return bytes.length === 4 ? bytes.join('.') : (value.hex.match(/..../g) ?? []).join(':')
    }
  }
}

function escaped(text: string): string {
  return text.replace(
    /[^\x21-\x7e]|[%,]/gs,
    (octet) => `%${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

/** The label and the value of a source that is no combination. */
function leafOf(kind: string, value: unknown, request: Request): [label: string, value: Value | undefined] {
  const fields = (first: string): Record<string, unknown> =>
    typeof value === 'object' && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : { [first]: value }
  switch (kind) {
    case 'cookie': {
      const name = String(fields('name')['name'])
      return [`cookie:${name}`, textValue(parseCookieValue(request.headers, name))]
    }
    case 'header': {
      const { name, repeated } = fields('name')
      const lower = String(name).toLowerCase()
      const entries = request.headers.filter(([header]) => header === lower).map(([, text]) => text)
      const text = entries.length > 1 && repeated !== 'join' ? undefined : entries.join(',')
      return [`header:${lower}`, textValue(text)]
    }
    case 'query': {
      const { name, decode } = fields('name')
      const text = queryValue(pathOf(request), String(name))
      return [`query:${String(name)}`, textValue(decode === true ? formDecoded(text) : text)]
    }
    case 'claim':
      return claimOf(fields('name'), request)
    case 'address': {
      const { ipv4Prefix = 32, ipv6Prefix = 128 } = fields('ipv4Prefix')
      return ['address', addressValue(request.address, Number(ipv4Prefix), Number(ipv6Prefix))]
    }
    case 'constant':
      // Bytes of UTF-8, one character each.
      return ['constant', textValue(Buffer.from(String(fields('value')['value'])).toString('latin1'))]
    case 'path': {
      const template = String(fields('template')['template'])
      return [`path:${template}`, pathValue(pathOf(request), template)]
    }
    case 'authority':
      return ['authority', textValue(hostOf(headerOf(request, ':authority')))]
    case 'peer':
      return [
        `peer:${certificateLabel(fields('field'))}`,
        textValue(peerValue(request.peer, fields('field'))),
      ]
    case 'forwardedClientCert': {
      const text = forwardedValue(request.headers, fields('field'))
      return [`forwardedClientCert:${certificateLabel(fields('field'))}`, textValue(text)]
    }
    case 'method':
      return ['method', textValue(headerOf(request, ':method'))]
    default: {
      const part = String(fields('part')['part'])
      return [`grpc:${part}`, textValue(grpcValue(request, part))]
    }
  }
}

const VERIFIED = ['envoy.filters.http.jwt_authn', 'payload']

function claimOf(
  {
    name,
    type = 'string',
    token,
    in: carrier = { header: 'authorization' },
    metadata = VERIFIED,
  }: Record<string, unknown>,
  request: Request,
): [label: string, value: Value | undefined] {
  const names = [name].flat().map(String)
  const pointer = (of: readonly string[]): string =>
    of.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
  if (token === 'unverified') {
    const text = tokenOf(carrier as Record<string, string>, request)
    const value = text === undefined ? undefined : tokenClaim(text, names, String(type))
    return [`unverified-claim:${pointer(names)}`, value]
  }
  const place = metadata as string[]
  const isDefault = JSON.stringify(place) === JSON.stringify(VERIFIED)
  const label = isDefault ? `claim:${pointer(names)}` : `metadata:${pointer([...place, ...names])}`
  return [label, claimValue(request.metadata, [...place, ...names], String(type))]
}

/** The token that a header, a query or a cookie carries. */
function tokenOf(carrier: Readonly<Record<string, string>>, request: Request): string | undefined {
  const [[kind, name] = ['', '']] = Object.entries(carrier)
  const [, value] = leafOf(kind, name, request)
  if (value?.type !== 's') return undefined
  return kind === 'header' ? withoutScheme(name.toLowerCase(), value.text) : value.text
}

function transformed(value: Value, transforms: readonly TransformText[]): Value | undefined {
  return value.type === 's'
    ? textValue(transforms.reduce<string | undefined>(transformText, value.text))
    : value
}

function textValue(text: string | undefined): Value | undefined {
  return text === undefined ? undefined : { type: 's', text }
}

function headerOf(request: Request, name: string): string | undefined {
  return request.headers.find(([header]) => header === name)?.[1]
}

function pathOf(request: Request): string {
  return headerOf(request, ':path') ?? ''
}

function queryValue(path: string, name: string): string | undefined {
  const mark = path.indexOf('?')
  if (mark < 0) return undefined
  const found = path
    .slice(mark + 1)
    .split('&')
    .find((parameter) => parameter.split('=', 1)[0] === name)
  return found?.slice(name.length + 1)
}

function formDecoded(text: string | undefined): string | undefined {
  if (text === undefined || /%(?![0-9a-f]{2})/i.test(text)) return undefined
  return text
    .replaceAll('+', ' ')
    .replace(/%(..)/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)))
}

function claimValue(
  metadata: Readonly<Record<string, unknown>>,
  names: readonly string[],
  type: string,
): Value | undefined {
  let found: unknown = metadata
  for (const name of names) {
    if (typeof found !== 'object' || found === null || Array.isArray(found)) return undefined
    found = (found as Record<string, unknown>)[name]
  }
  if (type === 'string' && typeof found === 'string') {
    // eslint-disable-next-line no-control-regex -- the page names these bytes
    return /[\0-\x1f]/.test(found) ? undefined : textValue(Buffer.from(found).toString('latin1'))
  }
  if (type === 'number' && typeof found === 'number') {
    return Math.abs(found) <= 2 ** 53 ? { type: 'n', number: found } : undefined
  }
  if (type === 'boolean' && typeof found === 'boolean') return { type: 't', flag: found }
  if (type === 'list' && Array.isArray(found)) return { type: 'l', items: found.map(String) }
  return undefined
}

function addressValue(text: string, ipv4Prefix: number, ipv6Prefix: number): Value | undefined {
  const host = /^\[(.*)\]:\d+$/.exec(text)?.[1] ?? text.replace(/:\d+$/, '')
  if (!ipaddr.isValid(host)) return undefined
  const address = ipaddr.process(host)
  const prefix = address.kind() === 'ipv4' ? ipv4Prefix : ipv6Prefix
  const bits = address
    .toByteArray()
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
  const masked = bits.slice(0, prefix).padEnd(bits.length, '0')
  const bytes = (masked.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2))
  return { type: 'b', hex: Buffer.from(bytes).toString('hex') }
}

function pathValue(path: string, template: string): Value | undefined {
  const normalised = referencePath(path)
  if (normalised === 'ambiguous') return undefined
  const expression = template
    .split('/')
    .map((segment) => {
      if (segment === '*') return '[^/]+'
      if (segment.startsWith('{')) return '([^/]+)'
      return segment.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
    })
    .join('/')
    .replace(/\/\\\*\\\*$/, '(?:/.*)?')
  const captures = new RegExp(`^${expression}$`, 's').exec(normalised)?.slice(1)
  if (captures === undefined) return undefined
  return captures.length === 1 ? textValue(captures[0]) : { type: 'l', items: captures }
}

function hostOf(authority: string | undefined): string | undefined {
  if (authority === undefined) return undefined
  const bracketed = /^\[(.*)\](?::\d*)?$/.exec(authority)?.[1]
  return (bracketed ?? authority.replace(/:\d*$/, '').replace(/\.$/, '')).toLowerCase()
}

function grpcValue(request: Request, part: string): string | undefined {
  if (!/^application\/grpc(\+|$)/.test(headerOf(request, 'content-type') ?? '')) return undefined
  const [, service, method] = /^\/([\w.]+)\/(\w+)$/.exec(pathOf(request)) ?? []
  return part === 'service' ? service : method
}
