//! As far as the first word: proxy, name, connection, TLS, and what is spoken there.

use super::super::report::Check;
use super::super::wire::{self, Spoken};
use super::{Look, Stop};
use crate::config::{Endpoint, OtlpProtocol};

impl Look {
    /// The variable whose proxy requests go through; gRPC goes through none.
    pub(super) fn proxy(&self) -> Option<&'static str> {
        let url = &self.way.endpoint.url.0;
        let variables = match (self.way.endpoint.protocol, url.scheme()) {
            (OtlpProtocol::Grpc, _) => return None,
            (_, "https") => ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
            _ => ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"],
        };
        let is_set = |name: &str| std::env::var(name).is_ok_and(|value| !value.trim().is_empty());
        let variable = variables.into_iter().find(|name| is_set(name))?;
        let host = url.host_str().unwrap_or_default();
        let none = ["NO_PROXY", "no_proxy"].into_iter().find_map(|name| std::env::var(name).ok());
        let none = none.unwrap_or_default();
        let excepted = none.split(',').map(str::trim).filter(|it| !it.is_empty()).any(|it| {
            it == "*" || host == it || host.ends_with(&format!(".{}", it.trim_start_matches('.')))
        });
        (!excepted).then_some(variable)
    }

    /// Name, connection and TLS.
    pub(super) async fn reach(&mut self) -> Result<(), Stop> {
        let Endpoint { url, protocol, .. } = self.way.endpoint.clone();
        let host = url.0.host_str().unwrap_or_default();
        let port = url.0.port_or_known_default().unwrap_or_default();
        let addresses = match wire::resolve(host, port).await {
            Ok(addresses) => addresses,
            Err(symptom) => return self.failed(Check::Name, symptom),
        };
        let mut shown: Vec<_> = addresses.iter().map(|it| it.ip().to_string()).collect();
        shown.dedup();
        self.passed(Check::Name, format!("{host} is {}", shown.join(", ")));
        let stream = match wire::connect(&addresses).await {
            Ok(stream) => stream,
            Err(symptom) => return self.failed(Check::Connect, symptom),
        };
        self.passed(Check::Connect, format!("to port {port}"));
        if url.0.scheme() == "https" {
            self.shake_hands(stream, protocol == OtlpProtocol::Grpc).await?;
        }
        Ok(())
    }

    #[cfg(all(feature = "tls", any(feature = "grpc", feature = "http")))]
    async fn shake_hands(
        &mut self,
        stream: tokio::net::TcpStream,
        http2: bool,
    ) -> Result<(), Stop> {
        match wire::shake_hands(stream, &self.way.endpoint, http2).await {
            Ok(_) => {
                self.passed(Check::Tls, "the certificate is trusted");
                Ok(())
            }
            Err(symptom) => self.failed(Check::Tls, symptom),
        }
    }

    /// Which cannot be: such an endpoint is no configuration.
    #[cfg(not(all(feature = "tls", any(feature = "grpc", feature = "http"))))]
    async fn shake_hands(&mut self, _: tokio::net::TcpStream, _: bool) -> Result<(), Stop> {
        Ok(())
    }

    /// What is spoken there, over a connection of its own.
    pub(super) async fn spoken(&self) -> Option<Spoken> {
        let endpoint = &self.way.endpoint;
        let host = endpoint.url.0.host_str().unwrap_or_default();
        let port = endpoint.url.0.port_or_known_default().unwrap_or_default();
        let addresses = wire::resolve(host, port).await.ok()?;
        let stream = wire::connect(&addresses).await.ok()?;
        #[cfg(all(feature = "tls", any(feature = "grpc", feature = "http")))]
        if endpoint.url.0.scheme() == "https" {
            let http2 = endpoint.protocol == OtlpProtocol::Grpc;
            let stream = wire::shake_hands(stream, endpoint, http2).await.ok()?;
            return Some(wire::spoken(stream).await);
        }
        Some(wire::spoken(stream).await)
    }
}
