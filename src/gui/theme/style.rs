//! Fonts and styles, from the tokens.

use std::sync::Arc;

use egui::style::{ScrollStyle, WidgetVisuals};
use egui::{Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Shadow, Stroke, Style, TextStyle, Theme, Visuals, vec2};

use super::{CONTROL_HEIGHT, GAP_8, GAP_12, RADIUS_4, RADIUS_8, TEXT_BODY, TEXT_HEADING, TEXT_SMALL, Tokens, of};

/// The family of headings and names that stand out.
pub const SEMIBOLD: &str = "semibold";

/// Fonts and styles; called once, before the first frame.
pub fn apply(ctx: &Context) {
    ctx.set_fonts(fonts());
    for theme in [Theme::Dark, Theme::Light] {
        ctx.style_mut_of(theme, |style| set(style, of(theme), theme));
    }
    // The shell has commands for it, which the palette shows.
    ctx.options_mut(|options| options.zoom_with_keyboard = false);
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let shipped: [(&str, &'static [u8]); 3] = [
        ("Open Sans", include_bytes!("../../../assets/fonts/OpenSans-Regular.ttf")),
        ("Open Sans Semibold", include_bytes!("../../../assets/fonts/OpenSans-Semibold.ttf")),
        ("JetBrains Mono", include_bytes!("../../../assets/fonts/JetBrainsMono-Regular.ttf")),
    ];
    for (name, bytes) in shipped {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    let icons = egui_material_icons::font_insert();
    fonts.font_data.insert(icons.name.clone(), Arc::new(icons.data));
    // Behind each font stand the others, for the icons, arrows and marks that it lacks; egui's own come last. The icons
    // stand before the fonts that use their code points for signs of their own.
    let defaults = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    let family = |first: &[&str]| first.iter().map(|name| (*name).to_owned()).chain(defaults.iter().cloned()).collect::<Vec<_>>();
    let icons = icons.name.as_str();
    fonts.families.insert(FontFamily::Proportional, family(&["Open Sans", icons, "JetBrains Mono"]));
    fonts.families.insert(FontFamily::Name(SEMIBOLD.into()), family(&["Open Sans Semibold", icons, "JetBrains Mono"]));
    fonts.families.insert(FontFamily::Monospace, family(&["JetBrains Mono", icons, "Open Sans"]));
    fonts.families.insert(FontFamily::Name(egui_material_icons::FONT_FAMILY.into()), family(&[icons]));
    fonts
}

/// Words that stand out: headings, names, what is chosen.
#[must_use]
pub fn semibold(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(SEMIBOLD.into()))
}

fn set(style: &mut Style, tokens: &Tokens, theme: Theme) {
    style.text_styles = [
        (TextStyle::Small, FontId::proportional(TEXT_SMALL)),
        (TextStyle::Body, FontId::proportional(TEXT_BODY)),
        (TextStyle::Button, FontId::proportional(TEXT_BODY)),
        (TextStyle::Heading, semibold(TEXT_HEADING)),
        (TextStyle::Monospace, FontId::monospace(TEXT_BODY)),
    ]
    .into();
    style.spacing.item_spacing = vec2(GAP_8, 6.0);
    style.spacing.button_padding = vec2(10.0, 4.0);
    style.spacing.interact_size = vec2(32.0, CONTROL_HEIGHT);
    style.spacing.window_margin = Margin::same(GAP_12 as i8);
    style.spacing.menu_margin = Margin::same(6);
    style.spacing.combo_width = 140.0;
    style.spacing.scroll = ScrollStyle { bar_width: 8.0, ..ScrollStyle::thin() };
    style.spacing.icon_width = 16.0;
    style.spacing.icon_width_inner = 10.0;
    style.spacing.tooltip_width = 420.0;
    style.interaction.selectable_labels = false;
    style.interaction.tooltip_delay = 0.35;
    style.animation_time = 0.08;
    style.visuals = visuals(tokens, theme);
}

fn visuals(tokens: &Tokens, theme: Theme) -> Visuals {
    let mut visuals = theme.default_visuals();
    visuals.override_text_color = None;
    visuals.weak_text_color = Some(tokens.muted);
    visuals.hyperlink_color = tokens.accent;
    visuals.panel_fill = tokens.background;
    visuals.window_fill = tokens.surface;
    visuals.window_stroke = Stroke::new(1.0, tokens.border);
    visuals.window_corner_radius = CornerRadius::same(RADIUS_8);
    visuals.menu_corner_radius = CornerRadius::same(RADIUS_8);
    visuals.window_shadow = Shadow { offset: [0, 8], blur: 24, spread: 0, color: tokens.shadow };
    visuals.popup_shadow = Shadow { offset: [0, 4], blur: 12, spread: 0, color: tokens.shadow };
    visuals.faint_bg_color = tokens.surface;
    visuals.extreme_bg_color = tokens.field;
    visuals.text_edit_bg_color = Some(tokens.field);
    visuals.code_bg_color = tokens.raised;
    visuals.warn_fg_color = tokens.warn;
    visuals.error_fg_color = tokens.bad;
    visuals.selection.bg_fill = tokens.selection;
    // Also the ring of a text field that is typed in.
    visuals.selection.stroke = Stroke::new(1.5, tokens.focus);
    visuals.text_cursor.stroke = Stroke::new(2.0, tokens.focus);
    visuals.striped = false;
    visuals.slider_trailing_fill = true;
    visuals.widgets.noninteractive = widget(tokens.surface, tokens.border, tokens.text);
    // `bg_fill` is what check boxes, radio buttons and slider rails are drawn with.
    visuals.widgets.inactive = WidgetVisuals { bg_fill: tokens.border, ..widget(tokens.raised, tokens.border, tokens.text) };
    visuals.widgets.hovered = widget(tokens.hovered, tokens.muted, tokens.text);
    // egui draws the focused widget as hovered or active: the ring is what keyboard users follow.
    visuals.widgets.active = WidgetVisuals { bg_stroke: Stroke::new(2.0, tokens.focus), ..widget(tokens.hovered, tokens.focus, tokens.text) };
    visuals.widgets.open = widget(tokens.hovered, tokens.border, tokens.text);
    visuals
}

fn widget(fill: egui::Color32, border: egui::Color32, text: egui::Color32) -> WidgetVisuals {
    WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, border),
        corner_radius: CornerRadius::same(RADIUS_4),
        fg_stroke: Stroke::new(1.0, text),
        expansion: 0.0,
    }
}
