/** The normalised path, or 'ambiguous': a second implementation, by whole texts and lists instead of a scan. */
export function referencePath(path: string): string {
  const raw = path.replace(/[?#].*$/s, '').replaceAll('\\', '/')
  if (!raw.startsWith('/') || /[;\0]|%(?![0-9a-f]{2})|%(2f|5c|00)/i.test(raw)) return 'ambiguous'
  const spelled = raw
    .replace(
      /[^A-Za-z0-9\-._~!$&'()*+,=:@/%]/g,
      (octet) => `%${octet.charCodeAt(0).toString(16).padStart(2, '0')}`,
    )
    .replace(/%(..)/g, (escape, digits: string) => {
      const octet = String.fromCharCode(parseInt(digits, 16))
      return /[A-Za-z0-9\-._~]/.test(octet) ? octet : escape.toUpperCase()
    })
  const segments = spelled.slice(1).split('/')
  const kept: string[] = []
  for (const [i, segment] of segments.entries()) {
    if (segment === '..') {
      if (kept.length === 0 || segments.slice(0, i).includes('')) return 'ambiguous'
      kept.pop()
    } else if (segment !== '' && segment !== '.') {
      kept.push(segment)
      if (kept.length > 64) return 'ambiguous'
    }
  }
  const endsWithSlash = ['', '.', '..'].includes(segments.at(-1) ?? '')
  return kept.length === 0 ? '/' : `/${kept.join('/')}${endsWithSlash ? '/' : ''}`
}
