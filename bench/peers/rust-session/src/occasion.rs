//! Which requests begin a session, and which answers may set its cookie: as docs/session.md says.

/// Headers as the SDK hands them over, all at once.
pub type Headers = [(String, String)];

/// False for what a browser or a gRPC client does beside what its user asked for.
pub fn begins(headers: &Headers) -> bool {
    let is = |name, value| only(headers, name) == Some(value);
    let Some(method) = only(headers, ":method") else {
        return false;
    };
    if ["OPTIONS", "TRACE", "CONNECT"].contains(&method)
        || only(headers, "content-type").is_some_and(|value| value.starts_with("application/grpc"))
        || only(headers, "sec-purpose").is_some_and(|value| value.starts_with("prefetch"))
    {
        return false;
    }
    !is("sec-fetch-site", "cross-site")
        || (method == "GET" && is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document"))
}

/// What is to be done so that no cache hands a cookie to others.
#[derive(PartialEq)]
pub enum Caching {
    /// Nothing.
    Private,
    /// `private` is to be added.
    Silent,
    /// No cookie may be set.
    Shared,
}

pub fn caching(headers: &Headers) -> Caching {
    let mut found = Caching::Silent;
    let mut controlled = false;
    let mut expires = false;
    for (name, value) in headers {
        match name.as_str() {
            "cache-control" => {
                controlled = true;
                for directive in value.split(',').map(str::trim) {
                    let directive = directive.to_ascii_lowercase();
                    if directive == "private" || directive == "no-store" {
                        return Caching::Private;
                    }
                    let age = directive.strip_prefix("max-age=");
                    if directive == "public"
                        || directive.starts_with("s-maxage")
                        || age.is_some_and(|age| age != "0")
                    {
                        found = Caching::Shared;
                    }
                }
            }
            "expires" => expires = value.len() > 2,
            "surrogate-control" | "cdn-cache-control" => return Caching::Shared,
            ":status" if value == "304" => return Caching::Shared,
            _ => {}
        }
    }
    if expires && !controlled {
        return Caching::Shared;
    }
    found
}

/// The value of a header that is there once.
fn only<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    let mut values = headers.iter().filter(|(each, _)| each == name);
    let first = values.next();
    if values.next().is_some() {
        return None;
    }
    first.map(|(_, value)| value.as_str())
}
