//! An order and a config that come at the same time.

use super::*;
use crate::{
    broker::{Door, GuardView, Inbox, Post, Recalls},
    config::{self, Config},
    domain::{Input, Timestamp},
    observe::Counters,
    runtime::Clock,
};

fn hall(config: Config) -> (Arc<Hall>, mpsc::Receiver<Post>) {
    let (inbox, posts) = Inbox::new();
    let guard = GuardView { enforce: true, ..GuardView::default() };
    let clock = Arc::new(Clock::new(Timestamp::default()));
    let (recalls, counters) = (Recalls::new().0, Arc::new(Counters::new().0));
    let never = Box::new(|| false);
    let hall = Hall::new(Arc::new(config), inbox, recalls, clock, counters, never, "own".into(), "secret".into(), guard, Door::default());
    (Arc::new(hall.unwrap()), posts)
}

#[tokio::test]
async fn of_an_order_and_a_config_that_come_together_the_last_holds() {
    let folder = tempfile::tempdir().unwrap();
    let with = |guard: &str| {
        let mut config = config::tests::config(&format!("[broker]\nguard = \"{guard}\"\n"));
        config.store.data = folder.path().to_owned();
        config
    };
    let (hall, mut posts) = hall(with("observe"));
    let mut chosen = Chosen::default();
    chosen.choose(&Wants::GuardMode(Some(GuardMode::Enforce)), "anna", hall.clock.now(), &hall.config);
    let choices = Arc::new(Choices::new(chosen, Arc::clone(&hall.config), false));
    let owed = Arc::<Owed>::default();
    let own = OwnClient::connect(([127, 0, 0, 1], 1).into(), "own", "secret", "status", crate::runtime::Supervisor::alone().vital("own"));
    let clerk = Clerk { hall: Arc::clone(&hall), owed: Arc::clone(&owed), own, choices: Arc::clone(&choices), rules: mpsc::channel(1).0 };
    // So that what is put on record has to wait.
    while let Some(place) = hall.inbox.place_at_once(0) {
        place.leave(Input::Tick(hall.clock.now()), None, None);
    }
    let order = Order { wants: Wants::GuardMode(None), by: "anna".into(), transaction: None };
    let ordered = tokio::spawn(async move { clerk.carry_out(&order, "here").await });
    while choices.now().await.chosen != Chosen::default() {
        tokio::task::yield_now().await;
    }
    let (all, over) = ((Arc::clone(&hall), Arc::clone(&choices)), Arc::new(with("enforce")));
    let changed = tokio::spawn(async move {
        let (hall, choices) = all;
        let turn = choices.turn().await;
        let _ = choices.count_over(over).await;
        follow(&hall, &owed, &choices, &turn, "the config says so").await;
    });
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let drained = tokio::spawn(async move { while posts.recv().await.is_some() {} });
    ordered.await.unwrap().unwrap();
    changed.await.unwrap();
    assert!(hall.guard().enforce, "the config came last, and says that it enforces");
    drained.abort();
}
