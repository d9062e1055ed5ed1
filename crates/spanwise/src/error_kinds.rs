//! What `error.type` the errors of the crates underneath have.

use spanwise_core::register_error_kind;

/// Teaches the process's operations: timeouts, HTTP status codes, gRPC codes.
pub(crate) fn register() {
    register_error_kind(|_: &tokio::time::error::Elapsed| "timeout");
    #[cfg(feature = "http")]
    register_error_kind(|error: &reqwest::Error| match error.status() {
        Some(status) => status.as_u16().to_string(),
        None if error.is_timeout() => "timeout".to_owned(),
        None if error.is_connect() => "connect".to_owned(),
        None if error.is_decode() => "decode".to_owned(),
        None => "reqwest::Error".to_owned(),
    });
    #[cfg(feature = "grpc")]
    register_error_kind(|status: &tonic::Status| grpc_code(status.code()));
}

/// The code as the gRPC specification spells it.
#[cfg(feature = "grpc")]
fn grpc_code(code: tonic::Code) -> &'static str {
    use tonic::Code;
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
