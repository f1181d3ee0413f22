/** From the numbers that a guest passes to the ABI's enums; undefined beyond an enum's last member: BadArgument. */
import {
  BufferType,
  FilterDataStatus,
  FilterHeadersStatus,
  FilterTrailersStatus,
  HeaderMapType,
  LogLevel,
  MetricType,
  StreamType,
} from '../assembly/proxy/abi.ts'

const HEADER_MAPS: readonly HeaderMapType[] = [
  HeaderMapType.RequestHeaders,
  HeaderMapType.RequestTrailers,
  HeaderMapType.ResponseHeaders,
  HeaderMapType.ResponseTrailers,
  HeaderMapType.GrpcReceiveInitialMetadata,
  HeaderMapType.GrpcReceiveTrailingMetadata,
  HeaderMapType.HttpCallResponseHeaders,
  HeaderMapType.HttpCallResponseTrailers,
]
const BUFFERS: readonly BufferType[] = [
  BufferType.HttpRequestBody,
  BufferType.HttpResponseBody,
  BufferType.NetworkDownstreamData,
  BufferType.NetworkUpstreamData,
  BufferType.HttpCallResponseBody,
  BufferType.GrpcReceiveBuffer,
  BufferType.VmConfiguration,
  BufferType.PluginConfiguration,
  BufferType.CallData,
]
const LOG_LEVELS: readonly LogLevel[] = [
  LogLevel.Trace,
  LogLevel.Debug,
  LogLevel.Info,
  LogLevel.Warn,
  LogLevel.Error,
  LogLevel.Critical,
]
const METRICS: readonly MetricType[] = [MetricType.Counter, MetricType.Gauge, MetricType.Histogram]
const STREAMS: readonly StreamType[] = [
  StreamType.Request,
  StreamType.Response,
  StreamType.Downstream,
  StreamType.Upstream,
]
/** By what the guest returns; Envoy takes ContinueAndEndStream for Continue (convertFilterHeadersStatus). */
const HEADERS_STATUSES: readonly FilterHeadersStatus[] = [
  FilterHeadersStatus.Continue,
  FilterHeadersStatus.StopIteration,
  FilterHeadersStatus.Continue,
  FilterHeadersStatus.StopAllIterationAndBuffer,
  FilterHeadersStatus.StopAllIterationAndWatermark,
]
const DATA_STATUSES: readonly FilterDataStatus[] = [
  FilterDataStatus.Continue,
  FilterDataStatus.StopIterationAndBuffer,
  FilterDataStatus.StopIterationAndWatermark,
  FilterDataStatus.StopIterationNoBuffer,
]

export function headerMapTypeOf(value: number): HeaderMapType | undefined {
  return HEADER_MAPS[value >>> 0]
}

export function bufferTypeOf(value: number): BufferType | undefined {
  return BUFFERS[value >>> 0]
}

export function logLevelOf(value: number): LogLevel | undefined {
  return LOG_LEVELS[value >>> 0]
}

export function metricTypeOf(value: number): MetricType | undefined {
  return METRICS[value >>> 0]
}

export function streamTypeOf(value: number): StreamType | undefined {
  return STREAMS[value >>> 0]
}

/**
 * What Envoy does after a headers callback (convertVmCallResultToFilterHeadersStatus). A plain StopIteration stops
 * everything, the body too, unless the configuration allows it.
 *
 * @param stopped whether the guest has sent a local reply, after which its return value does not matter
 */
export function headersStatusOf(
  returned: number,
  stopped: boolean,
  allowStopIteration: boolean,
): FilterHeadersStatus {
  const stopAll = FilterHeadersStatus.StopAllIterationAndWatermark
  if (stopped) return stopAll
  const status = HEADERS_STATUSES[returned] ?? stopAll
  return status === FilterHeadersStatus.StopIteration && !allowStopIteration ? stopAll : status
}

/** What Envoy does after a body callback. */
export function dataStatusOf(returned: number, stopped: boolean): FilterDataStatus {
  const noBuffer = FilterDataStatus.StopIterationNoBuffer
  return stopped ? noBuffer : (DATA_STATUSES[returned] ?? noBuffer)
}

/** What Envoy does after a trailers callback. */
export function trailersStatusOf(returned: number, stopped: boolean): FilterTrailersStatus {
  return stopped || returned !== 0 ? FilterTrailersStatus.StopIteration : FilterTrailersStatus.Continue
}
