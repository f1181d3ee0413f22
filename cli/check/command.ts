import { writeFileSync } from 'node:fs'
import { styleFor } from '../../tools/style.ts'
import type { Command } from '../command.ts'
import { loadFilter } from '../filter-module.ts'
import { type NamedFiles, readFiles } from '../manifests/read.ts'
import { UnreadableFileError } from '../unreadable-file-error.ts'
import { type CheckArguments, HELP, readArguments } from './arguments.ts'
import { check as checkFiles, type CheckResult } from './check.ts'
import { fixed } from './fix.ts'
import { report } from './report.ts'

export const check: Command = {
  help: HELP,
  run(args) {
    const options = readArguments(args)
    const module = loadFilter()
    const deployed = readFiles(options.deployed).files
    const judge = ({ files, named }: NamedFiles) => checkFiles(files, named, { ...options, module, deployed })
    const read = readFiles(options.files)
    let result = judge(read)
    if (result.objects === 0 && result.configurations === 0 && result.findings.length === 0) {
      throw new UnreadableFileError(
        'nothing_to_check',
        options.files.join(', '),
        'no Kubernetes object and no pluginConfig in there',
      )
    }
    if (options.fix && putRight(read, result)) result = judge(readFiles(options.files))
    process.stdout.write(report(result, options.format, styleFor(process.stdout, process.env)))
    return exitCodeOf(result, options)
  },
}

/** Writes the files anew in which something can be put right; whether there was anything. */
function putRight({ files }: NamedFiles, { findings }: CheckResult): boolean {
  const texts = fixed(files, findings)
  for (const [name, { text, changes }] of texts) {
    writeFileSync(name, text)
    process.stderr.write(`${name}: ${String(changes)} changed\n`)
  }
  return texts.size > 0
}

function exitCodeOf({ findings }: CheckResult, { strict }: CheckArguments): number {
  return findings.some(({ severity }) => strict || severity === 'error') ? 1 : 0
}
