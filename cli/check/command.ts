import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ProxyWasmModule } from '../../host/index.ts'
import { packageRoot } from '../../tools/package-root.ts'
import { styleFor } from '../../tools/style.ts'
import type { Command } from '../command.ts'
import { UnreadableFileError } from '../unreadable-file-error.ts'
import { HELP, readArguments } from './arguments.ts'
import { configurationsIn } from './configuration-source.ts'
import { checkConfiguration } from './plugin-config.ts'
import { asJson, asText } from './report.ts'

const STANDARD_INPUT = 0

export const check: Command = {
  name: 'check',
  summary: 'say what a proxy would make of manifests, before they are applied',
  help: HELP,
  run(args) {
    const { format, files } = readArguments(args)
    const sources = files.flatMap((file) =>
      configurationsIn(file, readFileSync(file === '-' ? STANDARD_INPUT : file, 'utf8')),
    )
    if (sources.length === 0) {
      throw new UnreadableFileError(
        'nothing_to_check',
        files.join(', '),
        'no WasmPlugin and no pluginConfig in there',
      )
    }
    const module = ProxyWasmModule.load(readFileSync(join(packageRoot, 'build', 'mooring.wasm')))
    const results = sources.map((source) => checkConfiguration(module, source))
    process.stdout.write(
      format === 'json' ? asJson(results) : asText(results, styleFor(process.stdout, process.env)),
    )
    return results.every(({ accepted }) => accepted) ? 0 : 1
  },
}
