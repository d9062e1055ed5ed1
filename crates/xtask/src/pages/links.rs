//! Links inside of the repository lead somewhere.

use super::markdown::{anchors, links, parts};
use super::{Page, all};
use crate::root;

/// What is wrong with a link of a page, if it leads into the repository.
fn broken(page: &Page, link: &str) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let folder = page.path.parent().unwrap_or(&page.path);
    let target = root().join(if file.is_empty() { page.path.clone() } else { folder.join(file) });
    if !target.exists() {
        return Some(format!("{}: there is no {link}", page.path.display()));
    }
    if anchor.is_empty() {
        return None;
    }
    let text = std::fs::read_to_string(&target).unwrap_or_default();
    let found = anchors(&text).iter().any(|it| it == anchor);
    (!found).then(|| format!("{}: {link} has no such heading", page.path.display()))
}

#[test]
fn every_link_leads_somewhere() {
    let mut wrong = Vec::new();
    for page in all() {
        let links = parts(&page.text).1.into_iter().flat_map(links);
        wrong.extend(links.filter_map(|link| broken(&page, &link)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_page_that_is_not_there_and_a_heading_that_is_not_are_found() {
    let page = Page { path: "docs/delivery.md".into(), text: String::new() };
    assert_eq!(broken(&page, "configuration.md#content"), None);
    assert_eq!(broken(&page, "https://example.com/x#y"), None);
    let no_page = "docs/delivery.md: there is no nowhere.md";
    assert_eq!(broken(&page, "nowhere.md").as_deref(), Some(no_page));
    let no_heading = "docs/delivery.md: configuration.md#nothing has no such heading";
    assert_eq!(broken(&page, "configuration.md#nothing").as_deref(), Some(no_heading));
}

#[test]
fn every_page_is_reached_from_another() {
    let pages = all();
    let reached = |page: &Page| {
        let name = page.path.file_name().unwrap().to_str().unwrap();
        let others = pages.iter().filter(|other| other.path != page.path);
        others.flat_map(|other| parts(&other.text).1).flat_map(links).any(|link| {
            let file = link.split('#').next().unwrap_or_default();
            file == name || file.ends_with(&format!("/{name}"))
        })
    };
    for page in pages.iter().filter(|page| page.path.starts_with("docs")) {
        assert!(reached(page), "no link leads to {}", page.path.display());
    }
}
