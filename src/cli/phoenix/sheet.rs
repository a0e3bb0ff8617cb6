//! The recovery sheet: a page for a drawer far from the house, and the words read back from it.

use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// Words of a key of 256 bits with 8 bits of checksum, 11 bits each.
const WORDS: u8 = 24;

/// Columns of words on the page: eight lines, read down.
const COLUMNS: usize = 3;

/// What stands on it beside the words.
pub(super) struct About<'a> {
    pub repository: &'a str,
    /// Where it is now, which may be nowhere by the time it is needed.
    pub folder: &'a str,
    pub key: &'a str,
    pub date: &'a str,
}

/// The page: plain text, at most 80 columns wide but for the folder's name.
pub(super) fn page(about: &About, words: &str) -> Zeroizing<String> {
    let About { repository, folder, key, date } = about;
    let words: Vec<&str> = words.split_whitespace().collect();
    let lines = words.len().div_ceil(COLUMNS).max(1);
    let mut table = Zeroizing::new(String::with_capacity(4_096));
    for line in 0..lines {
        table.push_str("   ");
        for (at, word) in words.iter().enumerate().skip(line).step_by(lines) {
            table.push_str(&format!("   {:>2}. {word:<14}", at + 1));
        }
        let end = table.trim_end().len();
        table.truncate(end);
        table.push('\n');
    }
    Zeroizing::new(format!(
        "JAMEY RECOVERY SHEET\n\
         \n\
         repository  {repository}\n\
         folder      {folder}\n\
         key         {key}\n\
         printed     {date}\n\
         \n\
         These words are the key itself. With them and the repository's files the house\n\
         can be restored when passphrase and key file are lost. Whoever has both can read\n\
         everything in it: keep this page like a deed, away from the house, and no copy\n\
         of it on a computer.\n\
         \n\
         {table}\n\
         How to use it, on any host that has jamey and the repository's files:\n\
         1. umask 077; nano words.txt          (the words in order, or this whole page)\n\
         2. jamey phoenix restore latest --repository FOLDER --words-file words.txt \\\n   \
               --into NEW-FOLDER --onto-fresh-host\n\
         3. jamey phoenix key add --repository FOLDER --words-file words.txt \\\n   \
               --new-passphrase; shred -u words.txt\n",
        table = table.as_str()
    ))
}

/// The words in a text: the numbered ones of a sheet in the order of their numbers, else all there are.
pub(super) fn words_in(text: &str) -> Zeroizing<String> {
    let tokens: Vec<&str> = text.split_whitespace().collect();
    let mut numbered: BTreeMap<u8, &str> = BTreeMap::new();
    for pair in tokens.windows(2) {
        if let [number, word] = pair
            && let Some(number) = number.strip_suffix('.').and_then(|n| n.parse().ok())
        {
            // The first of a number: the lines below the words are numbered too.
            numbered.entry(number).or_insert(word);
        }
    }
    let all = if numbered.keys().copied().eq(1..=WORDS) { numbered.into_values().collect() } else { tokens };
    Zeroizing::new(all.join(" ").to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: About =
        About { repository: "0199b0c2-8a7e-7cc1-9b0e-0123456789ab", folder: "/mnt/nas/jamey", key: "1a2b3c4d5e6f7081", date: "2026-11-26" };

    fn words() -> String {
        (0..WORDS).map(|n| format!("word{}", char::from(b'a' + n))).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_words_come_back_from_the_page() {
        assert_eq!(words_in(&page(&ABOUT, &words())).as_str(), words());
        assert_eq!(words_in(&words()).as_str(), words());
        assert_eq!(words_in(" Worda\n wordb\t").as_str(), "worda wordb");
        let torn = page(&ABOUT, &words()).replace("17. wordq", "");
        assert_ne!(words_in(&torn).as_str(), words(), "what is missing is not made up");
    }

    #[test]
    fn the_page_fits_a_sheet_of_paper() {
        let page = page(&ABOUT, &words());
        assert!(page.lines().all(|line| line.chars().count() <= 80 && line == line.trim_end()), "{}", page.as_str());
        assert!(page.lines().count() < 40);
        assert!(page.contains("\n       1. worda             9. wordi            17. wordq\n"), "{}", page.as_str());
    }
}
