//! Sums as a table, in a terminal with a bar for each row.

use spanwise::{CostBy, CostReport, CostRow, CostSum, Currency, Decimal};

use crate::words;

const SUMS: [&str; 5] = ["REQUESTS", "ERRORS", "INPUT", "OUTPUT", "COST"];

/// The rows: by time in its order, else the dearest first. Bars where there is a width to fill.
pub(super) fn table(
    mut rows: Vec<CostRow>,
    total: &CostSum,
    by: &[CostBy],
    width: Option<usize>,
) -> String {
    if rows.is_empty() {
        return "no calls in this time\n".to_owned();
    }
    let currencies = currencies(total);
    let amounts = |sum: &CostSum| -> Vec<Decimal> {
        currencies.iter().map(|currency| sum.cost.get(*currency).unwrap_or_default()).collect()
    };
    let in_main = |sum: &CostSum| amounts(sum).first().copied().unwrap_or_default();
    if !by.iter().any(|by| matches!(by, CostBy::Day | CostBy::Month)) {
        rows.sort_by(|a, b| amounts(&b.sum).cmp(&amounts(&a.sum)).then_with(|| a.of.cmp(&b.of)));
    }
    let heads = by.iter().map(|by| by.name().to_uppercase()).chain(SUMS.map(str::to_owned));
    let mut lines: Vec<Vec<String>> = vec![heads.collect()];
    lines.extend(rows.iter().map(|row| line(&row.of, &row.sum)));
    if rows.len() > 1 {
        let mut name = vec![None; by.len()];
        name.iter_mut().take(1).for_each(|first| *first = Some("total".to_owned()));
        let mut last = line(&name, total);
        last.iter_mut().take(by.len()).skip(1).for_each(String::clear);
        lines.push(last);
    }
    let widest = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let columns = by.len() + SUMS.len();
    let widths: Vec<usize> = (0..columns).map(|i| widest(i).unwrap_or_default()).collect();
    let used = widths.iter().sum::<usize>() + 2 * columns;
    let room = width.map(|width| width.saturating_sub(used)).filter(|room| *room >= 4);
    let room = room.map(|room| room.min(WIDEST_BAR));
    let dearest = rows.iter().map(|row| in_main(&row.sum)).max().unwrap_or_default();
    let mut text = String::new();
    for (place, line) in lines.iter().enumerate() {
        let cells = line.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            // Numbers stand below one another.
            if column < by.len() { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        let mut written = cells.collect::<Vec<_>>().join("  ");
        let row = place.checked_sub(1).and_then(|place| rows.get(place));
        if let (Some(room), Some(row)) = (room, row) {
            written.push_str("  ");
            written.push_str(&bar(in_main(&row.sum), dearest, room));
        }
        text.push_str(written.trim_end());
        text.push('\n');
    }
    text
}

const WIDEST_BAR: usize = 32;

fn line(of: &[Option<String>], sum: &CostSum) -> Vec<String> {
    let of = of.iter().map(|of| words::clean(of.as_deref().unwrap_or(CostReport::NONE)));
    let sums = [
        sum.requests.to_string(),
        sum.errors.to_string(),
        sum.input_tokens.to_string(),
        sum.output_tokens.to_string(),
        cost(sum),
    ];
    of.chain(sums).collect()
}

/// That in which the largest number stands first: bars are of that one.
fn currencies(total: &CostSum) -> Vec<Currency> {
    let mut costs: Vec<_> = total.cost.iter().collect();
    costs.sort_by(|(_, a), (_, b)| b.cmp(a));
    costs.into_iter().map(|(currency, _)| currency).collect()
}

/// Every currency, to the hundredth of a cent; what is not known is told apart from nothing.
fn cost(sum: &CostSum) -> String {
    let costs = sum.cost.iter().map(|(currency, amount)| format!("{} {currency}", shown(amount)));
    let costs = costs.collect::<Vec<_>>().join(", ");
    match sum.unpriced {
        0 => costs,
        _ if costs.is_empty() => "unknown".to_owned(),
        unpriced => format!("{costs} + {unpriced} unknown"),
    }
}

fn shown(amount: Decimal) -> String {
    let least = Decimal::new(1, 4);
    match amount {
        amount if amount.is_zero() => "0".to_owned(),
        amount if amount < least => format!("<{least}"),
        amount => format!("{:.4}", amount.round_dp(4)),
    }
}

/// The amount as a share of the most, in eighths of a character.
fn bar(amount: Decimal, most: Decimal, room: usize) -> String {
    const EIGHTHS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
    if most.is_zero() {
        return String::new();
    }
    let eighths = (amount / most * Decimal::from(room * 8)).ceil();
    let eighths = usize::try_from(eighths).unwrap_or_default().min(room * 8);
    let mut bar = "█".repeat(eighths / 8);
    bar.extend((eighths % 8).checked_sub(1).map(|place| EIGHTHS[place]));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, cents: i64) -> CostRow {
        let mut sum = CostSum::default();
        sum.requests = 1;
        sum.cost.add_amount(Currency::USD, Decimal::new(cents, 2));
        CostRow { of: vec![Some(name.to_owned())], sum }
    }

    #[test]
    fn bars_are_as_long_as_what_they_show_and_fill_no_more_than_there_is() {
        let rows = vec![row("a", 1), row("b", 100), row("c", 50), row("d", 0)];
        let total = rows.iter().map(|row| &row.sum).sum();
        let shown = table(rows, &total, &[CostBy::Model], Some(70));
        let bars: Vec<_> = shown
            .lines()
            .map(|line| line.chars().filter(|letter| ('█'..='▏').contains(letter)).count())
            .collect();
        assert!(shown.lines().all(|line| line.chars().count() <= 70), "{shown}");
        assert_eq!((bars[0], bars[3], bars[4], bars[5]), (0, 1, 0, 0), "{shown}");
        assert!(bars[1] > 8 && bars[1].abs_diff(2 * bars[2]) <= 1, "{shown}");
        let narrow = table(vec![row("a", 1)], &total, &[CostBy::Model], Some(20));
        assert!(!narrow.contains('█'), "{narrow}");
    }
}
