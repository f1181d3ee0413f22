/** One header line: a lower-case name and its value, both byte strings (see byte-string.ts). */
export type HeaderEntry = readonly [name: string, value: string]

/**
 * Headers in the order in which they arrived, pseudo headers (`:path`, `:authority`, ...) among them. Repeated
 * names stay separate entries, as Envoy keeps them.
 */
export type HeaderList = readonly HeaderEntry[]

/** Every value of one name, in order; none if the header is absent. */
export function headerValues(headers: HeaderList, lowerCaseName: string): string[] {
  return headers.filter(([name]) => name === lowerCaseName).map(([, value]) => value)
}

/** The first value of a name, which is what most of Envoy reads of a repeated header. */
export function firstHeader(headers: HeaderList, lowerCaseName: string): string | undefined {
  return headers.find(([name]) => name === lowerCaseName)?.[1]
}
