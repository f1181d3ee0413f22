import { styleFor } from '../../tools/style.ts'
import type { Command } from '../command.ts'
import { loadFilter } from '../filter-module.ts'
import { readArguments } from './arguments.ts'
import { Explainer } from './explain.ts'
import { HELP } from './help.ts'
import { Journeys } from './journey.ts'
import { readManifests } from './manifests.ts'
import { pluginIn } from './plugin.ts'
import { isKnown } from './outcome.ts'
import { asJson, asText, refusedJson, refusedText } from './report.ts'

export const explain: Command = {
  help: HELP,
  run(args) {
    const given = readArguments(args)
    const manifests = readManifests(given.manifests)
    const plugin = pluginIn(manifests, given.plugin, { files: given.variables, own: process.env })
    const { destination: host, port, subset, pods } = given
    const journeys = new Journeys(manifests, { host, port, subset, pods })
    const namespace = given.proxyNamespace ?? (plugin.namespace === '' ? undefined : plugin.namespace)
    const module = loadFilter()
    const style = styleFor(process.stdout, process.env)
    const explainer = Explainer.of(module, plugin, namespace, journeys)
    if ('refused' in explainer) {
      const { label } = plugin
      const { refused } = explainer
      process.stdout.write(
        given.format === 'json' ? refusedJson(label, refused) : refusedText(label, refused, style),
      )
      return 1
    }
    const { request } = given
    const explanation = explainer.explain(request, given)
    process.stdout.write(
      given.format === 'json' ? asJson(request, explanation) : asText(request, explanation, style),
    )
    return isKnown(explanation.outcome) ? 0 : 1
  },
}
