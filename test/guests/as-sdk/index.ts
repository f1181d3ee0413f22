/** The AssemblyScript SDK as its documentation shows it: headers, a local reply, shared data. */
export * from '@gcoredev/proxy-wasm-sdk-as/assembly/proxy'
import {
  Context,
  FilterHeadersStatusValues,
  get_property,
  log,
  LogLevelValues,
  makeHeaderPair,
  registerRootContext,
  RootContext,
  send_http_response,
  stream_context,
} from '@gcoredev/proxy-wasm-sdk-as/assembly'

class Root extends RootContext {
  createContext(id: u32): Context {
    return new Filter(id, this)
  }
}

class Filter extends Context {
  constructor(id: u32, root: Root) {
    super(id, root)
  }

  onRequestHeaders(count: u32, endOfStream: bool): FilterHeadersStatusValues {
    const headers = stream_context.headers.request
    const user = headers.get('x-t-user')
    log(LogLevelValues.info, 'user ' + user)
    if (user == '') {
      send_http_response(401, 'nobody', String.UTF8.encode('who are you?'), [
        makeHeaderPair('x-t-reply', 'sdk'),
      ])
      return FilterHeadersStatusValues.StopIteration
    }
    headers.replace('x-t-user', user.toUpperCase())
    headers.add('x-t-list', 'added')
    headers.remove('x-t-gone')
    headers.add('x-t-path', String.UTF8.decode(get_property('request.path')))
    return FilterHeadersStatusValues.Continue
  }

  onResponseHeaders(count: u32, endOfStream: bool): FilterHeadersStatusValues {
    stream_context.headers.response.add('x-t-config', this.root_context.getConfiguration())
    return FilterHeadersStatusValues.Continue
  }
}

registerRootContext((id: u32) => new Root(id), 'root')
