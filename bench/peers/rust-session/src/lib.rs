//! One filter, several tasks; the plugin's configuration names one and gives what it needs: `read`, `mint`,
//! `signed SECRET`, `claim SECRET`, `rules HOST/PREFIX ...`. A secret is in base64; an empty host is any.

mod key;
mod occasion;
mod rule;
mod token;

use std::rc::Rc;
use std::time::UNIX_EPOCH;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel};

use occasion::Caching;

const COOKIE: &str = "ISTIOID";
const KEY_HEADER: &str = "x-mooring-key";
const CLAIM: [&str; 5] = [
    "metadata",
    "filter_metadata",
    "envoy.filters.http.jwt_authn",
    "payload",
    "sub",
];

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Warn);
    proxy_wasm::set_root_context(|_| -> Box<dyn RootContext> { Box::new(Root { task: None }) });
}}

enum Task {
    Read,
    Mint,
    Signed(token::Signer),
    Claim(key::Keyed),
    Rules(Vec<rule::Rule>),
}

struct Root {
    task: Option<Rc<Task>>,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _: usize) -> bool {
        self.task = self
            .get_plugin_configuration()
            .and_then(|bytes| task(&bytes))
            .map(Rc::new);
        self.task.is_some()
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        let task = self.task.clone()?;
        Some(Box::new(Stream {
            task,
            set_cookie: None,
        }))
    }
}

fn task(configuration: &[u8]) -> Option<Task> {
    let mut words = std::str::from_utf8(configuration).ok()?.split(' ');
    match (words.next()?, words.next()) {
        ("read", None) => Some(Task::Read),
        ("mint", None) => Some(Task::Mint),
        ("signed", Some(secret)) => Some(Task::Signed(token::Signer::new(secret)?)),
        ("claim", Some(secret)) => Some(Task::Claim(key::Keyed::new(secret)?)),
        ("rules", Some(first)) => std::iter::once(first)
            .chain(words)
            .map(rule::Rule::new)
            .collect::<Option<_>>()
            .map(Task::Rules),
        _ => None,
    }
}

struct Stream {
    task: Rc<Task>,
    set_cookie: Option<String>,
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        let task = self.task.clone();
        match &*task {
            Task::Read => {
                let cookies = self.get_http_request_header("cookie").unwrap_or_default();
                // The optimiser must not find out that nobody wants it.
                std::hint::black_box(session(&cookies));
            }
            Task::Mint => self.mint(),
            Task::Rules(rules) => self.compose(rules),
            Task::Signed(signer) => self.verify(signer),
            Task::Claim(keyed) => {
                self.keep_session();
                if let Some(claim) = self.get_property(CLAIM.to_vec()) {
                    self.set_http_request_header(KEY_HEADER, Some(&keyed.key_of_claim(&claim)));
                }
            }
        }
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
        if let Some(value) = self.set_cookie.take() {
            self.answer(&value);
        }
        Action::Continue
    }
}

impl Stream {
    /// Sets the cookie on an answer of the upstream, and on none that caches share.
    fn answer(&self, value: &str) {
        let details = self.get_property(vec!["response", "code_details"]);
        if details.as_deref() != Some(b"via_upstream") {
            return;
        }
        let caching = occasion::caching(&self.get_http_response_headers());
        if caching == Caching::Shared {
            return;
        }
        if caching == Caching::Silent {
            self.add_http_response_header("cache-control", "private");
        }
        let line = format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax");
        self.add_http_response_header("set-cookie", &line);
    }

    fn compose(&mut self, rules: &[rule::Rule]) {
        self.keep_session();
        let Some(path) = self.get_http_request_header(":path") else {
            return;
        };
        let host = self
            .get_http_request_header(":authority")
            .unwrap_or_default();
        let Some(rule) = rules.iter().find(|rule| rule.matches(&host, &path)) else {
            return;
        };
        let Some(cart) = rule.capture(&path) else {
            return;
        };
        let Some(tenant) = self.get_http_request_header("x-tenant") else {
            return;
        };
        let Some(claim) = self.get_property(CLAIM.to_vec()) else {
            return;
        };
        self.set_http_request_header(KEY_HEADER, Some(&key::of_cart(&claim, &tenant, cart)));
    }

    fn mint(&mut self) {
        if let Some(id) = self.keep_session() {
            self.set_http_request_header(KEY_HEADER, Some(&key::of_session(&id)));
        }
    }

    /// The session that the request names, or a new one where one may begin.
    fn keep_session(&mut self) -> Option<[u8; 16]> {
        let cookies = self.get_http_request_header("cookie").unwrap_or_default();
        if let Some(id) = session(&cookies).and_then(token::decode::<16>) {
            return Some(id);
        }
        if !occasion::begins(&self.get_http_request_headers()) {
            return None;
        }
        let id = random_id()?;
        let text = token::encode(&id);
        self.replace_session(&cookies, &text);
        self.set_cookie = Some(text);
        Some(id)
    }

    fn verify(&mut self, signer: &token::Signer) {
        let Some(cookies) = self.get_http_request_header("cookie") else {
            return;
        };
        let now = self
            .get_current_time()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let Some(verified) = session(&cookies).and_then(|text| signer.verify(text, now)) else {
            return;
        };
        self.replace_session(&cookies, &token::encode(&verified.id));
        self.set_http_request_header(KEY_HEADER, Some(&key::of_session(&verified.id)));
        if verified.is_old(now) {
            self.set_cookie = Some(signer.sign(&verified.id, verified.birth, now));
        }
    }

    /// Lets the upstream see this value under the session's name, and no other.
    fn replace_session(&self, cookies: &str, value: &str) {
        let prefix = format!("{COOKIE}=");
        let mut pairs: Vec<&str> = cookies
            .split(';')
            .map(str::trim)
            .filter(|pair| !pair.is_empty() && !pair.starts_with(&prefix))
            .collect();
        let own = format!("{prefix}{value}");
        pairs.push(&own);
        self.set_http_request_header("cookie", Some(&pairs.join("; ")));
    }
}

/// The value of the session's cookie among the request's cookies.
fn session(cookies: &str) -> Option<&str> {
    cookies
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value)
}

#[link(wasm_import_module = "wasi_snapshot_preview1")]
extern "C" {
    fn random_get(buffer: *mut u8, length: usize) -> u16;
}

fn random_id() -> Option<[u8; 16]> {
    let mut id = [0; 16];
    // SAFETY: the host writes as many bytes as there are.
    (unsafe { random_get(id.as_mut_ptr(), id.len()) } == 0).then_some(id)
}
