//! Streams: there are none yet, so each call is refused.

use async_trait::async_trait;
use futures::stream::BoxStream;
use grafana_plugin_sdk::pluginv2::{
    PublishStreamRequest, PublishStreamResponse, RunStreamRequest, StreamPacket, SubscribeStreamRequest,
    SubscribeStreamResponse, publish_stream_response, stream_server, subscribe_stream_response,
};
use tonic::{Request, Response, Status};

/// The stream service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Live;

#[async_trait]
impl stream_server::Stream for Live {
    type RunStreamStream = BoxStream<'static, Result<StreamPacket, Status>>;

    async fn subscribe_stream(
        &self,
        _: Request<SubscribeStreamRequest>,
    ) -> Result<Response<SubscribeStreamResponse>, Status> {
        let status = subscribe_stream_response::Status::NotFound.into();
        Ok(Response::new(SubscribeStreamResponse { status, data: Vec::new() }))
    }

    async fn run_stream(&self, _: Request<RunStreamRequest>) -> Result<Response<Self::RunStreamStream>, Status> {
        Err(Status::not_found("this data source has no streams"))
    }

    async fn publish_stream(
        &self,
        _: Request<PublishStreamRequest>,
    ) -> Result<Response<PublishStreamResponse>, Status> {
        let status = publish_stream_response::Status::PermissionDenied.into();
        Ok(Response::new(PublishStreamResponse { status, data: Vec::new() }))
    }
}
