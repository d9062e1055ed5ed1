//! What `docs/coming-from.md` says of other systems: each of its rows is a test here, of the name that the other
//! system's guide has for it.
//!
//! ```text
//! names/<guide>.txt ──► every name has a row, and every row a name
//!        │                                              └─► the row's test
//!        └──► all of them stand in the guide, and what stands in it has one: where it is at hand
//! ```

#![allow(unreachable_pub, reason = "a program of modules that nobody links against")]

mod client;
mod examples;
mod features;
mod guide;
mod proofs;
mod running;
mod shown;
mod spending;
#[path = "../support/mod.rs"]
mod support;
mod things;
mod trouble;
mod words;

use guide::Guide;
use libtest_mimic::{Arguments, Trial};

const PAGE: &str = include_str!("../../../../docs/coming-from.md");

fn guides() -> [Guide; 5] {
    [
        Guide::new("siumai", "siumai", include_str!("names/siumai.txt"), shown::SIUMAI),
        Guide::new("exllm", "ExLLM", include_str!("names/exllm.txt"), shown::EXLLM),
        Guide::new("flujo", "flujo", include_str!("names/flujo.txt"), shown::FLUJO),
        Guide::new(
            "auto-optimizer",
            "LLM Auto-Optimizer",
            include_str!("names/auto_optimizer.txt"),
            shown::AUTO_OPTIMIZER,
        ),
        Guide::new("flo_ai", "flo_ai", include_str!("names/flo_ai.txt"), shown::FLO_AI),
    ]
}

fn main() {
    let arguments = Arguments::from_args();
    let finds = || {
        things::finds_what_has_no_row();
        Ok(())
    };
    let mut trials = vec![Trial::test("what has no row is found", finds)];
    for guide in guides() {
        let file = guide.file;
        let rows = format!("{file}: every name has a row, and every row a name");
        trials.push(Trial::test(rows, move || guide.has_rows(PAGE)));
        let names = format!("{file}: the names are those of the guide");
        trials.push(Trial::test(names, move || guide.is_followed()));
        for row in guide.rows(PAGE) {
            let name = format!("{file}: {}", row.name);
            trials.push(Trial::test(name, move || guide.show(&row)));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    running::end();
    conclusion.exit();
}
