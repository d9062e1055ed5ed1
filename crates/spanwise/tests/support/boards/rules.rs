//! Each recording rule, and what each alert compares.

use super::{Answered, Api, query};

/// Asks each rule for these jobs.
#[track_caller]
pub fn check_rules(server: &mut dyn Api, jobs: &[&str]) {
    let listed = server.ask_until("/api/v1/rules", &|listed| {
        let groups = listed["data"]["groups"].as_array();
        groups.is_some_and(|groups| {
            let rules = groups.iter().flat_map(|group| group["rules"].as_array().unwrap());
            groups.len() == 2 && rules.into_iter().all(|rule| rule["health"] == "ok")
        })
    });
    let groups = listed["data"]["groups"].as_array().unwrap();
    for rule in groups.iter().flat_map(|group| group["rules"].as_array().unwrap()) {
        let (name, text) = (rule["name"].as_str().unwrap(), rule["query"].as_str().unwrap());
        let text = match rule["type"].as_str().unwrap() {
            "alerting" => [" > ", " >= "].iter().find_map(|it| text.rsplit_once(it)).unwrap().0,
            _ => name,
        };
        for job in jobs {
            let has = |answer: &Answered| {
                let mut its = answer.iter().filter(|(labels, _)| labels["job"] == *job).peekable();
                its.peek().is_some() && its.all(|(_, number)| *number >= 0.0)
            };
            let answer = query(server, text, has);
            if name.contains("ratio") {
                assert!(answer.iter().all(|(_, number)| *number <= 1.0), "{name}: {answer:?}");
            }
        }
    }
}
