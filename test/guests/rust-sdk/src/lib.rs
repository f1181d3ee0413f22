//! Filters of the Rust SDK, in the manner of its examples. The plugin's configuration names the one that runs.

use log::info;
use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel, MetricType, Status};
use std::time::Duration;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(Root::default()));
}}

#[derive(Default)]
struct Root {
    filter: String,
    requests: u32,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_vm_start(&mut self, size: usize) -> bool {
        info!("vm start {}", size);
        true
    }

    fn on_configure(&mut self, size: usize) -> bool {
        let bytes = self.get_plugin_configuration().unwrap_or_default();
        info!("configure {} {}", size, bytes.len());
        self.filter = String::from_utf8(bytes).unwrap_or_default();
        if self.filter == "tick" {
            self.set_tick_period(Duration::from_millis(50));
        }
        self.filter != "refuse"
    }

    fn on_tick(&mut self) {
        self.set_shared_data("ticked", Some(b"yes"), None).unwrap();
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        Some(match self.filter.as_str() {
            "headers" => Box::new(Headers),
            "body" => Box::new(Body),
            "callout" => Box::new(Callout),
            "metrics" => Box::new(Metrics::define()),
            "properties" => Box::new(Properties),
            _ => Box::new(Shared { requests: self.requests }),
        })
    }
}

/// Reads, adds, replaces and removes headers, and answers itself where it is asked to.
struct Headers;

impl Context for Headers {
    fn on_done(&mut self) -> bool {
        info!("done");
        true
    }
}

impl HttpContext for Headers {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        info!("end of stream {}", end_of_stream);
        for (name, value) in self.get_http_request_headers() {
            if name.starts_with("x-t") {
                info!("{}: {}", name, value);
            }
        }
        match self.get_http_request_header("x-t-ask") {
            Some(ask) if ask == "hello" => {
                self.send_http_response(200, vec![("x-t-greeting", "hello"), ("powered-by", "proxy-wasm")], Some(b"Hello, World!\n"));
                return Action::Pause;
            }
            Some(ask) if ask == "nothing" => {
                self.send_http_response(204, vec![], None);
                return Action::Pause;
            }
            Some(ask) => info!("asked for {}", ask),
            None => info!("asked for nothing"),
        }
        info!("empty {:?}", self.get_http_request_header("x-t-empty"));
        self.add_http_request_header("x-t-list", "added");
        self.set_http_request_header("x-t-set", Some("set"));
        self.set_http_request_header("x-t-gone", None);
        self.set_http_request_header_bytes("x-t-bytes", Some(&[0xc3, 0xbc]));
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        let mut headers = self.get_http_response_headers();
        headers.retain(|(name, _)| name != "x-t-secret");
        headers.push(("x-t-all".to_string(), headers.iter().filter(|(name, _)| name.starts_with("x-t")).count().to_string()));
        self.set_http_response_headers(headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect());
        Action::Continue
    }

    fn on_log(&mut self) {
        info!("log {:?} {:?}", self.get_http_request_header("x-t-set"), self.get_http_response_header(":status"));
    }
}

/// Waits for whole bodies and rewrites them.
struct Body;

impl Context for Body {}

impl HttpContext for Body {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        self.set_http_request_header("content-length", None);
        Action::Continue
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        if !end_of_stream {
            return Action::Pause;
        }
        let body = self.get_http_request_body(0, size).unwrap_or_default();
        info!("request body {} {}", size, body.len());
        self.set_http_request_body(0, size, &body.to_ascii_uppercase());
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        self.set_http_response_header("content-length", None);
        Action::Continue
    }

    fn on_http_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        if !end_of_stream {
            return Action::Pause;
        }
        info!("response body {}", size);
        self.set_http_response_body(0, 0, b"<");
        self.set_http_response_body(size + 1, 0, b">");
        Action::Continue
    }
}

/// Asks another server whether a request may pass.
struct Callout;

impl Context for Callout {
    fn on_http_call_response(&mut self, _token: u32, headers: usize, size: usize, trailers: usize) {
        let status = self.get_http_call_response_header(":status");
        let reason = self.get_http_call_response_header("x-t-reason");
        let body = self.get_http_call_response_body(0, size).unwrap_or_default();
        info!("answer {} {:?} {:?} {} {}", headers > 0, status, reason, String::from_utf8_lossy(&body), trailers);
        match status.as_deref() {
            Some("200") => {
                self.set_http_request_header("x-t-allowed", reason.as_deref());
                self.resume_http_request();
            }
            _ => self.send_http_response(403, vec![("x-t-denied", "1")], Some(&body)),
        }
    }
}

impl HttpContext for Callout {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        let path = self.get_http_request_header(":path").unwrap_or_default();
        let headers = vec![(":method", "GET"), (":path", path.as_str()), (":authority", "auth.example.com"), ("x-t-asked", "1")];
        match self.dispatch_http_call("auth", headers.clone(), Some(b"may I?"), vec![], Duration::from_millis(300)) {
            Ok(_) => (),
            Err(status) => info!("refused {:?}", status),
        }
        info!("unknown {:?}", self.dispatch_http_call("nowhere", headers, None, vec![], Duration::from_secs(1)));
        Action::Pause
    }
}

/// Counts requests in shared data, with its compare-and-swap.
struct Shared {
    requests: u32,
}

impl Context for Shared {}

impl HttpContext for Shared {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        let (value, cas) = self.get_shared_data("count");
        let count = value.map_or(self.requests, |bytes| u32::from_le_bytes(bytes.try_into().unwrap())) + 1;
        let wrong = self.set_shared_data("count", Some(b"0000"), Some(cas.unwrap_or(0) + 1000));
        info!("stale {:?}", wrong);
        if wrong.is_err() || cas.is_none() {
            self.set_shared_data("count", Some(&count.to_le_bytes()), None).unwrap();
        }
        self.set_http_request_header("x-t-count", Some(&count.to_string()));
        let (ticked, _) = self.get_shared_data("ticked");
        self.set_http_request_header("x-t-ticked", Some(if ticked.is_some() { "yes" } else { "no" }));
        Action::Continue
    }
}

/// Defines a metric of each kind.
struct Metrics {
    ids: [u32; 3],
}

impl Metrics {
    fn define() -> Self {
        let define = |kind, name| hostcalls::define_metric(kind, name).unwrap();
        Metrics {
            ids: [
                define(MetricType::Counter, "rust_counter"),
                define(MetricType::Gauge, "rust_gauge"),
                define(MetricType::Histogram, "rust_histogram"),
            ],
        }
    }
}

impl Context for Metrics {}

impl HttpContext for Metrics {
    fn on_http_request_headers(&mut self, count: usize, _end_of_stream: bool) -> Action {
        let [counter, gauge, histogram] = self.ids;
        hostcalls::increment_metric(counter, 2).unwrap();
        hostcalls::increment_metric(gauge, 5).unwrap();
        hostcalls::increment_metric(gauge, -3).unwrap();
        hostcalls::record_metric(histogram, count as u64).unwrap();
        info!(
            "counter {:?} gauge {:?} kinds {:?}",
            hostcalls::get_metric(counter),
            hostcalls::get_metric(gauge),
            self.ids.map(|id| id & 3)
        );
        Action::Continue
    }
}

/// Reads properties and sets its own; asks for the time and for foreign functions.
struct Properties;

impl Context for Properties {}

impl HttpContext for Properties {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        for path in [vec!["request", "path"], vec!["plugin_root_id"], vec!["request", "no_such"], vec!["xds", "cluster_name"]] {
            let value = self.get_property(path.clone());
            info!("{} {:?}", path.join("."), value.map(|bytes| String::from_utf8_lossy(&bytes).to_string()));
        }
        self.set_property(vec!["rust_mark"], Some(b"set"));
        info!("mark {:?}", self.get_property(vec!["rust_mark"]));
        info!("year {}", self.get_current_time().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() > 1_600_000_000);
        info!("foreign {:?}", self.call_foreign_function("no_such", None).err().map(|status| status == Status::NotFound));
        info!("foreign {:?}", self.call_foreign_function("compress", Some(b"aaaa")).is_ok());
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        let code = self.get_property(vec!["response", "code"]).map(|bytes| u64::from_le_bytes(bytes.try_into().unwrap()));
        info!("code {:?} mark {:?}", code, self.get_property(vec!["rust_mark"]).is_some());
        Action::Continue
    }
}
