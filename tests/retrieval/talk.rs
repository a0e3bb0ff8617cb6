//! Long conversations, made from a seed: 30 evenings on which four people talk about this and that, 60 turns each, with facts strewn in.
//! Nothing is tuned to them.

use super::{
    measure::Asked,
    month::{Chance, Said},
};

const EVENINGS: i64 = 30;
const TURNS: i64 = 60;
const PEOPLE: [&str; 4] = ["anna", "ben", "clara", "guest"];

/// Facts about things of which there is one each; what is asked has few words of what was said.
const FACTS: [(&str, [&str; 10], &str); 6] = [
    (
        "my {} lives in {} now and works there",
        [
            "cousin Maria",
            "uncle Josef",
            "friend Lena",
            "brother Paul",
            "aunt Ida",
            "colleague Sven",
            "niece Mia",
            "old teacher",
            "boss",
            "flatmate Rafi",
        ],
        "where does {} live",
    ),
    (
        "we bought the {} for {} euros, which was a bargain",
        ["sofa", "bicycle", "microscope", "tent", "piano", "drill", "camera", "wardrobe", "kayak", "sewing machine"],
        "what was the price of the {}",
    ),
    (
        "the {} is closed every {}, I stood before it in vain",
        ["bakery", "pharmacy", "swimming pool", "town hall", "butcher", "bookshop", "bank", "hairdresser", "museum", "garden centre"],
        "on which day is the {} shut",
    ),
    (
        "I read a book about {} and it was {}",
        ["volcanoes", "beekeeping", "the silk road", "submarines", "chess", "mushrooms", "glaciers", "the moon", "bread", "owls"],
        "how did I like the book on {}",
    ),
    (
        "for {} you need {} first of all",
        [
            "marmalade",
            "plastering",
            "knitting socks",
            "grafting apples",
            "sourdough",
            "soldering",
            "origami",
            "juggling",
            "tie dye",
            "curling",
        ],
        "what is needed for {}",
    ),
    (
        "the {} was invented in {} they told us at school",
        ["zip", "stapler", "tea bag", "escalator", "paper clip", "barometer", "parachute", "thermos flask", "typewriter", "lawn mower"],
        "year of invention of the {}",
    ),
];

/// The same things come up again and again, in more words and to no purpose.
const FILLERS: [&str; 20] = [
    "speaking of the {}, I have been meaning to ask you",
    "{} again, you always come back to that",
    "I dreamt of the {} last night, it was very odd",
    "somebody at work mentioned {} today, nobody listened",
    "I have no opinion on the {}, ask Ben",
    "{}, {}, that is all I hear in this house",
    "you would not believe what they say about the {}",
    "did anybody think of the {}, or of the {} at least",
    "did you sleep well, I did not at all",
    "it is getting late again, is it not",
    "what shall we cook tomorrow, I have no idea",
    "I do not know, ask me something easier",
    "that reminds me of something but I forgot what",
    "yes, I think so too, more or less",
    "no, I would not say that, not at all",
    "the weather is what it is in this season",
    "can somebody please close the window, it is cold in here",
    "work was long today and the train was full",
    "I will do it at the weekend, I promise",
    "we should really call them some day",
];

fn filler(chance: &Chance) -> String {
    let mut text = chance.pick(&FILLERS).to_owned();
    while text.contains("{}") {
        let (_, subjects, _) = chance.pick(&FACTS);
        text = text.replacen("{}", chance.pick(&subjects), 1);
    }
    text
}

/// The stream and its questions.
pub fn talk(seed: u64) -> (Vec<Said>, Vec<Asked>) {
    let chance = Chance::new(seed);
    let detail = |fact: usize| match fact {
        0 => chance.pick(&["Bergen", "Porto", "Ghent", "Turin", "Graz", "Malmo", "Leeds", "Brno"]).to_owned(),
        1 => chance.between(20, 900).to_string(),
        2 => chance.pick(&["Monday", "Tuesday", "Wednesday", "Thursday", "Sunday"]).to_owned(),
        3 => chance.pick(&["a delight", "rather dull", "too long", "better than expected"]).to_owned(),
        4 => chance.pick(&["patience", "a steady hand", "warm water", "a good teacher"]).to_owned(),
        _ => chance.between(1_840, 1_960).to_string(),
    };
    let mut told = Vec::new();
    let mut asked = Vec::new();
    for (fact, (pattern, subjects, question)) in FACTS.iter().enumerate() {
        for (n, subject) in subjects.iter().enumerate() {
            let label = format!("fact-{fact}-{n}");
            let text = pattern.replacen("{}", subject, 1).replacen("{}", &detail(fact), 1);
            told.push((label.clone(), text));
            asked.push(Asked { kind: "facts".into(), text: question.replace("{}", subject), answers: vec![vec![label]] });
        }
    }
    let mut said = Vec::new();
    for evening in 0..EVENINGS {
        for turn in 0..TURNS {
            let speaker = chance.pick(&PEOPLE);
            // Each evening takes its share of what is still to be told.
            let due = turn % 20 == 5 && !told.is_empty();
            let at = usize::try_from(chance.between(0, i64::try_from(told.len()).unwrap().max(1))).unwrap();
            let (label, payload) = if due { told.remove(at) } else { (String::new(), filler(&chance)) };
            said.push(Said {
                at: evening * 86_400 + 19 * 3_600 + turn * 30,
                who: speaker.into(),
                topic: format!("jamey/in/{speaker}/say"),
                payload,
                retained: false,
                label,
            });
        }
    }
    assert!(told.is_empty(), "each fact was told");
    (said, asked)
}
