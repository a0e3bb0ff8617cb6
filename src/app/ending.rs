//! Last words: those who say them have a while for it, and none keeps the house from stopping.

use super::tidings;
use crate::broker::{Announcement, Hall, OwnClient};
use std::time::Duration;
use tokio::{task::JoinHandle, time::timeout};
use tracing::warn;

/// Longer than the disk takes to keep what is retained, shorter than the patience of who stops services.
pub const LAST_WORDS: Duration = Duration::from_secs(3);
/// All of the end. What was acknowledged is on disk before, and who stops services waits for so long.
pub const ALL: Duration = Duration::from_millis(4_500);
/// Others who are told goodbye: a share, or a broker, that does not answer must not keep the house from stopping.
pub const GOODBYE: Duration = Duration::from_secs(1);

/// How long `offline` may take to be acknowledged.
const OFFLINE: Duration = Duration::from_secs(1);

/// Says `offline`, whoever else could not say anything any more, and lets go of the client.
pub async fn offline(own: &OwnClient, hall: &Hall, topic: String) {
    let payload = b"offline".to_vec();
    tidings::state(hall, &topic, &payload);
    let said = async {
        own.publish(Announcement { topic, payload, qos: 1, retain: true, correlation: None }).await;
        own.settled().await;
    };
    let _ = timeout(OFFLINE, said).await;
    own.disconnect().await;
}

/// Waits until all have ended; who has not by then never will.
pub async fn last_words(tasks: impl IntoIterator<Item = JoinHandle<()>>, patience: Duration) {
    let tasks: Vec<_> = tasks.into_iter().collect();
    let ends: Vec<_> = tasks.iter().map(JoinHandle::abort_handle).collect();
    let all = async {
        for task in tasks {
            let _ = task.await;
        }
    };
    if timeout(patience, all).await.is_err() {
        warn!("somebody does not come to an end with his last words: Jamey stops without them");
        ends.iter().for_each(tokio::task::AbortHandle::abort);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[tokio::test]
    async fn who_cannot_go_on_keeps_nobody_from_stopping_and_holds_nothing() {
        let (held, said) = (Arc::new(()), Arc::new(()));
        let (holds, says) = (Arc::clone(&held), Arc::clone(&said));
        let stuck = tokio::spawn(async move {
            let _holds = holds;
            std::future::pending::<()>().await;
        });
        last_words([tokio::spawn(async move { drop(says) }), stuck], Duration::from_millis(10)).await;
        assert_eq!(Arc::strong_count(&said), 1);
        while Arc::strong_count(&held) > 1 {
            tokio::task::yield_now().await;
        }
    }
}
