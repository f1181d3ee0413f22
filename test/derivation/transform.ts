/** Transforms a second time, from docs/keys.md. A text is its octets, one character for each. */

export type TransformText = string | Readonly<Record<string, unknown>>

/** What a transform leaves of a text; undefined if that has not the form it is for. */
export function transformText(text: string | undefined, transform: TransformText): string | undefined {
  if (text === undefined || text === '') return text
  const [name, value] = typeof transform === 'string' ? [transform] : (Object.entries(transform)[0] ?? [])
  switch (name) {
    case 'trim':
      return text.replace(/^[ \t]+|[ \t]+$/g, '')
    case 'lower':
      return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    case 'upper':
      return text.replace(/[a-z]/g, (letter) => letter.toUpperCase())
    case 'unquote':
      return /^"(.*)"$/s.exec(text)?.[1] ?? text
    case 'percentDecode':
      return /%(?![0-9a-f]{2})/i.test(text)
        ? undefined
        : text.replace(/%(..)/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)))
    case 'base64Decode':
      return fromBase64(text)
    case 'mcpDecode': {
      const inner = /^=\?base64\?(.*)\?=$/s.exec(text)?.[1]
      return inner === undefined ? text : fromBase64(inner)
    }
    case 'first':
      return text.slice(0, Number(value))
    case 'last':
      return text.slice(-Number(value))
    case 'split': {
      const { by, take } = value as { by: string; take: number }
      return text.split(by).at(take)
    }
    case 'capture':
      return captured(String(value), text)
    default:
      throw new Error(`no such transform: ${String(name)}`)
  }
}

function fromBase64(text: string): string | undefined {
  for (const alphabet of ['base64', 'base64url'] as const) {
    const decoded = Buffer.from(text, alphabet)
    const bare = decoded.toString(alphabet).replace(/=+$/, '')
    const padded = bare.padEnd(Math.ceil(bare.length / 4) * 4, '=')
    if (text === bare || text === padded) return decoded.toString('latin1')
  }
  return undefined
}

function captured(pattern: string, text: string): string | undefined {
  // As little as it can; the last one takes the rest, which the end of the expression sees to.
  const expression = pattern.split(/(\*|\{\})/).map((part) => {
    if (part === '*') return '[^]*?'
    return part === '{}' ? '([^]*?)' : part.replace(/[.+?^${}()|[\]\\/-]/g, String.raw`\$&`)
  })
  return leftmost(expression, text)
}

/** Matches without going back: each literal at its first place, the last one at the end. */
function leftmost(parts: readonly string[], text: string): string | undefined {
  const [head = '', ...rest] = parts
  const start = new RegExp(`^${head}`).exec(text)
  if (start === null) return undefined
  let remaining = text.slice(start[0].length)
  let found: string | undefined
  while (rest.length > 0) {
    const [wildcard = '', literal = ''] = rest.splice(0, 2)
    const match = new RegExp(`^${wildcard}${literal}${rest.length === 0 ? '$' : ''}`).exec(remaining)
    if (match === null) return undefined
    found = match[1] ?? found
    remaining = remaining.slice(match[0].length)
  }
  return remaining === '' ? found : undefined
}
