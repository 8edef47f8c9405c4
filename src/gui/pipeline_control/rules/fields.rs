//! The fields of the rules: each with its name, its unit and what it does.

use egui::{DragValue, Label, Layout, RichText, Slider, Ui, vec2};

use crate::gui::theme;
use crate::wire::money::UsdMicros;
use crate::wire::rules::LimitAction;

/// Width of the names, so that the fields stand under each other.
const NAME: f32 = 88.0;

/// The name of a field, as wide as the others.
pub fn name_ui(ui: &mut Ui, name: &str) -> egui::Response {
    let layout = Layout::left_to_right(egui::Align::Center);
    let shown = ui.allocate_ui_with_layout(vec2(NAME, theme::CONTROL_HEIGHT), layout, |ui| {
        ui.set_min_width(NAME);
        ui.add(egui::Label::new(name).truncate())
    });
    shown.inner
}

/// What is wrong with a pair of thresholds as they are typed: at the one that accepts, and at the one that rejects.
pub fn threshold_troubles(accept: f32, reject: f32) -> [Option<String>; 2] {
    let percent = |share: f32| format!("{:.0} %", share * 100.0);
    let on_the_scale = |value: f32| (!(0.0..=1.0).contains(&value)).then(|| format!("{} is not from 0 to 100 %", percent(value)));
    let found = [on_the_scale(accept), on_the_scale(reject)];
    if found.iter().any(Option::is_some) || reject <= accept {
        return found;
    }
    [
        Some(format!("{} is less than “Reject below” ({}): what is rejected can't be accepted. Raise it", percent(accept), percent(reject))),
        Some(format!("{} is more than “Accept from” ({}): what is accepted can't be rejected. Lower it", percent(reject), percent(accept))),
    ]
}

/// What is wrong with a field, below it.
pub fn trouble_ui(ui: &mut Ui, trouble: Option<&str>) {
    if let Some(why) = trouble {
        let colour = theme::tokens(ui.ctx()).bad;
        ui.add(Label::new(RichText::new(why).size(theme::TEXT_SMALL).color(colour)).wrap());
    }
}

/// A threshold of a category, and what is wrong with it. `name`: for who hears it.
pub fn percent_ui(ui: &mut Ui, name: &str, shown: &str, value: &mut f32, stop: std::ops::RangeInclusive<f32>, trouble: Option<&str>) {
    let tooltip = "As above, for photos of this category";
    ui.horizontal(|ui| {
        name_ui(ui, shown).on_hover_text(tooltip);
        slider_ui(ui, (name, tooltip), value, stop, 76.0);
    });
    trouble_ui(ui, trouble);
}

/// A threshold on the whole scale, so that several stand under each other, and as a number. The slider stops at the other
/// threshold; what is typed stays as it is typed, and is refused where it can't be followed. `beside`: room right of the slider.
pub fn slider_ui(ui: &mut Ui, (name, tooltip): (&str, &str), value: &mut f32, stop: std::ops::RangeInclusive<f32>, beside: f32) {
    let mut percent = (*value * 100.0).round();
    ui.spacing_mut().slider_width = (ui.available_width() - beside).max(40.0);
    // No words over the slider: they would lie on what one drags it for.
    let slider = ui.add(Slider::new(&mut percent, 0.0..=100.0).step_by(1.0).show_value(false));
    slider.widget_info(|| egui::WidgetInfo::slider(true, f64::from(percent), name));
    if slider.changed() {
        // A stop that is itself out of place would move what is dragged.
        let wanted = percent.round() / 100.0;
        *value = if stop.contains(value) { wanted.clamp(*stop.start(), *stop.end()) } else { wanted };
    }
    let mut typed = (*value * 100.0).round();
    let number = ui.add(DragValue::new(&mut typed).fixed_decimals(0).suffix(" %").speed(0.5)).on_hover_text(tooltip);
    number.widget_info(|| {
        let mut info = egui::WidgetInfo::drag_value(true, f64::from(typed));
        info.label = Some(name.to_owned());
        info
    });
    if number.changed() {
        *value = if number.dragged() { typed.round().clamp(0.0, 100.0) } else { typed.round() } / 100.0;
    }
}

pub fn count_ui(ui: &mut Ui, name: &str, tooltip: &str, value: &mut u32, range: std::ops::RangeInclusive<u32>) {
    let label = name_ui(ui, name).on_hover_text(tooltip);
    ui.add(DragValue::new(value).range(range).speed(0.1)).labelled_by(label.id).on_hover_text(tooltip);
}

/// A number that may be left to the model: 0 is that.
pub fn optional_ui(ui: &mut Ui, name: &str, tooltip: &str, unit: &'static str, value: &mut Option<u32>, range: std::ops::RangeInclusive<u32>) {
    let label = name_ui(ui, name).on_hover_text(tooltip);
    let (least, most) = (f64::from(*range.start()), f64::from(*range.end()));
    let mut number = value.map_or(0.0, f64::from);
    let field = DragValue::new(&mut number)
        .range(0.0..=most)
        .speed(1.0)
        .custom_formatter(move |number, _| if number < 1.0 { "as the model".to_owned() } else { format!("{number:.0}{unit}") })
        .custom_parser(move |text| {
            let text = text.trim();
            if text.is_empty() || text.starts_with("as") {
                Some(0.0)
            } else {
                text.trim_end_matches(unit.trim()).trim().replace(',', "").parse().ok()
            }
        });
    let response = ui.add(field).labelled_by(label.id).on_hover_text(tooltip);
    if response.changed() {
        // Between none and the least there is nothing: a drag jumps over it.
        let rises = value.is_none() && number >= 1.0;
        *value = match number {
            ..1.0 => None,
            number if number < least => rises.then_some(least as u32),
            number => Some(number.round() as u32),
        };
    }
}

/// An amount of USD; 0 is none. `digits` after the point.
pub fn limit_ui(ui: &mut Ui, name: &str, tooltip: &str, limit: &mut Option<UsdMicros>, digits: usize) {
    let label = name_ui(ui, name).on_hover_text(tooltip);
    let mut usd = limit.map_or(0.0, UsdMicros::as_usd);
    let field = DragValue::new(&mut usd)
        .range(0.0..=1e6)
        .speed(if digits > 2 { 0.0005 } else { 0.1 })
        .custom_formatter(move |usd, _| match UsdMicros((usd * 1e6).round() as i64) {
            UsdMicros(0) => "no limit".to_owned(),
            UsdMicros(micros) if digits <= 2 && micros % 10_000 == 0 => format!("${usd:.2}"),
            exact => exact.to_string(),
        })
        .custom_parser(
            |text| if text.trim().starts_with("no") { Some(0.0) } else { text.trim().trim_start_matches('$').replace(',', "").parse().ok() },
        );
    if ui.add(field).labelled_by(label.id).on_hover_text(tooltip).changed() {
        *limit = (usd > 0.0).then(|| UsdMicros((usd * 1e6).round() as i64));
    }
}

/// Width of the words for what happens at a limit, with the button of the field's history.
const ACTION_WIDTH: f32 = 116.0;

/// Whether what happens at a limit has room beside its amount.
pub fn has_room_for_action(ui: &Ui) -> bool {
    ui.available_width() >= ACTION_WIDTH
}

/// What happens at a limit, in a row of its own below the amount.
pub fn action_below_ui(ui: &mut Ui, of: &str, action: &mut LimitAction) {
    ui.horizontal(|ui| {
        ui.add_space(NAME + ui.spacing().item_spacing.x);
        action_ui(ui, of, action);
    });
}

/// What happens at a limit.
pub fn action_ui(ui: &mut Ui, of: &str, action: &mut LimitAction) {
    ui.spacing_mut().item_spacing.x = 2.0;
    ui.spacing_mut().button_padding.x = 5.0;
    for (value, word, tooltip) in
        [(LimitAction::Stop, "Stop", "Nothing is begun that might cross it"), (LimitAction::Warn, "Warn", "All goes on, and Live status says so")]
    {
        let is_chosen = *action == value;
        let button = ui.selectable_label(is_chosen, word);
        button.widget_info(|| egui::WidgetInfo::selected(egui::Role::RadioButton, true, is_chosen, format!("{of}: {}", word.to_lowercase())));
        if button.on_hover_text(tooltip).clicked() {
            *action = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_out_of_order_or_off_the_scale_are_told_at_each() {
        assert_eq!(threshold_troubles(0.6, 0.2), [None, None]);
        assert_eq!(threshold_troubles(0.5, 0.5), [None, None]);
        let [accept, reject] = threshold_troubles(0.1, 0.2).map(Option::unwrap_or_default);
        assert!(accept.starts_with("10 % is less than “Reject below” (20 %)") && reject.starts_with("20 % is more than “Accept from” (10 %)"));
        assert_eq!(threshold_troubles(1.5, 0.2), [Some("150 % is not from 0 to 100 %".to_owned()), None]);
    }
}
