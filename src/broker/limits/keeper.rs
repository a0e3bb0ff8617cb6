//! Watches what the engine retains, whoever it comes from: clients, wills and Jamey itself.

use crate::broker::{access, hall::Hall};
use mqtt5::broker::{BrokerEventHandler, RetainedSetEvent, router::MessageRouter};
use std::{future::Future, pin::Pin, sync::Arc};

/// Tells the limits of each retained value.
pub struct Keeper(pub Arc<Hall>);

impl BrokerEventHandler for Keeper {
    fn on_retained_set<'a>(&'a self, event: RetainedSetEvent) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        self.0.limits.retained.set(&event.topic, event.payload.len(), access::is_jameys(&self.0.config, &event.topic));
        Box::pin(std::future::ready(()))
    }
}

/// Counts again where the engine has other values than are known here: some expired, or this is the start.
pub async fn recount(hall: &Hall, router: &MessageRouter) {
    if router.retained_count().await != hall.limits.retained.count() {
        let values = router.get_retained_messages("#").await;
        hall.limits
            .retained
            .are(values.iter().map(|v| (v.topic_name.as_str(), v.payload.len(), access::is_jameys(&hall.config, &v.topic_name))));
    }
}
