//! The assistant: a conversation about the platform. What it read is shown, what it proposes a person confirms.

mod chat;
mod parts;

use std::sync::mpsc;

use egui::{Align, ComboBox, Id, Key, Label, Layout, Modifiers, Rect, RichText, ScrollArea, TextEdit, Ui, UiBuilder, WidgetInfo, vec2};

use crate::gui::ctx::{ApiError, AreaCtx, Command, KeysSeen, Remote, Route, Toast, ToastKind, kept};
use crate::gui::theme::{self, icons};
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{choice, empty_state, error_state, number, skeleton};
use crate::wire::assistant::{AssistantEvent, ProposedAction};
use crate::wire::config::ConfigChanged;
use crate::wire::model::{ActivateModel, KeyState, ModelInfo};
use crate::wire::page::Page;
use crate::wire::status::LiveStatus;
use chat::{Chat, Ended, Exchange, Part};
use parts::PartAnswer;

/// What comes from an answer under way.
type News = Result<AssistantEvent, ApiError>;

/// The state of the view.
#[derive(Default)]
pub struct AssistantView {
    chat: Chat,
    is_loaded: bool,
    /// Since it was stored.
    is_changed: bool,
    typed: String,
    models: Remote<Page<ModelInfo>>,
    keys_seen: KeysSeen,
    answering: Option<Answering>,
    switching: Remote<ConfigChanged>,
    wants_focus: bool,
    /// The exchange and part of the confirmed proposal whose action asks once more.
    asks_back: Option<(usize, usize)>,
}

/// Ends when it is dropped.
struct Answering {
    news: mpsc::Receiver<News>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl AssistantView {
    /// Puts the keyboard where questions are typed.
    pub fn begin(&mut self) {
        self.wants_focus = true;
    }

    pub fn reload(&mut self) {
        self.models = Remote::default();
    }

    /// A confirmed action asked once more, with the true count, and was confirmed or called off: only then it is said.
    pub fn take_second_answer(&mut self, is_confirmed: bool) {
        if let Some((at, part)) = self.asks_back.take()
            && let Some(Part::Proposal { answered, .. }) = self.chat.exchanges.get_mut(at).and_then(|exchange| exchange.parts.get_mut(part))
        {
            *answered = Some(is_confirmed);
            self.is_changed = true;
        }
    }

    /// Takes in what came; called in every frame, shown or not. Returns whether something was paid for.
    pub fn logic(&mut self, ctx: &AreaCtx<'_>) -> bool {
        self.models.poll();
        if self.keys_seen.changed(ctx.keys) {
            self.reload();
        }
        if self.switching.poll() {
            if let Some(failure) = self.switching.take_failure() {
                ctx.commands.toast(ToastKind::Bad, format!("The model was not switched. {failure}"));
            } else if let Some(changed) = self.switching.take() {
                let toast = Toast::new(ToastKind::Good, format!("{} is the live model", changed.config.live_model));
                let undo = changed.change.map(|change| Command::UndoThisConfigChange(change.id));
                ctx.send(Command::ShowToast(match undo {
                    Some(undo) => toast.with_action("Undo", undo),
                    None => toast,
                }));
            }
        }
        let Some(answering) = &self.answering else { return false };
        let Some(exchange) = self.chat.exchanges.last_mut() else { return false };
        let mut has_spent = false;
        while let Ok(news) = answering.news.try_recv() {
            self.is_changed = true;
            has_spent |= matches!(news, Ok(AssistantEvent::Usage { .. }));
            match news {
                Ok(event) => exchange.on_event(event),
                Err(failure) => exchange.ended = Some(Ended::Failed(failure.to_string())),
            }
        }
        if exchange.ended.is_some() {
            self.answering = None;
        }
        has_spent
    }

    pub fn ui(&mut self, ui: &mut Ui, status: Option<&LiveStatus>, ctx: &AreaCtx<'_>) {
        self.load(ui, ctx);
        if self.models.is_untouched() {
            ctx.ask(&mut self.models, |client| async move { client.models().await });
        }
        if let Some(failure) = self.models.failure()
            && error_state::ui(ui, "The models could not be read", &failure.to_string())
        {
            self.models = Remote::default();
        }
        let Some(models) = self.models.value() else {
            if self.models.failure().is_none() {
                skeleton::lines(ui, 4);
            }
            return;
        };
        let usable: Vec<String> = models.items.iter().filter(|model| can_converse(model)).map(|model| model.name.clone()).collect();
        if usable.is_empty() {
            let words = "The assistant needs a model that reads text: enter a key for Gemini, OpenAI or Anthropic, or set up Ollama";
            if empty_state::ui(ui, words, Some("Set up providers")) {
                ctx.send(Command::GoTo(Route::Providers));
                self.models = Remote::default();
            }
            return;
        }
        // However wide something in the answers is, the field stays where it can be reached.
        let width = ui.available_width();
        self.head_ui(ui, &usable, ctx);
        let field_height = 24.0 * self.typed.lines().count().clamp(1, 5) as f32 + 62.0;
        let room = (ui.available_height() - field_height).max(80.0);
        ScrollArea::vertical().id_salt("assistant").auto_shrink(false).max_height(room).stick_to_bottom(true).show(ui, |ui| {
            if self.chat.exchanges.is_empty() {
                self.suggestions_ui(ui, status, ctx);
            }
            self.exchanges_ui(ui, ctx);
        });
        let rest = Rect::from_min_size(ui.cursor().min, vec2(width, ui.available_height()));
        ui.scope_builder(UiBuilder::new().max_rect(rest), |ui| self.field_ui(ui, ctx));
        if std::mem::take(&mut self.is_changed) {
            self.store(ui, ctx);
        }
    }

    /// Each platform has a conversation of its own; the one that comes with the program answers at another port each time.
    fn id(ctx: &AreaCtx<'_>) -> Id {
        let words = "assistant's conversation";
        if ctx.embedded { Id::unique(words) } else { Id::unique((words, ctx.client.base().as_str())) }
    }

    fn load(&mut self, ui: &Ui, ctx: &AreaCtx<'_>) {
        if !self.is_loaded {
            self.chat = ui.data_mut(|data| data.get_persisted::<Chat>(Self::id(ctx))).unwrap_or_default();
            self.chat.stop_all();
            self.is_loaded = true;
        }
    }

    fn store(&self, ui: &Ui, ctx: &AreaCtx<'_>) {
        kept::keep(ui.ctx(), Self::id(ctx), self.chat.clone());
    }

    /// The model, what it cost so far, and a fresh start.
    fn head_ui(&mut self, ui: &mut Ui, usable: &[String], ctx: &AreaCtx<'_>) {
        let tokens = ctx.tokens();
        let model = self.chat.model.clone().filter(|model| usable.contains(model)).or_else(|| usable.first().cloned()).unwrap_or_default();
        ui.horizontal(|ui| {
            let mut chosen = model;
            let list = ComboBox::from_id_salt("assistant's model").selected_text(&chosen).width(240.0);
            let button = choice::ui(ui, list, &mut chosen, usable.iter().map(|name| (name.clone(), name)));
            button.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, "Model of the assistant"));
            self.is_changed |= self.chat.model.as_ref() != Some(&chosen);
            self.chat.model = Some(chosen);
            if !self.chat.exchanges.is_empty() {
                let fresh = Tool::new(icons::ICON_ADD_COMMENT, "New conversation").tooltip("Forget this conversation and begin another");
                if fresh.ui(ui).clicked() {
                    self.answering = None;
                    self.chat.exchanges.clear();
                    self.is_changed = true;
                    self.wants_focus = true;
                }
                let cost = self.chat.cost();
                let hint = "What the questions of this conversation cost at the provider. It counts beside the pipeline, as the lab's spending does: no limit \
                            holds it, and 'minerva costs' lists it";
                let words = RichText::new(cost.words()).size(theme::TEXT_SMALL).color(tokens.muted);
                ui.add(Label::new(words).truncate()).on_hover_text(hint);
            }
        });
        ui.add_space(theme::GAP_8);
    }

    /// First questions that fit how the platform stands.
    fn suggestions_ui(&mut self, ui: &mut Ui, status: Option<&LiveStatus>, ctx: &AreaCtx<'_>) {
        ui.add_space(theme::GAP_16);
        ui.label(RichText::new("Ask about the platform").size(theme::TEXT_HEADING));
        ui.label(RichText::new("It reads what the other areas show, says what it read, and does nothing by itself").color(ctx.tokens().muted));
        ui.add_space(theme::GAP_12);
        let failed = status.map_or(0, |status| status.failed_total);
        let mut questions = Vec::new();
        if let Some(held) = status.and_then(|status| status.held_back.as_ref()) {
            questions.push(format!("Why is no job begun? It says: {}", held.kind.label()));
        }
        if failed > 0 {
            questions.push(if failed == 1 { "Why did a job fail?".to_owned() } else { format!("Why did {} jobs fail?", number::count(failed)) });
        }
        questions.extend(
            [
                "What did the last 7 days cost, by model, and what changed?",
                "What was changed in the configuration, and what did it do to latency and confidence?",
                "Which model is best for its price in our own results?",
            ]
            .map(str::to_owned),
        );
        for question in questions {
            if ui.button(&question).clicked() {
                self.ask(question, ctx);
            }
        }
    }

    fn exchanges_ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        let last = self.chat.exchanges.len().wrapping_sub(1);
        let (mut answered, mut again) = (None, false);
        for at in 0..self.chat.exchanges.len() {
            let exchange = &self.chat.exchanges[at];
            let asked_back = self.asks_back.filter(|(exchange, _)| *exchange == at).map(|(_, part)| part);
            let answer = parts::exchange_ui(ui, at, exchange, (at == last, asked_back), ctx.tokens());
            match answer {
                Some(PartAnswer::Answered { part, is_confirmed }) => answered = Some((at, part, is_confirmed)),
                Some(PartAnswer::AskAgain) => again = true,
                None => {}
            }
        }
        if let Some((at, part, is_confirmed)) = answered
            && let Some(Part::Proposal { action, answered, .. }) = self.chat.exchanges[at].parts.get_mut(part)
        {
            let action = action.clone();
            let asks_back = is_confirmed && action.asks_back();
            *answered = (!asks_back).then_some(is_confirmed);
            self.asks_back = asks_back.then_some((at, part));
            self.is_changed = true;
            if is_confirmed {
                self.carry_out(action, ctx);
            }
        }
        if again && let Some(exchange) = self.chat.exchanges.pop() {
            self.ask(exchange.question, ctx);
        }
    }

    fn field_ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        ui.add_space(theme::GAP_8);
        let id = Id::unique("question to the assistant");
        let has_focus = ui.memory(|memory| memory.has_focus(id));
        let takes = |ui: &Ui, key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let mut send = has_focus && !self.typed.trim().is_empty() && takes(ui, Key::Enter);
        if has_focus && self.typed.is_empty() && takes(ui, Key::ArrowUp) {
            self.typed = self.chat.exchanges.last().map(|exchange| exchange.question.clone()).unwrap_or_default();
        }
        ui.horizontal_top(|ui| {
            let width = (ui.available_width() - 96.0).max(120.0);
            let hint = "Ask a question (Enter sends, Shift+Enter begins a new line)";
            let rows = self.typed.lines().count().clamp(1, 5);
            let field = ui.add(TextEdit::multiline(&mut self.typed).id(id).hint_text(hint).desired_width(width).desired_rows(rows));
            field.widget_info(|| WidgetInfo::labeled(egui::Role::MultilineTextInput, true, "Question to the assistant"));
            if std::mem::take(&mut self.wants_focus) {
                field.request_focus();
            }
            if self.answering.is_some() {
                if Tool::new(icons::ICON_STOP, "Stop").tooltip("Stop answering; what was said stays").ui(ui).clicked() {
                    self.answering = None;
                    self.chat.stop_all();
                    self.is_changed = true;
                }
            } else {
                let tool = Tool::new(icons::ICON_SEND, "Ask").tooltip("Ask the question").primary();
                send |= tool.enabled(!self.typed.trim().is_empty()).ui(ui).clicked();
            }
        });
        let words = "What it reads of the platform goes to the model's provider: figures, file names, tags, captions, prompts. No photos, no keys";
        ui.with_layout(Layout::top_down(Align::Min), |ui| {
            ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(ctx.tokens().muted)).truncate());
        });
        if send && self.answering.is_none() {
            let question = std::mem::take(&mut self.typed).trim().to_owned();
            self.wants_focus = true;
            self.ask(question, ctx);
        }
    }

    fn ask(&mut self, question: String, ctx: &AreaCtx<'_>) {
        let Some(model) = self.chat.model.clone() else { return };
        self.chat.exchanges.push(Exchange::new(question));
        self.is_changed = true;
        let asked = self.chat.ask(model.clone());
        let (sender, news) = mpsc::channel();
        let (client, own, egui) = (ctx.client.clone(), ctx.own_keys(), ctx.egui.clone());
        let task = ctx.runtime.spawn(async move {
            let tell = |news: News| {
                // The window may have stopped listening.
                let _ = sender.send(news);
                egui.request_repaint();
            };
            let provider = model.split('/').next().unwrap_or_default().to_owned();
            let client = match own {
                Some(own) => own.bring(&client, &[provider]).await,
                None => Ok(client),
            };
            let ended = match client {
                Ok(client) => client.ask_assistant(&asked, |event| tell(Ok(event))).await,
                Err(failure) => Err(failure),
            };
            if let Err(failure) = ended {
                tell(Err(failure));
            }
        });
        self.answering = Some(Answering { news, task });
    }

    /// Does what was proposed, as the same command would from anywhere else.
    fn carry_out(&mut self, action: ProposedAction, ctx: &AreaCtx<'_>) {
        match action {
            ProposedAction::Pause => ctx.send(Command::PausePipeline),
            ProposedAction::Drain => ctx.send(Command::DrainPipeline),
            ProposedAction::Resume => ctx.send(Command::ResumePipeline),
            ProposedAction::RetryFailed => ctx.send(Command::RetryFailedJobs),
            ProposedAction::ReprocessLowConfidence => ctx.send(Command::ReprocessLowConfidence),
            ProposedAction::CheckHealth => ctx.send(Command::CheckHealth),
            ProposedAction::SwitchModel { model } => {
                let body = ActivateModel { name: model };
                ctx.ask(&mut self.switching, |client| async move { client.activate_model(&body).await });
            }
        }
    }
}

/// Models of the on-device provider and of Cloud Vision answer no questions.
fn can_converse(model: &ModelInfo) -> bool {
    model.follows_prompt && model.provider != "on-device" && model.provider != "vision" && !matches!(model.key, KeyState::Missing { .. })
}
