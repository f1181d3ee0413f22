const FIRST_LINE_AFTER_MS = 1_000
const NEXT_LINE_EVERY_MS = 10_000

/**
 * Waits for `work` and keeps a person informed meanwhile: nothing is written when it takes less than a second,
 * else one line on stderr, another every ten seconds, and the time it took at the end.
 *
 * @example await withProgress('fetching Envoy 1.40.0', () => install('1.40.0'))
 */
export async function withProgress<T>(
  message: string,
  work: () => Promise<T>,
  write: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
): Promise<T> {
  const started = Date.now()
  const seconds = () => Math.round((Date.now() - started) / 1_000)
  let lines = 0
  const announce = () => {
    write(lines === 0 ? `${message} ...` : `${message}: ${seconds()} s so far`)
    lines += 1
    timer = setTimeout(announce, NEXT_LINE_EVERY_MS)
  }
  let timer = setTimeout(announce, FIRST_LINE_AFTER_MS)
  try {
    return await work()
  } finally {
    clearTimeout(timer)
    if (lines > 0) write(`${message}: ${seconds()} s`)
  }
}
