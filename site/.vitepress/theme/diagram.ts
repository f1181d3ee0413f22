// As a script of its own: as a module it would not find the name that it gives itself.
import library from '@mermaid-js/tiny/dist/mermaid.tiny.js?url'
import { useData } from 'vitepress'
import { defineComponent, h, onMounted, ref, useId, watch } from 'vue'

/** What is used of the library that draws diagrams. */
interface Mermaid {
  initialize(options: { readonly startOnLoad: boolean; readonly theme: 'dark' | 'default' }): void
  render(id: string, source: string): Promise<{ readonly svg: string }>
}

let loading: Promise<Mermaid> | undefined

/** The library, fetched with the first diagram that somebody sees. */
async function load(): Promise<Mermaid> {
  const script = document.createElement('script')
  script.src = library
  await new Promise((resolve, reject) => {
    script.addEventListener('load', resolve)
    script.addEventListener('error', () => {
      reject(new Error(`${library} cannot be loaded`))
    })
    document.head.append(script)
  })
  return (globalThis as unknown as { readonly mermaid: Mermaid }).mermaid
}

/** A diagram in the language of Mermaid, drawn in the browser; until then, and without scripts, its source. */
export const Diagram = defineComponent({
  props: { source: { type: String, required: true } },
  setup(props) {
    const source = decodeURIComponent(props.source)
    const svg = ref('')
    const id = `diagram-${useId()}`
    const { isDark } = useData()
    const draw = async () => {
      const mermaid = await (loading ??= load())
      mermaid.initialize({ startOnLoad: false, theme: isDark.value ? 'dark' : 'default' })
      svg.value = (await mermaid.render(id, source)).svg
    }
    onMounted(() => {
      watch(isDark, draw, { immediate: true })
    })
    return () =>
      svg.value === ''
        ? h('pre', { class: 'diagram' }, source)
        : h('div', { class: 'diagram', innerHTML: svg.value })
  },
})
