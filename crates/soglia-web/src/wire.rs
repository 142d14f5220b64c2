//! What goes around every answer: secure headers, compression. Read [`dress`] first.

use std::io::Write;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::state::{Shared, Transport};

/// Nothing inline, nothing from elsewhere; icons inside the style sheet are `data:` images.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'";

/// Answers smaller than this are not worth compressing.
const COMPRESSED_FROM: usize = 1024;
/// Answers larger than this are not held in memory a second time.
const COMPRESSED_UP_TO: usize = 64 << 20;

/// Bodies up to this size are read before anybody answers.
const READ_FIRST: usize = 64 << 10;

/// They are there by then, or nobody waits for them.
const READ_MAX: Duration = Duration::from_secs(30);

/// Adds the headers and compresses text.
pub async fn dress(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let gzip = takes_gzip(request.headers());
    let mut response = match read_first(request).await {
        Ok(request) => next.run(request).await,
        Err(broken) => broken.into_response(),
    };
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            header::HeaderName::from_static("permissions-policy"),
            "camera=(), microphone=(), geolocation=(), payment=()",
        ),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if app.transport == Transport::Tls {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    // Figures and names stay in no cache.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if gzip && is_text(response.headers()) { compressed(response).await } else { response }
}

/// Reads a small body: a connection that is closed before its request was read is reset, and who
/// was turned away may never see why.
async fn read_first(request: Request) -> Result<Request, StatusCode> {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_none_or(|length| length == 0 || READ_FIRST < length) {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let bytes = tokio::time::timeout(READ_MAX, axum::body::to_bytes(body, READ_FIRST)).await;
    let bytes = bytes.map_err(|_| StatusCode::REQUEST_TIMEOUT)?;
    let bytes = bytes.map_err(|_| StatusCode::BAD_REQUEST)?;
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|text| text.split(',').any(|part| part.trim().starts_with("gzip")))
}

/// Text that is finished when it is sent: not what is compressed already, not streams of events.
fn is_text(headers: &HeaderMap) -> bool {
    if headers.contains_key(header::CONTENT_ENCODING) {
        return false;
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| {
        ["text/html", "text/csv", "application/json", "image/svg+xml", "application/yaml"]
            .iter()
            .any(|known| kind.starts_with(known))
    })
}

async fn compressed(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, COMPRESSED_UP_TO).await else {
        let mut gone = Response::new(Body::empty());
        *gone.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        return gone;
    };
    parts.headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    if bytes.len() < COMPRESSED_FROM {
        return Response::from_parts(parts, Body::from(bytes));
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::new(5));
    let packed = encoder.write_all(&bytes).and_then(|()| encoder.finish());
    let packed = packed.expect("writing to memory does not fail");
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    Response::from_parts(parts, Body::from(packed))
}
