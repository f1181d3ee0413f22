/** Names in certificates a second time, from docs/keys.md. A text is its octets, one character for each. */
import type { HeaderList } from '../../host/index.ts'

type Fields = Readonly<Record<string, unknown>>

/** What Envoy knows of the peer's certificate, by field; missing where there is no such name. */
export type PeerCertificate = Readonly<Partial<Record<'uri' | 'dns' | 'subject' | 'digest', string>>>

/** What stands behind the kind in the label. */
export function certificateLabel({ field, part }: Fields): string {
  return String(part ?? field)
}

export function peerValue(peer: PeerCertificate, { field, part }: Fields): string | undefined {
  return partOf(peer[field as keyof PeerCertificate], part)
}

export function forwardedValue(
  headers: HeaderList,
  { field, part, element = 'last', hops }: Fields,
): string | undefined {
  const lines = headers
    .filter(([name, line]) => name === 'x-forwarded-client-cert' && line !== '')
    .map(([, line]) => line)
  const elements = elementsOf(lines.join(','))
  if (elements === undefined || elements.length > 64) return undefined
  if (hops !== undefined && elements.length !== hops) return undefined
  const chosen = element === 'last' ? elements.at(-1) : elements[element === 'first' ? 0 : Number(element)]
  return partOf(chosen?.find(([key]) => key.toLowerCase() === field)?.[1], part)
}

type Pair = readonly [key: string, value: string]

/** Each element's pairs; undefined if the header is not of the grammar. */
function elementsOf(header: string): Pair[][] | undefined {
  if (header.length > 16_384) return undefined
  const elements: Pair[][] = []
  const pair =
    /(^[ \t]*|(?<!^),[ \t]*|(?<!^);)([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\[^])*)"|([!#-+\--:<-~\x80-\xff]*))/y
  while (pair.lastIndex < header.length) {
    const [, separator = '', key = '', quoted, plain = ''] = pair.exec(header) ?? []
    if (key === '') return undefined
    if (separator !== ';') elements.push([])
    const value = quoted ?? plain
    elements.at(-1)?.push([key, value])
  }
  return elements
}

function partOf(text: string | undefined, part: unknown): string | undefined {
  if (text === undefined || part === undefined) return text
  const id = /^spiffe:\/\/([a-z0-9._-]+)((?:\/(?!\.\.?(?:\/|$))[A-Za-z0-9._-]+){0,64})$/.exec(text)
  if (id === null) return undefined
  const [, trustDomain, path = ''] = id
  const [, namespace, serviceAccount] = /^\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(path) ?? []
  return { trustDomain, namespace, serviceAccount }[part as 'namespace']
}
