//! A picture of what the quickstart draws in the terminal: its own output, colours and all.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// What the picture is of, run in a terminal of this many columns.
const PROGRAM: &str = "stty rows 40 cols 112; cargo run --quiet --example quickstart";

const PAGE: &str = "<!doctype html><meta charset=utf-8><style>
body { margin: 0; background: #16181d; color: #d8dce4 }
pre { margin: 14px 18px; font: 13px/18px 'DejaVu Sans Mono', monospace }
</style><pre>";

/// Runs the quickstart in a terminal and writes what it drew as `docs/images/terminal.png`.
pub(crate) fn draw() -> Result<()> {
    let typed = Command::new("script")
        .args(["--quiet", "--return", "--command", PROGRAM, "/dev/null"])
        .current_dir(crate::root())
        .env_remove("OPENAI_API_KEY")
        .env_remove("OPENAI_BASE_URL")
        .env("TERM", "xterm")
        .output()
        .context("starting `script`, of util-linux")?;
    let text = String::from_utf8_lossy(&typed.stdout).replace('\r', "");
    if !typed.status.success() {
        bail!("the quickstart failed: {text}");
    }
    let text = format!("$ cargo run --example quickstart\n{}", text.trim_end());
    let folder = crate::root().join("target");
    let page = folder.join("terminal.html");
    std::fs::write(&page, format!("{PAGE}{}</pre>", html(&text))).context("writing the page")?;
    screenshot(&page, text.lines().count(), &crate::root().join("docs/images/terminal.png"))
}

fn screenshot(page: &Path, lines: usize, picture: &Path) -> Result<()> {
    let status = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
        .arg(format!("--window-size=930,{}", 28 + 18 * lines))
        .arg(format!("--screenshot={}", picture.display()))
        .arg(page)
        .status()
        .context("starting chromium")?;
    if status.success() { Ok(()) } else { bail!("chromium: {status}") }
}

/// A terminal's colours as HTML's.
fn html(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let mut parts = text.split("\u{1b}[");
    let mut html = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let Some((code, rest)) = part.split_once('m') else { continue };
        html.push_str(match code {
            "1" => "<b>",
            "2" => "<b style='font-weight:normal;color:#7d8696'>",
            "31" => "<b style='font-weight:normal;color:#ff6b68'>",
            "33" => "<b style='font-weight:normal;color:#e5c07b'>",
            "35" => "<b style='font-weight:normal;color:#c678dd'>",
            "36" => "<b style='font-weight:normal;color:#56b6c2'>",
            _ => "</b>",
        });
        html.push_str(rest);
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_open_and_close() {
        let html = html("\u{1b}[1mname\u{1b}[0m <1 ms");
        assert_eq!(html, "<b>name</b> &lt;1 ms");
    }
}
