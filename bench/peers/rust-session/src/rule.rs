//! A host and the beginning of a path.

pub struct Rule {
    host: String,
    prefix: String,
}

impl Rule {
    pub fn new(text: &str) -> Option<Self> {
        let slash = text.find('/')?;
        Some(Self {
            host: text[..slash].to_string(),
            prefix: text[slash..].to_string(),
        })
    }

    pub fn matches(&self, host: &str, path: &str) -> bool {
        (self.host.is_empty() || self.host.eq_ignore_ascii_case(host))
            && path.starts_with(&self.prefix)
    }

    /// The segment of the path behind the prefix.
    pub fn capture<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(&self.prefix)?
            .split(['/', '?'])
            .next()
            .filter(|segment| !segment.is_empty())
    }
}
