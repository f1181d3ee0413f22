import { expect, test } from 'vitest'
import { Replicas } from '../../demo/replica.ts'
import { inEnvoy } from './in-envoy.ts'
import { rawRequest, type RawAnswer } from './raw-request.ts'
import { until } from './until.ts'
import { startWatching } from './watching.ts'

const mints = (name: string) => ({ session: { cookie: { name } } })
const minted = ({ setCookie }: RawAnswer) => setCookie[0]?.split('=')[0]

inEnvoy(({ binary }) => {
  test('configurations change under load without one failed request, and a bad one leaves the last in force', async () => {
    await using replicas = await Replicas.start()
    const gateway = await startWatching({
      binary,
      replicas: replicas.ports,
      pluginConfig: mints('FIRST'),
    })
    const answers: RawAnswer[] = []
    let loading = true
    const load = async () => {
      while (loading) answers.push(await rawRequest(gateway.port, []))
    }
    const untilMinting = (name: string) =>
      until(name, () => answers.slice(-4).every((answer) => minted(answer) === name))

    const loads = [load(), load(), load(), load()]
    try {
      await until('the first answer', () => answers.length > 20)
      for (const name of ['SECOND', 'THIRD']) {
        gateway.apply(mints(name))
        await untilMinting(name)
      }
      gateway.apply({ session: { coookie: {} } })
      await until('the refusal', async () => {
        const stats = await gateway.envoy.stats('lds.update_rejected')
        return stats.get('listener_manager.lds.update_rejected') === 1
      })
      const afterRefusal = answers.length
      await until('more answers', () => answers.length > afterRefusal + 40)
      expect(new Set(answers.slice(afterRefusal).map(minted))).toEqual(new Set(['THIRD']))
      expect(gateway.envoy.log).toContain(
        'unknown_field at /session/coookie: not known here; did you mean cookie?',
      )
      gateway.apply(mints('FOURTH'))
      await untilMinting('FOURTH')
    } finally {
      loading = false
      await Promise.all(loads)
      await gateway.stop()
    }
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
    expect(new Set(answers.map(minted))).toEqual(new Set(['FIRST', 'SECOND', 'THIRD', 'FOURTH']))
  })
})
