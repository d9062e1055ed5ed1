//! AWS X-Ray and CloudWatch: through a collector, or at once with requests that the program signs.

use super::backend::{Backend, Variable, from_env, host};
use super::host::Host;
use super::variables::Variables;
use crate::config::{
    BackendFacts, Compression, CredentialSource, Credentials, OtlpDestination, OtlpProtocol,
    OutgoingRequest, Preset, Signals,
};
use crate::error::{InitError, Source};
use crate::signal::Signal;

pub(super) static AWS: Backend = Backend {
    name: "aws",
    facts: BackendFacts {
        product: "AWS",
        protocols: &[OtlpProtocol::HttpProtobuf, OtlpProtocol::HttpJson, OtlpProtocol::Grpc],
        compressions: &[Compression::Gzip],
        signals: Signals::ALL,
        refusals: REFUSALS,
    },
    variables: &[
        Variable::new("AWS_REGION", "the region, where requests are signed"),
        Variable::new("AWS_DEFAULT_REGION", "the same, by its other name"),
    ],
    read: Aws::boxed,
};

/// What is reached without a collector.
static DIRECT: BackendFacts = BackendFacts {
    product: "AWS",
    protocols: &[OtlpProtocol::HttpProtobuf, OtlpProtocol::HttpJson],
    compressions: &[Compression::Gzip],
    signals: Signals::ALL,
    refusals: REFUSALS,
};

const REFUSALS: &[(u16, &str)] = &[
    (
        400,
        "X-Ray takes OTLP where CloudWatch Transaction Search is on, and spans of the last 14 days",
    ),
    (
        403,
        "check the signature: service (xray, monitoring, logs), region, the role's rights, and this machine's clock",
    ),
];

/// [AWS](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-OTLPEndpoint.html) as a destination:
/// X-Ray for spans, CloudWatch for metrics and logs.
///
/// Sends all three signals to a collector, such as ADOT's, at `http://localhost:4318`; by [`signed`](Self::signed) at once
/// to AWS, whose limits are kept.
///
/// ```
/// use spanwise::preset::Aws;
/// use spanwise::{Credentials, TelemetryConfig};
///
/// # fn sign(service: &str, url: &str, body: &[u8]) -> Option<Credentials> { None }
/// let aws = Aws::new().region("eu-central-1").log_group("/bots/support", "main").signed(|request| {
///     // With `aws-sigv4`, and credentials that are refreshed elsewhere.
///     sign(Aws::service(request.signal()), request.url(), request.body())
/// });
/// let config = TelemetryConfig::new("support-bot").preset(aws);
/// # let _ = config;
/// ```
#[derive(Clone, Debug)]
#[must_use = "give it to `TelemetryConfig::preset`"]
pub struct Aws {
    host: Host,
    region: Option<String>,
    signer: Option<CredentialSource>,
    log_group: Option<(String, String)>,
}

from_env!(Aws);
host!(Aws);

const COLLECTOR: &str = "http://localhost:4318";
/// 5 MB, 10,000 spans, and 200 KB each.
const MOST_BYTES: usize = 4_500_000;
const MOST_ITEM_BYTES: usize = 200_000;
const MOST_ITEMS: usize = 10_000;

impl Default for Aws {
    fn default() -> Self {
        Self::new()
    }
}

impl Aws {
    /// A collector on this machine.
    pub fn new() -> Self {
        Self { host: Host::fixed(COLLECTOR), region: None, signer: None, log_group: None }
    }

    fn read(variables: Variables<'_>) -> Result<Self, InitError> {
        let region = variables.text("AWS_REGION");
        let region = region.or_else(|| variables.text("AWS_DEFAULT_REGION"));
        Ok(Self { region, ..Self::new() })
    }

    /// The region, such as `eu-central-1`, where requests are signed.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// The group and the stream of logs in CloudWatch. Without them no logs are sent to AWS itself.
    pub fn log_group(mut self, group: impl Into<String>, stream: impl Into<String>) -> Self {
        self.log_group = Some((group.into(), stream.into()));
        self
    }

    /// Sends to AWS itself, with what this gives for each request: a signature (SigV4) or a token. See
    /// [`OtlpDestination::credentials`].
    pub fn signed<C: Into<Option<Credentials>>>(
        mut self,
        sign: impl Fn(&OutgoingRequest) -> C + Send + Sync + 'static,
    ) -> Self {
        self.signer = Some(CredentialSource::new(sign));
        self
    }

    /// The service for which requests with this signal are signed.
    pub const fn service(signal: Signal) -> &'static str {
        match signal {
            Signal::Traces => "xray",
            Signal::Metrics => "monitoring",
            // Nothing else goes there.
            Signal::Logs | Signal::Feedback => "logs",
        }
    }
}

impl Preset for Aws {
    fn destination(&self) -> Result<OtlpDestination, InitError> {
        let destination = AWS.destination(&self.host, "");
        let Some(signer) = &self.signer else { return Ok(destination) };
        let mut destination = destination
            .credential_source(signer.clone())
            .signals(Signals { logs: self.log_group.is_some(), ..Signals::ALL })
            .max_request_bytes(MOST_BYTES)
            .max_request_items(MOST_ITEMS)
            .max_item_bytes(MOST_ITEM_BYTES);
        destination.set_backend(&DIRECT);
        if let Some((group, stream)) = &self.log_group {
            destination = destination
                .signal_header(Signal::Logs, "x-aws-log-group", group)
                .signal_header(Signal::Logs, "x-aws-log-stream", stream);
        }
        // A host of the user's own stands in place of all three.
        if !self.host.is(COLLECTOR) {
            return Ok(destination);
        }
        let region = self.region.as_deref().ok_or_else(|| {
            Source::code("the region of AWS")
                .invalid("is missing", "set AWS_REGION or `region`, such as eu-central-1")
        })?;
        for signal in Signal::OTLP {
            let (service, path) = (Self::service(signal), signal.http_path());
            let url = format!("https://{service}.{region}.amazonaws.com/{path}");
            destination = destination.signal_endpoint(signal, url);
        }
        Ok(destination)
    }
}
