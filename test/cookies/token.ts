/** Session tokens that somebody got a while ago: from the filter itself, in our host, by a clock that was put back. */
import { pass, setCookies } from '../filter/mooring.ts'
import { SIGNING, startSigned } from '../filter/signing.ts'
import { idOf } from '../session/token.ts'

export interface Token {
  /** What a client keeps as the cookie's value. */
  readonly text: string
  /** What the router and the pods see in its place. */
  readonly id: string
  /** When it was issued, in seconds since 1970. */
  readonly issued: number
}

/** A token for a session that began `seconds` ago, at https://`host`/. */
export function tokenFrom(seconds: number, host: string, session: object = { signing: SIGNING }): Token {
  const issued = Math.floor(Date.now() / 1000) - seconds
  const { plugin } = startSigned(session, issued)
  const [line = ''] = setCookies(
    pass(plugin, [
      [':authority', host],
      ['x-forwarded-proto', 'https'],
    ]),
  )
  const text = /^[^=]+=([^;]*);/.exec(line)?.[1] ?? ''
  return { text, id: idOf(text), issued }
}

/** The token with another tag, of the same form. */
export function forged({ text }: Token): string {
  const at = text.lastIndexOf('.') + 1
  return `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`
}
