/** Small configurations around the piece that a test is about. */

export const SESSION = { session: {} }

export function cookie(fields: object): object {
  return { session: { cookie: fields } }
}

export function from(...sources: unknown[]): object {
  return { session: {}, key: { from: sources } }
}

export function rule(fields: object): object {
  return { session: {}, rules: [{ name: 'a', match: { paths: ['/'] }, ...fields }] }
}

export function match(fields: object): object {
  return { session: {}, rules: [{ name: 'a', match: fields }] }
}
