//! A restored config file, so that it names what was restored beside it and not what may lie at the old places. Nothing else in it changes, not
//! even a comment.

use super::named::{KEYS, Named};
use std::{ops::Range, path::Path};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// The text, with each of these files at its place below `into`, and `into` for the data folder. A text that is no TOML stays as it is.
pub(super) fn rewrite(text: &str, named: &[Named], into: &Path) -> String {
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return text.to_owned();
    }
    let mut places = Vec::new();
    look(table.get_ref(), "", &mut |key, value, at| {
        let section_data = key == "store.data";
        let name = key.rsplit('.').next().unwrap_or_default();
        // What it is called in a section of its own, where others name the house's own beside it.
        let name = name.strip_prefix("client_").unwrap_or(name);
        if section_data {
            places.push((at, into.to_owned()));
        } else if KEYS.contains(&name)
            && let Some(one) = named.iter().find(|one| one.was == Path::new(value) && one.option.ends_with(&format!(".{name}")))
        {
            places.push((at, into.join(&one.item)));
        }
    });
    places.sort_by_key(|(at, _)| std::cmp::Reverse(at.start));
    let mut out = text.to_owned();
    for (at, path) in places {
        out.replace_range(at, &toml::Value::String(path.display().to_string()).to_string());
    }
    with_data(out, into)
}

/// Tells of each text in it: the path of its key, and where it stands.
fn look(table: &DeTable<'_>, above: &str, tell: &mut dyn FnMut(&str, &str, Range<usize>)) {
    for (key, value) in table {
        let name = key.get_ref();
        let path = if above.is_empty() { name.to_string() } else { format!("{above}.{name}") };
        look_at(value, &path, tell);
    }
}

fn look_at(value: &Spanned<DeValue<'_>>, path: &str, tell: &mut dyn FnMut(&str, &str, Range<usize>)) {
    match value.get_ref() {
        DeValue::String(text) => tell(path, text, value.span()),
        DeValue::Array(items) => items.iter().for_each(|item| look_at(item, path, tell)),
        DeValue::Table(table) => look(table, path, tell),
        _ => {}
    }
}

/// A file that names no data folder means one below the folder it is started in: that would be an empty house.
fn with_data(text: String, into: &Path) -> String {
    let is_here = |text: &str| {
        let table = text.parse::<toml::Table>().ok();
        table.and_then(|table| table.get("store")?.get("data")?.as_str().map(|data| Path::new(data) == into)).unwrap_or_default()
    };
    if is_here(&text) {
        return text;
    }
    let line = format!("data = {}\n", toml::Value::String(into.display().to_string()));
    let header = |line: &str| line.split('#').next().is_some_and(|line| line.replace([' ', '\t'], "").trim() == "[store]");
    let after = text.split_inclusive('\n').scan(0, |at, line| {
        *at += line.len();
        Some((*at, header(line)))
    });
    let named = match after.filter(|(_, is_header)| *is_header).map(|(at, _)| at).next() {
        Some(at) => format!("{}{line}{}", text.get(..at).unwrap_or_default(), text.get(at..).unwrap_or_default()),
        None => format!("{}\n\n[store]\n{line}", text.trim_end()),
    };
    if is_here(&named) { named } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{Config, Sources},
        phoenix::Component,
    };

    fn named(option: &str, was: &str, item: &str) -> Named {
        Named { option: option.into(), was: was.into(), item: item.into(), component: Component::Rules }
    }

    #[test]
    fn files_are_found_at_their_new_places_and_all_else_stays() {
        let text = r#"# my house
node = "attic" # upstairs
[conscience]
rules = [
  "/etc/jamey/own.toml", # mine
  'second.toml',
  "elsewhere.toml",
]
[broker]
acl = "second.toml"   # the same name, another file
[store]
# where
journal = true
[[duty]]
id = "x"
asks = "close"
after_seconds = 0
"#;
        let all = [
            named("conscience.rules", "/etc/jamey/own.toml", "rules/00-own.toml"),
            named("conscience.rules", "second.toml", "rules/01-second.toml"),
            named("broker.acl", "second.toml", "access/00-second.toml"),
        ];
        let now = rewrite(text, &all, Path::new("/new \"house\""));
        let was: Vec<&str> = text.lines().collect();
        assert_eq!(
            now.lines().filter(|line| !was.contains(line)).collect::<Vec<_>>(),
            [
                r#"  '/new "house"/rules/00-own.toml', # mine"#,
                r#"  '/new "house"/rules/01-second.toml',"#,
                r#"acl = '/new "house"/access/00-second.toml'   # the same name, another file"#,
                r#"data = '/new "house"'"#,
            ]
        );
        assert_eq!(now.lines().count(), was.len() + 1);
    }

    #[test]
    fn the_data_folder_is_named_in_every_file() {
        let into = Path::new("/new");
        for text in [
            "",
            "node = \"a\"",
            "[ store ] # x\n",
            "[store]\ndata = \"/old\"\n",
            "store.data = \"old\"\n",
            "store = { data = \"old\" }",
            Config::EMBEDDED,
        ] {
            let new = rewrite(text, &[], into);
            let read = Config::read(&Sources { file: Some(("x", &new)), env: vec![], flags: vec![] }).unwrap();
            assert_eq!(read.store.data, into, "{text} became {new}");
            assert_eq!(rewrite(&new, &[], into), new);
        }
        assert_eq!(rewrite("no [ toml", &[], into), "no [ toml");
    }
}
