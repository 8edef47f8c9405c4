//! Analysis of a prompt's text.

use reqwest::Method;

use super::{Client, Result, send};
use crate::wire::ids::PromptId;
use crate::wire::prompt_analysis::{AnalyzePrompt, IgnoreFinding, PromptAnalysis};

impl Client {
    pub async fn analyze_prompt(&self, body: &AnalyzePrompt) -> Result<PromptAnalysis> {
        self.post("api/ai/prompts/analyze", body).await
    }

    pub async fn ignore_finding(&self, prompt: PromptId, body: &IgnoreFinding) -> Result<()> {
        let request = self.request(Method::PUT, &format!("api/ai/pipeline/prompts/{prompt}/ignored-findings"))?;
        send(request.json(body)).await.map(drop)
    }
}
