//! The parts of the protocol that the SDK's generated code lacks: the error source of a query's answer and go-plugin's
//! shutdown call.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use grafana_plugin_sdk::pluginv2::QueryDataRequest;
use prost::Message;
use tonic::body::BoxBody;
use tonic::codec::{Codec, EncodeBuf, Encoder, ProstCodec};
use tonic::codegen::{Body, StdError};
use tonic::server::{Grpc, NamedService};
use tonic::{Request, Response, Status};
use tower::{Service, service_fn};

use super::protocol::MAX_MESSAGE_BYTES;

/// The answers to the queries of one request, by refId.
#[derive(Clone, PartialEq, prost::Message)]
pub struct QueryDataResponse {
    /// The answers.
    #[prost(map = "string, message", tag = "1")]
    pub responses: HashMap<String, DataResponse>,
}

/// The answer to one query: `pluginv2.DataResponse` with the error source, which the SDK's version lacks.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DataResponse {
    /// Frames as Arrow files.
    #[prost(bytes = "vec", repeated, tag = "1")]
    pub frames: Vec<Vec<u8>>,
    /// The error's text; empty without an error.
    #[prost(string, tag = "2")]
    pub error: String,
    /// An HTTP status.
    #[prost(int32, tag = "4")]
    pub status: i32,
    /// `plugin` or `downstream`.
    #[prost(string, tag = "5")]
    pub error_source: String,
}

/// A service of one unary method, made from a function.
#[derive(Clone)]
pub(super) struct Unary<N, F> {
    method: F,
    name: PhantomData<fn() -> N>,
}

impl<N, F> Unary<N, F> {
    pub(super) fn new(method: F) -> Self {
        Self { method, name: PhantomData }
    }
}

/// Prost's codec with a buffer for the whole answer, so that a large answer is not moved while it grows.
struct Roomy<N>(PhantomData<fn() -> N>);

impl<N: Method> Codec for Roomy<N> {
    type Encode = N::Response;
    type Decode = N::Request;
    type Encoder = Self;
    type Decoder = <ProstCodec<N::Response, N::Request> as Codec>::Decoder;

    fn encoder(&mut self) -> Self {
        Self(PhantomData)
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstCodec::<N::Response, N::Request>::default().decoder()
    }
}

impl<N: Method> Encoder for Roomy<N> {
    type Item = N::Response;
    type Error = Status;

    fn encode(&mut self, answer: N::Response, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.reserve(answer.encoded_len());
        answer.encode(buffer).map_err(|e| Status::internal(e.to_string()))
    }
}

/// The names of a service and its method.
pub(super) trait Method: 'static {
    const SERVICE: &'static str;
    const PATH: &'static str;
    type Request: Message + Default + 'static;
    type Response: Message + Default + 'static;
}

/// `pluginv2.Data/QueryData`.
#[derive(Clone)]
pub(super) enum QueryData {}

impl Method for QueryData {
    const SERVICE: &'static str = "pluginv2.Data";
    const PATH: &'static str = "/pluginv2.Data/QueryData";
    type Request = QueryDataRequest;
    type Response = QueryDataResponse;
}

/// `plugin.GRPCController/Shutdown`: go-plugin's request to stop, before it kills the plugin.
#[derive(Clone)]
pub(super) enum Shutdown {}

impl Method for Shutdown {
    const SERVICE: &'static str = "plugin.GRPCController";
    const PATH: &'static str = "/plugin.GRPCController/Shutdown";
    type Request = ();
    type Response = ();
}

impl<N: Method, F> NamedService for Unary<N, F> {
    const NAME: &'static str = N::SERVICE;
}

impl<N, F, R, B> Service<http::Request<B>> for Unary<N, F>
where
    N: Method,
    F: Fn(N::Request) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = N::Response> + Send + 'static,
    B: Body + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = http::Response<BoxBody>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let method = Arc::new(self.method.clone());
        Box::pin(async move {
            if request.uri().path() != N::PATH {
                return Ok(Status::unimplemented("no such method").into_http());
            }
            let call = service_fn(move |request: Request<N::Request>| {
                let answer = method(request.into_inner());
                async move { Ok::<_, Status>(Response::new(answer.await)) }
            });
            let codec = Roomy::<N>(PhantomData);
            let mut grpc = Grpc::new(codec).apply_max_message_size_config(Some(MAX_MESSAGE_BYTES), None);
            Ok(grpc.unary(call, request).await)
        })
    }
}
