import { UsageError } from '../../tools/usage-error.ts'
import { h2load, h2loadVersion } from './h2load.ts'
import type { LoadTool } from './load-tool.ts'
import { undiciLoad, UNDICI_VERSION } from './undici-load.ts'

/** The tools by the name that a user may ask for. */
export const LOAD_TOOLS = ['h2load', 'undici'] as const
export type LoadToolName = (typeof LOAD_TOOLS)[number]

/**
 * The tool that is asked for; by default h2load where it is there, else undici.
 *
 * @throws {UsageError} where h2load is asked for and not there
 */
export async function loadTool(wanted?: LoadToolName): Promise<LoadTool> {
  const found = wanted === 'undici' ? undefined : await h2loadVersion()
  if (found?.found === true) return { name: found.version, send: h2load }
  if (wanted === 'h2load' && found !== undefined) {
    throw new UsageError(`--load h2load: there is none, Debian has it in nghttp2-client: ${found.reason}`)
  }
  return { name: `undici ${UNDICI_VERSION}`, send: undiciLoad }
}
