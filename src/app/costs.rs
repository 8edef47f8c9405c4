//! `minerva costs`: what the calls of a past period were charged, and what they would cost with other prices.

use chrono::{Days, NaiveTime};
use comfy_table::{CellAlignment, Table, presets};
use serde_json::json;

use super::args::{CostsArgs, DoctorFormat};
use super::config::Settings;
use super::{Failure, Result, local, logging, runtime, terminal};
use crate::platform::host;
use crate::wire::cost::{Reprice, Repriced, RepricedModel, RepricedSum, sum_words};

pub fn run(settings: &Settings, args: &CostsArgs) -> Result<()> {
    logging::to_terminal(settings);
    let asked = asked(args)?;
    if !settings.data_dir.join(host::DATABASE_FILE).is_file() {
        return Err(Failure::Usage(format!("There is no library in {} yet; choose its folder with --data-dir", settings.data_dir.display())));
    }
    let repriced = runtime()?.block_on(ask(settings, &asked))?;
    match args.format {
        DoctorFormat::Text => terminal::out(&text(&repriced))?,
        DoctorFormat::Json => {
            let json = serde_json::to_string_pretty(&in_micros(&repriced)).map_err(|error| Failure::Failed(error.to_string()))?;
            terminal::out(&json)?;
        }
    }
    Ok(())
}

fn asked(args: &CostsArgs) -> Result<Reprice> {
    let after = args.to.checked_add_days(Days::new(1)).filter(|after| *after > args.from);
    let Some(after) = after else {
        return Err(Failure::Usage(format!("--from {} is after --to {}", args.from, args.to)));
    };
    let book = args
        .book
        .as_deref()
        .map(|path| std::fs::read_to_string(path).map_err(|error| Failure::Usage(format!("--book {} can't be read: {error}", path.display()))));
    Ok(Reprice { from: args.from.and_time(NaiveTime::MIN).and_utc(), to: after.and_time(NaiveTime::MIN).and_utc(), book: book.transpose()? })
}

/// Through the same platform and the same API as the window.
async fn ask(settings: &Settings, asked: &Reprice) -> Result<Repriced> {
    local::with_platform(settings, async |client| client.reprice(asked).await.map_err(|error| local::failed(&error))).await
}

/// For programs: whole micro-dollars, which no reader rounds; the API's own decimals are for the window. `null` where nothing is
/// known.
fn in_micros(repriced: &Repriced) -> serde_json::Value {
    let sum = |sum: &RepricedSum| {
        json!({
            "calls": sum.calls,
            "charged_usd_micros": sum.charged().map(|usd| usd.0),
            "charged_unknown": sum.charged_unknown,
            "repriced_usd_micros": sum.repriced().map(|usd| usd.0),
            "repriced_unknown": sum.repriced_unknown,
        })
    };
    let of_model = |model: &RepricedModel| {
        let mut entry = json!({"model": model.model});
        if let (Some(entry), serde_json::Value::Object(sum)) = (entry.as_object_mut(), sum(&model.sum)) {
            entry.extend(sum);
        }
        entry
    };
    let models: Vec<_> = repriced.models.iter().map(of_model).collect();
    json!({"from": repriced.from, "to": repriced.to, "total": sum(&repriced.total), "models": models})
}

fn text(repriced: &Repriced) -> String {
    if repriced.models.is_empty() {
        return "No call was billed in this period".to_owned();
    }
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY).set_header(["Model", "Calls", "As charged", "With these prices"]);
    let row = |name: &str, sum: &RepricedSum| {
        let charged = sum_words(sum.charged_usd, sum.charged_unknown);
        [name.to_owned(), sum.calls.to_string(), charged, sum_words(sum.repriced_usd, sum.repriced_unknown)]
    };
    for model in &repriced.models {
        table.add_row(row(&model.model, &model.sum));
    }
    if repriced.models.len() > 1 {
        table.add_row(row("All", &repriced.total));
    }
    for column in 1..4 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::money::UsdMicros;

    #[test]
    fn what_is_not_known_of_a_single_call_is_null_and_unknown() {
        let sum = RepricedSum { calls: 2, charged_unknown: 2, repriced_usd: UsdMicros(7), repriced_unknown: 1, ..RepricedSum::default() };
        let at = "2026-11-23T00:00:00Z".parse().expect("a time");
        let repriced = Repriced { from: at, to: at, total: sum, models: vec![RepricedModel { model: "lab/m".to_owned(), sum }] };
        let json = in_micros(&repriced);
        let total = &json["total"];
        assert_eq!((&total["charged_usd_micros"], &total["charged_unknown"]), (&serde_json::Value::Null, &2.into()), "{json}");
        assert_eq!((&total["repriced_usd_micros"], &json["models"][0]["repriced_usd_micros"]), (&7.into(), &7.into()), "{json}");
        let words = text(&repriced);
        assert!(words.contains("unknown (2 calls)") && words.contains("$0.000007 + 1 call of unknown price"), "{words}");
    }
}
