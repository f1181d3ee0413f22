/** What filters have logged, line by line, in an Envoy's log. */
export function wasmLogLines(log: string): string[] {
  return log.split('\n').flatMap((text) => {
    const message = /wasm log[^:]*: (.*)/.exec(text)?.[1]
    return message === undefined ? [] : [message]
  })
}
