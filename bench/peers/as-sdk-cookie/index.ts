/** The session's cookie as the key header, in the AssemblyScript SDK as its documentation shows it. */
export * from '@gcoredev/proxy-wasm-sdk-as/assembly/proxy'
import {
  Context,
  FilterHeadersStatusValues,
  registerRootContext,
  RootContext,
  stream_context,
} from '@gcoredev/proxy-wasm-sdk-as/assembly'

class Root extends RootContext {
  createContext(id: u32): Context {
    return new Session(id, this)
  }
}

class Session extends Context {
  constructor(id: u32, root: Root) {
    super(id, root)
  }

  onRequestHeaders(count: u32, endOfStream: bool): FilterHeadersStatusValues {
    const pairs = stream_context.headers.request.get('cookie').split('; ')
    for (let i = 0; i < pairs.length; i++) {
      if (!pairs[i].startsWith('ISTIOID=')) continue
      stream_context.headers.request.replace('x-mooring-key', pairs[i].substring(8))
      break
    }
    return FilterHeadersStatusValues.Continue
  }
}

registerRootContext((id: u32) => new Root(id), 'mooring')
