/** How text is emphasised: with escape sequences on a terminal, or not at all. */
export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
}

const plainText = (text: string) => text
const escape = (code: number) => (text: string) => `\u001b[${code}m${text}\u001b[0m`

/** No emphasis. */
export const PLAIN: Style = { bold: plainText, dim: plainText, good: plainText, bad: plainText }

const COLOUR: Style = { bold: escape(1), dim: escape(2), good: escape(32), bad: escape(31) }

/** Colour for a terminal whose user did not ask for none (https://no-color.org: set and not empty). */
export function styleFor(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): Style {
  const refused = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb'
  return stream.isTTY === true && !refused ? COLOUR : PLAIN
}
