use std::future::Future;

use tokio::task::JoinSet;

use crate::query::Failure;

/// Runs work on a separate task; a panic becomes a failure.
pub(super) async fn catch_panic<T: Send + 'static>(
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, Failure> {
    let mut task = JoinSet::new();
    task.spawn(work);
    match task.join_next().await {
        Some(Ok(result)) => result,
        _ => Err(Failure::internal(
            "this query made the plugin panic, which is a fault of the plugin; Grafana's log says where".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::error::Fault;

    #[tokio::test]
    async fn a_panic_is_an_error_of_its_query() {
        let failure = catch_panic::<()>(async { panic!("on purpose") }).await.unwrap_err();
        assert_eq!((failure.status, failure.fault), (500, Fault::Plugin));
        assert!(failure.message.starts_with("this query made the plugin panic"));
        assert_eq!(catch_panic(async { Ok(1) }).await, Ok(1));
    }
}
