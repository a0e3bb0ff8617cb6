//! What waits for a person: who may hear of it, and what is heard of its end.

use super::*;

const PASSWORD: &str = "correct horse battery";

#[test]
fn approvals_are_heard_by_those_who_may_answer_and_their_end_by_all_who_hear_verdicts() {
    let data = tempfile::tempdir().unwrap();
    let mut tokens = Vec::new();
    for (name, roles) in [("anna", &["human", "approver"][..]), ("carl", &["human"])] {
        let roles: Vec<&str> = roles.iter().flat_map(|role| ["--role", role]).collect();
        jamey(data.path(), &[&["user", "add", name], &roles[..]].concat(), &format!("{PASSWORD}\n"));
        tokens.push(format!("Bearer {}", jamey(data.path(), &["token", "create", "--user", name], "")));
    }
    let config = "[[device]]\nid = \"front\"\nclass = \"lock\"\n";
    let mut house = Plan::default().enforce().config(config).data(data.path()).start();
    let path = "/v1/stream?kinds=verdict,approval";
    let (mut anna, hello) = Listener::open(house.http(), path, &[("Authorization", &tokens[0])]);
    let (mut carl, _) = Listener::open(house.http(), path, &[("Authorization", &tokens[1])]);
    let mut asker = house.dial("panel").user("carl", PASSWORD).open();
    asker.tell("jamey/act/front/unlock", "{}");
    let (asked, waits) = anna.both("verdict", "approval");
    assert_eq!(asked["data"]["decision"], "escalate", "{asked}");
    assert!(waits["data"]["nonce"].is_string() && waits["entity"] == "carl", "{waits}");
    let mut approver = house.dial("phone").user("anna", PASSWORD).open();
    let id = waits["data"]["id"].as_str().unwrap();
    let answer = json!({"answer": "refuse", "nonce": waits["data"]["nonce"], "sha256": waits["data"]["sha256"]});
    approver.tell(&format!("jamey/approval/{id}/answer"), answer.to_string());
    let (ended, over) = anna.both("verdict", "approval");
    assert_eq!(
        (&ended["data"]["settled"], &ended["data"]["by"], &ended["data"]["percept"]),
        (&json!("refused"), &json!("anna"), &json!(id))
    );
    assert!(over["data"].is_null() && over["topic"] == waits["topic"], "it waits no more");
    // He is told what became of what he asked, and nothing of what an answer must prove.
    let heard: Vec<Value> = (0..2).map(|_| carl.said()).collect();
    assert!(heard.iter().all(|said| said["kind"] == "verdict"), "{heard:?}");
    assert_eq!(heard[1]["data"], ended["data"]);
    // From the disk it is the same as it was.
    house.kill9();
    house.start();
    let again = format!("/v1/stream?kinds=verdict&from={}", hello["id"].as_str().unwrap());
    let (mut again, _) = Listener::open(house.http(), &again, &[("Authorization", &tokens[0])]);
    assert_eq!(again.event("verdict")["data"], asked["data"]);
}
